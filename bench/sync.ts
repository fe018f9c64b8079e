import { performance } from 'node:perf_hooks';
import { startWorld, type World } from '../test/journeys/harness.ts';

export interface BenchRow {
  readonly name: string;
  readonly seconds: number;
  readonly calls: number;
  readonly writes: number;
  readonly ratio: number | null;
}

interface Logged {
  readonly method: string;
  readonly path: string;
  readonly what: string;
  readonly wrote: boolean;
}

const LATENCY_MS = 5;
const LANES = 3;

/**
 * A first sync of 2,000 people and no-change runs of the same, against a bare loop that makes as many HTTP calls of the same kinds, at the same
 * lane count, against the same servers.
 */
export async function syncBench(): Promise<readonly BenchRow[]> {
  const world = await startWorld({
    people: { contoso: 1000, fabrikam: 1000 },
    configure(document) {
      for (const route of document.routes) route['breakers'] = { firstRun: 'run' };
    },
  });
  const rows: BenchRow[] = [];
  try {
    for (const side of ['microsoft', 'google'] as const) await world.control(side, { faults: { latencyMs: LATENCY_MS } });
    for (const name of ['first sync', 'second run, no change', 'third run, no change']) rows.push(await measured(world, name));
    const floor = await bareLoop(world, rows[0]!.calls);
    return [
      { name: `floor: ${rows[0]!.calls} bare calls`, seconds: floor, calls: rows[0]!.calls, writes: 0, ratio: null },
      ...rows.map((row, n) => ({ ...row, ratio: n === 0 ? row.seconds / floor : null })),
    ];
  } finally {
    await world.stop();
  }
}

async function measured(world: World, name: string): Promise<BenchRow> {
  for (const side of ['microsoft', 'google'] as const) await world.control(side, { faults: { latencyMs: LATENCY_MS }, clearLog: true });
  const started = performance.now();
  const job = await world.run('sync');
  const seconds = (performance.now() - started) / 1000;
  if (job.state !== 'completed') throw new Error(`${name}: ${JSON.stringify(job.routes)}`);
  const logs = await Promise.all((['microsoft', 'google'] as const).map((side) => world.ask<Logged[]>(side, 'log')));
  return { name, seconds, calls: logs.flat().length, writes: logs.flat().filter((one) => one.wrote).length, ratio: null };
}

/** The same number of calls over the same lanes on both directories, with nothing around them: refused ones cost as much as served ones. */
async function bareLoop(world: World, calls: number): Promise<number> {
  const targets = [`${world.samples.control.microsoft}/graph/v1.0/users/none`, `${world.samples.control.google}/admin/directory/v1/users`];
  const started = performance.now();
  const lanes = targets.flatMap((url) =>
    Array.from({ length: LANES }, async () => {
      for (let n = 0; n < calls / (targets.length * LANES); n += 1) await (await fetch(url)).arrayBuffer();
    }),
  );
  await Promise.all(lanes);
  return (performance.now() - started) / 1000;
}
