import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/directories/faults.ts';
import { fieldsOf, type WriteRequest } from '../../shared/connectors/connector.ts';
import { sameValue } from '../../shared/rules/diff.ts';
import { fullFields, projected } from './fields.ts';
import { type Read, readAll } from './readAll.ts';
import { googleWorkspace, type Subject } from './subjects.ts';

/** Every refusal that Google documents for too much, at once with small pages, short tokens, replays and a feed that times out. */
const QUOTAS: readonly (readonly [string, NonNullable<Faults['throttle']>])[] = [
  ['403 userRateLimitExceeded', { status: 403, reason: 'userRateLimitExceeded' }],
  ['403 quotaExceeded', { status: 403, reason: 'Request rate higher than configured.' }],
  ['429 rateLimitExceeded', { status: 429, reason: 'Too many requests' }],
  ['503 quota', { status: 503, reason: 'Quota exceeded for the current request' }],
  ['503 backendError', { status: 503, reason: 'backendError' }],
  ['504', { status: 504, reason: 'Gateway Timeout' }],
];
const HARD: Faults = { pageSize: 4, replays: 3, tokenSeconds: 2, latencyMs: 2 };

describe('Google at its hardest', () => {
  let subject: Subject;
  let quiet: Read;
  beforeAll(async () => {
    subject = await googleWorkspace();
    quiet = await readAll(subject.connect);
  });
  afterEach(() => subject.control({ faults: {} }));
  afterAll(() => subject.stop());

  it.each(QUOTAS)('gives the same as a quiet read: every seventh call %s', async (_name, refusal) => {
    await subject.control({ clearLog: true, faults: { ...HARD, throttle: { ...refusal, everyNth: 7, retryAfter: 1 } } });
    const hard = await readAll(subject.connect);
    const { refused } = await stats(subject);
    expect(refused).toBeGreaterThan(2);
    expect([...hard.entries].toSorted()).toEqual([...quiet.entries].toSorted());
    const counts = (read: Read): unknown => read.pages.flatMap(({ set, finished }) => (finished ? [[set, finished.count]] : []));
    expect(counts(hard)).toEqual(counts(quiet));
    expect(hard.pages.flatMap((page) => page.losses ?? [])).toEqual([]);
  });

  it.each(QUOTAS)('makes, changes and removes each contact once: every fourth call %s', async (name, refusal) => {
    const connector = subject.connect();
    const stamp = `galsync:hard:${name}`;
    const fields = projected(connector.capability('sharedContact'), fullFields(name.length));
    const base = { as: 'sharedContact', kind: 'user', current: {}, stamp, alias: 'hard' } as const;
    const created: WriteRequest = { ...base, change: 'create', targetId: null, fields, setStamp: stamp, since: new Date().toISOString() };
    await subject.control({
      clearLog: true,
      faults: { ...HARD, lagMs: 0, throttle: { ...refusal, everyNth: 4, retryAfter: 1, match: '/m8/' } },
    });
    const answer = await connector.write(created);
    // A create whose answer leaves open whether it was made is looked up.
    const id = answer.ok ? answer.targetId : (await found(subject, stamp))?.id;
    const made = id ?? (await connector.write(created)).targetId!;
    expect(await connector.write({ ...base, change: 'update', targetId: made, fields: { jobTitle: 'Changed' } })).toMatchObject({
      ok: true,
    });
    const there = fieldsOf((await connector.get(made, 'sharedContact'))!);
    for (const [field, value] of Object.entries({ ...fields, jobTitle: 'Changed' }))
      expect([field, sameValue(field as 'jobTitle', value, there[field as 'jobTitle'] ?? null)]).toEqual([field, true]);
    await subject.control({ faults: {} });
    const ours = [...(await readAll(subject.connect)).entries.values()].filter((entry) => entry.stamp === stamp);
    expect(ours.map((entry) => entry.id)).toEqual([made]);
    expect(await connector.write({ ...base, change: 'delete', targetId: made, fields: {} })).toMatchObject({ ok: true });
    expect((await stats(subject)).writes).toBe(3);
  });
});

async function stats(subject: Subject): Promise<{ readonly refused: number; readonly writes: number }> {
  const answer = await fetch(`http://127.0.0.1:${subject.server!.port}/control/stats`);
  return (await answer.json()) as { refused: number; writes: number };
}

async function found(subject: Subject, stamp: string): Promise<{ readonly id: string } | null> {
  const query = { as: 'sharedContact', stamp, alias: 'hard', address: 'x@elsewhere.example' } as const;
  return subject.connect().find({ ...query, since: new Date(Date.now() - 60_000).toISOString() });
}
