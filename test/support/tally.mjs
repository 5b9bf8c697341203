// A test reporter that prints one closing line, `N passed, N failed`, which scripts can read.
export default async function* tally(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    if (event.data.details?.type === 'suite') continue;
    if (event.type === 'test:fail') counts.failed++;
    else if (event.data.skip !== undefined || event.data.todo !== undefined) counts.skipped++;
    else counts.passed++;
  }
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  yield `\n${counts.passed} passed, ${counts.failed} failed${skipped}\n`;
}
