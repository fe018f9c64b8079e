import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { linkOf, person, planContext, promoted } from './rules/directory.ts';
import { planEntries, sealChanges } from './rules/plan.ts';

export interface RulesRow {
  readonly name: string;
  readonly entries: number;
  readonly seconds: number;
  /** Against the floor of the same run; null: the floor itself, or nothing to compare with. */
  readonly ratio: number | null;
  readonly changes: number;
  readonly heapMiB: number | null;
}

const ENTRIES = 100_000;
const MILLION = 1_000_000;
const ROUNDS = 9;
const deepEqual = createRequire(import.meta.url)('fast-deep-equal') as (a: unknown, b: unknown) => boolean;

/**
 * A quiet night's plan of 100,000 linked entries of which 1 % changed (select, project, match, diff, claims, breakers), against the least
 * that could tell the changed ones: fast-deep-equal over what the source gives and what the target holds, as two maps in one shape. Taken in
 * turns, the median of each. And 1,000,000 entries, range by range, in a process of its own.
 */
export async function rulesBench(): Promise<readonly RulesRow[]> {
  const context = planContext();
  const before = Array.from({ length: ENTRIES }, (_, n) => person(n));
  const links = new Map(before.map((entry) => [entry.id, linkOf(context, entry)]));
  const entries = before.map((entry, n) => (n % 100 === 0 ? promoted(entry) : entry));
  const wanted = new Map(entries.map((entry) => [entry.id, held(context.project(entry, 'contact').fields)]));
  const there = new Map([...links].map(([id, link]) => [id, unstamped(link.image)]));
  const floor = (): number => {
    let changed = 0;
    for (const [id, fields] of wanted) if (!deepEqual(fields, there.get(id))) changed += 1;
    return changed;
  };
  const plan = (): number => sealChanges(context, planEntries(context, entries, links).changes, ENTRIES).changes;
  const project = (): number => {
    for (const entry of entries) context.project(entry, 'contact');
    return ENTRIES / 100;
  };
  const times = inTurns({ floor, project, plan });
  const ratio = (name: string): number => times[name]! / times['floor']!;
  const row = (name: string, key: string, against: number | null): RulesRow => ({
    ...{ name, entries: ENTRIES, seconds: times[key]!, ratio: against, changes: ENTRIES / 100, heapMiB: null },
  });
  return [
    row('floor: fast-deep-equal over two maps', 'floor', null),
    row('of it: projection alone', 'project', ratio('project')),
    row('plan: select, project, match, diff, claims', 'plan', ratio('plan')),
    await million(),
  ];
}

const held = (fields: object): object => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

function unstamped({ stamp: _stamp, ...image }: { readonly stamp?: unknown }): object {
  return image;
}

/** Runs each in turn, so that what else the machine does hits all of them alike; the median of each. Every one must find the changed 1 %. */
function inTurns(runs: Readonly<Record<string, () => number>>): Readonly<Record<string, number>> {
  const times: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS + 2; round += 1)
    for (const [name, run] of Object.entries(runs)) {
      const started = performance.now();
      const found = run();
      const seconds = (performance.now() - started) / 1000;
      if (found !== ENTRIES / 100) throw new Error(`${name} found ${found} changes`);
      // The first two rounds warm the engine up.
      if (round >= 2) times[name] = [...(times[name] ?? []), seconds];
    }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, all.sort((a, b) => a - b)[Math.floor(all.length / 2)]!]));
}

async function million(): Promise<RulesRow> {
  const path = fileURLToPath(new URL('rules/million.ts', import.meta.url));
  const said = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', path, String(MILLION)], { encoding: 'utf8' });
  const { seconds, firstMiB, peakMiB, processMiB } = JSON.parse(said) as Record<'seconds' | 'firstMiB' | 'peakMiB' | 'processMiB', number>;
  const name = `1,000,000 by ranges (heap ${firstMiB} MiB in the first tenth; process ${processMiB} MiB)`;
  return { name, entries: MILLION, seconds, ratio: null, changes: MILLION / 100, heapMiB: peakMiB };
}
