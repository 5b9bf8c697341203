// Path patterns of routes: `*` stands for anything, `{id}` for a part without a slash.

/** A test for paths without their query. */
export function pathTest(pattern: string): (path: string) => boolean {
  const source = pattern.replace(/\*+|\{\w+\}|[.+?^${}()|[\]\\]/g, (mark) => {
    if (mark.startsWith('*')) return '.*';
    return mark.length > 1 ? '[^/]*' : `\\${mark}`;
  });
  const regex = new RegExp(`^${source}$`, 's');
  return (path) => regex.test(path);
}
