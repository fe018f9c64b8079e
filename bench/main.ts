/** `npm run bench [-- rules|sync|pull|microsoft365|google …]` (pull: both directories): each measured against a floor in the same run; prints tables and one JSON line. */
import { googleBench, microsoft365Bench, type PullRow } from './pullBench.ts';
import { type RulesRow, rulesBench } from './rulesBench.ts';
import { type BenchRow, syncBench } from './sync.ts';

const BENCHES: Readonly<Record<string, () => Promise<readonly object[]>>> = {
  rules: async () => shown(await rulesBench(), rulesLine),
  sync: async () => shown(await syncBench(), syncLine),
  microsoft365: async () => shown(await microsoft365Bench(), pullLine),
  google: async () => shown(await googleBench(), pullLine),
};

const asked = process.argv.slice(2).flatMap((name) => (name === 'pull' ? ['microsoft365', 'google'] : [name]));
const unknown = asked.find((name) => !(name in BENCHES));
if (unknown !== undefined) {
  console.error(`There is no bench "${unknown}"; there are ${Object.keys(BENCHES).join(', ')}, pull.`);
  process.exit(2);
}
const results: Record<string, readonly object[]> = {};
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  console.log(`\n${name}`);
  results[name] = await BENCHES[name]!();
}
console.log(JSON.stringify({ at: new Date().toISOString(), results }));
process.exit(0);

function shown<T extends object>(rows: readonly T[], line: (row: T) => string): readonly T[] {
  for (const row of rows) console.log(line(row));
  return rows;
}

function syncLine(row: BenchRow): string {
  const ratio = row.ratio === null ? '' : `  ${row.ratio.toFixed(2)} × floor`;
  return `${row.name.padEnd(44)} ${seconds(row.seconds)} ${calls(row.calls)} ${String(row.writes).padStart(7)} writes${ratio}`;
}

function rulesLine(row: RulesRow): string {
  const ratio = row.ratio === null ? '' : `  ${row.ratio.toFixed(2)} × floor`;
  const heap = row.heapMiB === null ? '' : `  heap at most ${row.heapMiB} MiB`;
  return `${row.name.padEnd(44)} ${row.seconds.toFixed(2).padStart(7)} s ${String(row.changes).padStart(7)} changes${ratio}${heap}`;
}

function pullLine(row: PullRow): string {
  const { ratio } = row;
  const against = ratio
    ? `  ${ratio.seconds.toFixed(2)} × time  ${ratio.calls.toFixed(2)} × calls  ${ratio.memory.toFixed(2)} × memory`
    : '  (floor)';
  const found = row.gaveUp === null ? `${String(row.objects).padStart(7)} objects` : `gave up: ${row.gaveUp}`;
  return `${row.name.padEnd(44)} ${seconds(row.seconds)} ${calls(row.calls)} ${String(row.peakMiB).padStart(5)} MiB${against}  ${found}`;
}

function seconds(value: number): string {
  return `${value.toFixed(1).padStart(7)} s`;
}

function calls(value: number): string {
  return `${String(value).padStart(6)} calls`;
}
