import { rangesFor } from '../../shared/sync/ranges.ts';
import { linkOf, person, planContext, promoted } from './directory.ts';
import { planEntries, sealChanges } from './plan.ts';

/** In a process of its own: so many entries, range by range as the activities do it, each range forgotten when its changes are known. */
const total = Number(process.argv[2]);
const context = planContext();
const ranges = rangesFor(total).length;
const perRange = Math.ceil(total / ranges);
const peaks: number[] = [];
let seconds = 0;
let planned = 0;
const changes = [];
for (let range = 0; range < ranges; range += 1) {
  const first = range * perRange;
  const size = Math.min(perRange, total - first);
  const before = Array.from({ length: size }, (_, n) => person(first + n));
  const links = new Map(before.map((entry) => [entry.id, linkOf(context, entry)]));
  const entries = before.map((entry, n) => ((first + n) % 100 === 0 ? promoted(entry) : entry));
  const started = performance.now();
  const result = planEntries(context, entries, links);
  seconds += (performance.now() - started) / 1000;
  planned += result.unchanged + result.skipped + result.changes.length;
  changes.push(...result.changes);
  peaks.push(process.memoryUsage().heapUsed / 1_048_576);
}
const started = performance.now();
const sealed = sealChanges(context, changes, total);
seconds += (performance.now() - started) / 1000;
if (planned !== total || sealed.changes !== Math.ceil(total / 100)) throw new Error(`planned ${planned} with ${sealed.changes} changes`);
const tenth = Math.ceil(peaks.length / 10);
process.stdout.write(
  `${JSON.stringify({ entries: total, seconds, firstMiB: Math.round(Math.max(...peaks.slice(0, tenth))), peakMiB: Math.round(Math.max(...peaks)), processMiB: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`,
);
