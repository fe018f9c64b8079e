/** `npm run bench`: measured against a floor in the same run; prints a table and JSON. */
import { syncBench } from './sync.ts';

const results = await syncBench();
for (const row of results)
  console.log(
    `${row.name.padEnd(28)} ${row.seconds.toFixed(1).padStart(7)} s  ${String(row.calls).padStart(7)} calls  ${String(row.writes).padStart(6)} writes  ratio to floor ${row.ratio === null ? '-' : row.ratio.toFixed(2)}`,
  );
console.log(JSON.stringify({ at: new Date().toISOString(), results }));
process.exit(0);
