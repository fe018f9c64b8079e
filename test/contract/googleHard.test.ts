import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/directories/faults.ts';
import { addressKey, fieldsOf, type WriteRequest } from '../../shared/connectors/connector.ts';
import type { FieldName, Fields } from '../../shared/model/plan.ts';
import { sameValue } from '../../shared/rules/diff.ts';
import { fullFields, messyFields, projected } from './fields.ts';
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

const address = fc
  .tuple(
    fc.constantFrom('ada', 'A.D.A', "o'brien", 'a+b', 'jörg', '山田', 'x&y', 'very.long.'.repeat(6).slice(0, -1), 'UPPER', 'a_b-c'),
    fc.nat(9),
    fc.constantFrom(
      'a.example',
      'B.Example',
      'gmail.com',
      'münchen.example',
      'xn--mnchen-3ya.example',
      'sub.domain.with.many.parts.example',
    ),
  )
  .map(([name, n, domain]) => `${name}${n}@${domain}`);
const person = fc.record({
  fields: messyFields(),
  addresses: fc.uniqueArray(address, { minLength: 1, maxLength: 12, selector: addressKey }),
});

describe('messy people in a shared contact, through the whole wire', () => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await googleWorkspace();
  });
  afterAll(() => subject.stop());

  it('made, read, projected again and changed into somebody else: field by field what was asked for', async () => {
    const connector = subject.connect();
    const capability = connector.capability('sharedContact');
    let n = 0;
    await fc.assert(
      fc.asyncProperty(person, person, async (one, other) => {
        n += 1;
        const stamp = `galsync:messy:${n}`;
        const base = { as: 'sharedContact', kind: 'user', current: {}, stamp, alias: `messy.${n}` } as const;
        const [first, second] = [one, other].map(({ fields, addresses }) => projected(capability, { ...fields, addresses }));
        const made = await connector.write({
          ...base,
          change: 'create',
          targetId: null,
          fields: first!,
          setStamp: stamp,
          since: '2026-01-01T00:00:00Z',
        });
        expect(made).toMatchObject({ ok: true, notKept: [] });
        const held = async (): Promise<Fields> => fieldsOf((await connector.get(made.targetId!, 'sharedContact'))!);
        const there = await held();
        expect(differing(first!, there)).toEqual([]);
        expect(differing(projected(capability, there), there)).toEqual([]);
        const cleared = Object.fromEntries(Object.keys(first!).map((name) => [name, null]));
        const changed = await connector.write({ ...base, change: 'update', targetId: made.targetId, fields: { ...cleared, ...second! } });
        expect(changed).toMatchObject({ ok: true, notKept: [] });
        const now = await held();
        expect(differing({ ...cleared, ...second! }, now)).toEqual([]);
        expect((await connector.get(made.targetId!, 'sharedContact'))!.stamp).toBe(stamp);
      }),
      { numRuns: 60 },
    );
  });
});

function differing(wanted: Fields, there: Fields): readonly unknown[] {
  return (Object.keys(wanted) as FieldName[])
    .filter((name) => name !== 'stamp' && !sameValue(name, wanted[name] ?? null, there[name] ?? null))
    .map((name) => [name, wanted[name] ?? null, there[name] ?? null]);
}

async function stats(subject: Subject): Promise<{ readonly refused: number; readonly writes: number }> {
  const answer = await fetch(`http://127.0.0.1:${subject.server!.port}/control/stats`);
  return (await answer.json()) as { refused: number; writes: number };
}

async function found(subject: Subject, stamp: string): Promise<{ readonly id: string } | null> {
  const query = { as: 'sharedContact', stamp, alias: 'hard', address: 'x@elsewhere.example' } as const;
  return subject.connect().find({ ...query, since: new Date(Date.now() - 60_000).toISOString() });
}
