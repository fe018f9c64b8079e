import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAzurite } from '../azurite/azurite.ts';
import { buildTestApp, startTestHost, type TestHost, traceOf } from './testApp/harness.ts';

let host: TestHost;
let directory: string;
const cleaning: (() => unknown)[] = [];
beforeAll(async () => {
  const [app, azurite] = await Promise.all([buildTestApp(), startAzurite({ directory: null })]);
  directory = app.directory;
  cleaning.push(app.remove, () => azurite.stop());
  host = await startTestHost(directory, azurite.connectionString, {});
  cleaning.push(() => host.stop());
});
afterAll(async () => {
  for (const clean of cleaning.reverse()) await clean();
});

const run = async (name: string, input?: object | string, id?: string): Promise<unknown> => {
  const { runtimeStatus, output } = await host.ended(await host.begin(name, input, id));
  return runtimeStatus === 'Completed' ? output : { [runtimeStatus]: output };
};

describe('orchestrations on the embedded host', () => {
  it('fan out, three at once as host.json says, and in', async () => {
    const id = await host.begin('fanOut', { count: 12, ms: 15 });
    const { output, customStatus } = await host.ended(id);
    expect(output).toBe(506);
    expect(customStatus).toEqual({ phase: 'in' });
    const begun = traceOf(directory).filter((line) => line.startsWith(`begin ${id} `));
    expect(begun).toHaveLength(12);
    expect(Math.max(...begun.map((line) => Number(line.split(' ').at(-1))))).toBe(3);
  });

  it('run in sequence, with their input', async () => {
    expect(await run('sequence', { count: 12 })).toBe(506);
    expect(await run('input', { deep: ['a', null] })).toEqual({ deep: ['a', null] });
    expect(await run('input', 'text')).toBe('text');
  });

  it('hand values over as the real engine does', async () => {
    expect(await run('values')).toEqual({
      '"abc"': 'string "abc"',
      '"123"': 'string "123"',
      '5': 'number 5',
      true: 'string "True"',
      null: 'undefined undefined',
      '{"a":[1,null]}': 'object {"a":[1,null]}',
      '"{\\"a\\":1}"': 'string "{\\"a\\":1}"',
      bytes: 'AQI=',
      none: null,
      flag: true,
      text: '{"a":1}',
    });
  });

  it('call sub-orchestrations, and more of them than one transaction holds', async () => {
    const [named, unnamed] = (await run('parent', {}, 'parent-1')) as { square: number; child: string; parent: string }[];
    expect(named).toEqual({ square: 9, child: 'parent-1-named', parent: 'parent-1' });
    expect(unnamed).toMatchObject({ square: 16, parent: 'parent-1' });
    const id = await host.begin('manyChildren', { count: 120 }, 'many');
    await host.until('many-119', ({ runtimeStatus }) => runtimeStatus === 'Running');
    await Promise.all(Array.from({ length: 120 }, (_, n) => host.client('raise', { id: `many-${n}`, name: 'go', input: 1 })));
    expect((await host.ended(id)).output).toBe((119 * 120 * 239) / 6);
  });

  it('see failures of activities and children, and end Failed with their own', async () => {
    expect(await run('catching')).toEqual([
      "Activity function 'work' failed: work 1 failed",
      "Orchestrator function 'child' failed: the child failed",
    ]);
    expect(await run('failing')).toEqual({ Failed: "Orchestrator function 'failing' failed: it went wrong" });
  });

  it('retry activities', async () => {
    expect(await run('retries')).toEqual({ good: 3, error: "Activity function 'flaky' failed: attempt 3 failed" });
  });

  it('wait for timers in whole seconds, cut off: up to one second short, as on the real engine', async () => {
    expect(await run('timer', { ms: -1_000 })).toBeGreaterThanOrEqual(0);
    const short = (await run('timer', { ms: 700 })) as number;
    expect(short).toBeGreaterThan(-710);
    expect(short).toBeLessThan(0);
    const long = (await run('timer', { ms: 1_600 })) as number;
    expect(long).toBeGreaterThan(-610);
    expect(long).toBeLessThan(0);
  });

  it('wait for events, early and late, in order, and cancel the timer beside them', async () => {
    const id = await host.begin('approval', { ms: 600_000 });
    await host.until(id, ({ customStatus }) => customStatus === 'waiting');
    await host.client('raise', { id, name: 'approve', input: { by: 'me' } });
    expect((await host.ended(id)).output).toEqual({ by: 'me' });
    expect(await run('approval', { ms: 20 })).toBe('too late');
    const items = await host.begin('gather', { count: 5 });
    for (const input of [1, 2, 3, 4, 5]) await host.client('raise', { id: items, name: 'item', input });
    expect((await host.ended(items)).output).toEqual([1, 2, 3, 4, 5]);
  });

  it('continue as new: calls with the numbers of the generation before get answers of their own', async () => {
    const seen = await run('generations', { n: 1, seen: [], upTo: 6 });
    expect(seen).toEqual([1, 121, 4, 144, 9, 169, 16, 196, 25, 225, 36, 256]);
  });
});

