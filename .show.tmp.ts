import * as s from '/work/main/test/support/snapshots.ts';
import { judge } from '/work/main/src/judge/verdict.ts';
import { textReport } from '/work/main/src/report/text.ts';
import { paintFor } from '/work/main/src/report/paint.ts';
const [,, which='spike', width='100', level='0', brief=''] = process.argv;
const make: any = { spike: s.spikeSnapshot, healthy: s.healthySnapshot, stalled: s.stalledSnapshot, incomplete: s.incompleteSnapshot };
const gates = which==='spike'||which==='incomplete' ? [s.ERRORS_1, s.P99_800, s.BYSTANDERS, s.CART_PEAK, s.THROUGHPUT] : [s.ERRORS_1, s.P99_800, s.THROUGHPUT];
const snap = make[which]();
process.stdout.write(textReport(snap, judge(snap, gates), { width: Number(width), paint: paintFor(Number(level) as 0), next: 'flashcrowd report run.ndjson --format html --open', brief: brief==='brief' }));