describe('the durable client on the embedded host', () => {
  it('queries, terminates and purges', async () => {
    const waiting = await host.begin('waiting');
    await host.until(waiting, ({ runtimeStatus }) => runtimeStatus === 'Running');
    const done = await host.begin('input', { a: 1 });
    await host.ended(done);
    expect((await host.client('by', { states: ['Running'] })).ok).toContain(waiting);
    expect((await host.client('by', { states: ['Running'] })).ok).not.toContain(done);
    expect((await host.client('purge', { id: waiting })).error).toContain('412');
    await host.client('terminate', { id: waiting });
    expect(await host.ended(waiting)).toMatchObject({ runtimeStatus: 'Terminated', output: 'because' });
    expect((await host.client('purge', { id: waiting })).ok).toEqual({ instancesDeleted: 1 });
    expect((await host.client('status', { id: waiting })).error).toContain('404');
    expect((await host.client('purgeBy', { states: ['Terminated'] })).ok).toEqual({ instancesDeleted: 0 });
    expect((await host.client('purgeBy', { states: ['Completed'] })).ok).not.toEqual({ instancesDeleted: 0 });
    expect((await host.client('purge', { id: waiting })).ok).toEqual({ instancesDeleted: 0 });
  });

  it('knows unknown and ended instances', async () => {
    const done = await host.begin('input');
    await host.ended(done);
    expect(await host.client('raise', { id: done, name: 'x', input: 1 })).toEqual({ ok: null });
    expect((await host.client('raise', { id: 'nobody', name: 'x', input: 1 })).error).toContain('nobody');
    expect((await host.client('terminate', { id: 'nobody' })).error).toContain('nobody');
    expect((await host.client('raise', { id: done, name: 'x' })).error).toContain('400');
  });

  it('starts one of several with the same id, and again once it has ended', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => host.client('start', { name: 'waiting', input: {}, id: 'only-one' })));
    expect(outcomes.filter(({ ok }) => ok === 'only-one')).toHaveLength(1);
    expect(outcomes.filter(({ error }) => error?.includes('409'))).toHaveLength(3);
    await host.until('only-one', ({ runtimeStatus }) => runtimeStatus === 'Running');
    await host.client('terminate', { id: 'only-one' });
    await host.ended('only-one');
    expect(await run('input', { again: true }, 'only-one')).toEqual({ again: true });
  });

  it('leaves the child of a terminated parent, whose end then disturbs nobody', async () => {
    await host.begin('parentOfWaiting', {}, 'family');
    await host.until('family-child', ({ runtimeStatus }) => runtimeStatus === 'Running');
    await host.client('terminate', { id: 'family' });
    await host.ended('family');
    expect((await host.status('family-child')).runtimeStatus).toBe('Running');
    await host.begin('gather', { count: 1 }, 'family');
    await host.client('raise', { id: 'family-child', name: 'never', input: 1 });
    await host.ended('family-child');
    await host.client('raise', { id: 'family', name: 'item', input: 'mine' });
    expect((await host.ended('family')).output).toEqual(['mine']);
  });
});

describe('what hangs or misleads on the real engine fails here at once', () => {
  it.each([
    ['activity', /no activity "noSuchActivity".*hang/],
    ['orchestrator', /no orchestrator "noSuchOrchestrator".*hang/],
    ['ownId', /id of its own parent/],
    ['oddId', /ids have letters/],
    ['deep', /deeper than 64/],
    ['large', /61\d\d\d bytes/],
    ['noCharacter', /U\+FFFE or U\+FFFF/],
    ['reference', /\$ref/],
    ['retryTimeout', /retry time-out/],
    ['http', /does not know the durable action 8/],
    ['status', /custom status has 180\d\d bytes/],
  ])('%s', async (kind, message) => {
    expect(await run('badCall', { kind })).toEqual({ Failed: expect.stringMatching(message) });
  });

  it('results that cannot be queued and ids in use, as failures of the call', async () => {
    expect(await run('badCall', { kind: 'result' })).toMatch(/caught .*The result of "give" holds U\+FFFE or U\+FFFF/);
    await host.begin('waiting', {}, 'in-use');
    expect(await run('badCall', { kind: 'usedId' })).toMatch(/caught .*"in-use" is running already/);
  });

  it('going on beside a retrying sibling', async () => {
    expect(await run('besideRetry')).toEqual({ Failed: expect.stringContaining('sibling with retries') });
  });

  it('starts and events', async () => {
    await expect(host.begin('noSuchOrchestrator')).rejects.toThrow(/400.*noSuchOrchestrator/);
    await expect(host.begin('input', {}, 'a b')).rejects.toThrow(/400.*ids have letters/);
    await expect(host.begin('input', JSON.parse('['.repeat(65) + ']'.repeat(65)))).rejects.toThrow(/deeper than 64/);
    await expect(host.begin('input', 'x'.repeat(60_001))).rejects.toThrow(/bytes/);
    const id = await host.begin('waiting');
    expect((await host.client('raise', { id, name: 'x', input: 'a\uffffb' })).error).toContain('U+FFFF');
    expect((await host.client('by', { states: ['Nonsense'] })).error).toContain('no runtime status');
  });
});

describe('non-deterministic orchestrators end Failed at the first replay (R49)', () => {
  it.each([
    ['name', /step 0 was activity "\w+" when it was first run, and is activity "\w+" now/],
    ['kind', /step 0 was .* and is (activity|sub-orchestration)/],
    ['due', /step 0 was timer due .* and is timer due/],
  ])('another %s', async (kind, message) => {
    const { output, runtimeStatus } = await host.ended(await host.begin('clockwork', { kind }));
    expect(runtimeStatus).toBe('Failed');
    expect(output).toMatch(/^Non-Deterministic workflow detected: /);
    expect(output).toMatch(message);
  });
});
