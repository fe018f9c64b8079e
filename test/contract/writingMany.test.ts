import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/directories/faults.ts';
import { type Connector, fieldsOf, type WriteAnswer, type WriteRequest } from '../../shared/connectors/connector.ts';
import { ThrottledError } from '../../shared/model/failure.ts';
import type { FieldName, Fields } from '../../shared/model/plan.ts';
import { sameValue } from '../../shared/rules/diff.ts';
import { fullFields, projected } from './fields.ts';
import { readAll } from './readAll.ts';
import { googleWorkspace, memory, type Subject } from './subjects.ts';

interface Logged {
  readonly method: string;
  readonly path: string;
}

/** What a connector that takes several changes at once promises (`Connector.writeMany`): nothing that `write` does not. */
describe.each([
  ['memory', memory],
  ['googleWorkspace', googleWorkspace],
] as const)('writing together: %s', (_name, start) => {
  let subject: Subject;
  let connector: Connector;
  let number = 0;
  beforeAll(async () => {
    subject = await start();
    connector = subject.connect();
  });
  afterEach(() => subject.control({ faults: {} }));
  afterAll(() => subject.stop());

  const create = (): WriteRequest => {
    number += 1;
    const capability = connector.capability(subject.as);
    // Who names an object of the directory as the manager is written alone.
    const { manager, ...others } = projected(capability, fullFields(number));
    const fields = manager === undefined || capability.fields.manager?.reference ? others : { ...others, manager };
    return {
      ...base(number),
      change: 'create',
      targetId: null,
      fields,
      setStamp: stampOf(number),
      since: new Date(Date.now() - 1_000).toISOString(),
    };
  };
  const base = (n: number): Omit<WriteRequest, 'change' | 'targetId' | 'fields'> => ({
    as: subject.as,
    kind: 'user',
    current: {},
    stamp: stampOf(n),
    alias: `person.${String(n).padStart(8, '0')}`,
  });
  const many = (requests: readonly WriteRequest[], by = connector): Promise<readonly (WriteAnswer | null)[]> => by.writeMany!(requests);
  /** As push does it: what was not made is written alone. */
  const all = async (requests: readonly WriteRequest[], by = connector): Promise<readonly WriteAnswer[]> => {
    const answers = await many(requests, by);
    const whole: WriteAnswer[] = [];
    for (const [n, answer] of answers.entries()) whole.push(answer ?? (await by.write(requests[n]!)));
    return whole;
  };
  const made = async (count: number): Promise<readonly { readonly id: string; readonly sent: WriteRequest }[]> => {
    const sent = Array.from({ length: count }, create);
    return (await all(sent)).map((answer, n) => ({ id: answer.targetId!, sent: sent[n]! }));
  };
  const stamps = async (): Promise<readonly string[]> =>
    [...(await readAll(subject.connect)).entries.values()].flatMap((entry) => entry.stamp ?? []);
  const fault = (batch: NonNullable<Faults['batch']>): Promise<unknown> => subject.control({ faults: { batch } });
  const posts = async (): Promise<readonly string[]> =>
    ((await (await fetch(`http://127.0.0.1:${subject.server!.port}/control/log`)).json()) as Logged[])
      .filter(({ path, method }) => path.startsWith('/m8/') && method !== 'GET')
      .map(({ path }) => path.slice(path.indexOf('/full')));

  it('creates, changes and deletes twenty at once, each with its own answer', async () => {
    const before = await made(10);
    const fresh = Array.from({ length: 10 }, create);
    const requests = [
      ...fresh,
      ...before.slice(0, 5).map(
        ({ id, sent }): WriteRequest => ({
          ...base(0),
          stamp: sent.stamp,
          change: 'update',
          targetId: id,
          fields: { jobTitle: `Of ${id}` },
        }),
      ),
      ...before
        .slice(5)
        .map(({ id, sent }): WriteRequest => ({ ...base(0), stamp: sent.stamp, change: 'delete', targetId: id, fields: {} })),
    ];
    const answers = await many(requests);
    for (const answer of answers) expect(answer).toMatchObject({ ok: true, notKept: [] });
    const { entries } = await readAll(subject.connect);
    for (const [n, sent] of fresh.entries()) {
      const entry = entries.get(answers[n]!.targetId!)!;
      expect(entry.stamp).toBe(sent.stamp);
      expect(differing(sent.fields, fieldsOf(entry))).toEqual([]);
    }
    for (const { id, sent } of before.slice(0, 5))
      expect(differing({ ...sent.fields, jobTitle: `Of ${id}` }, fieldsOf(entries.get(id)!))).toEqual([]);
    for (const { id } of before.slice(5)) expect(entries.has(id)).toBe(false);
    const all = await stamps();
    expect(new Set(all).size).toBe(all.length);
  });

  it('one bad change fails alone', async () => {
    const [one] = await made(1);
    const gone: WriteRequest = { ...base(0), change: 'update', targetId: 'nobody', fields: { jobTitle: 'X' } };
    const answers = await all([create(), gone, { ...gone, targetId: one!.id, stamp: one!.sent.stamp }, { ...gone, change: 'delete' }]);
    expect(answers).toMatchObject([{ ok: true }, { ok: false, retry: 'gone' }, { ok: true }, { ok: true, note: 'alreadyGone' }]);
  });

  it('what is interrupted is unknown, and what was done all the same is found by its stamp', async () => {
    if (!subject.server) return;
    const sent = Array.from({ length: 6 }, create);
    await many([create(), create()]);
    await fault({ interruptAfter: 2, unanswered: 2 });
    const answers = await many(sent);
    await subject.control({ faults: {} });
    expect(answers.map((answer) => (answer?.ok ? 'ok' : answer?.retry))).toEqual(['ok', 'ok', 'unknown', 'unknown', 'unknown', 'unknown']);
    const found = [];
    for (const { stamp, alias, fields, since } of sent) {
      const address = (fields.addresses as readonly string[])[0]!;
      found.push((await connector.find({ as: subject.as, stamp, alias, address, since: since! })) !== null);
    }
    expect(found).toEqual([true, true, true, true, false, false]);
  });

  it.each([400, 404, 405, 501, 403])('an endpoint that answers %i is left alone, and everything is written one by one', async (status) => {
    if (!subject.server) return;
    const fresh = subject.connect();
    await fault({ status });
    await subject.control({ clearLog: true, faults: { batch: { status } } });
    const sent = Array.from({ length: 4 }, create);
    for (const some of [sent.slice(0, 2), sent.slice(2)])
      for (const answer of await all(some, fresh)) expect(answer).toMatchObject({ ok: true });
    const calls = await posts();
    expect(calls.filter((path) => path === '/full')).toHaveLength(4);
    expect(new Set(calls.filter((path) => path !== '/full'))).toEqual(new Set(['/full/batch']));
  });

  it.each<[string, NonNullable<Faults['batch']>['operations']]>([
    ['too fast', { everyNth: 3, times: 2, status: 403, reason: 'Request rate higher than configured' }],
    ['refused as they are', { everyNth: 2, times: 3, status: 400, reason: 'Invalid item' }],
    ['changed since', { everyNth: 2, times: 2, status: 412, reason: 'Precondition Failed', type: 'update' }],
    ['not there any more in the batch only', { everyNth: 1, times: 2, status: 405, reason: 'Method not allowed' }],
  ])('operations that are %s are written alone, and each is there once', async (_what, operations) => {
    if (!subject.server || !operations) return;
    const before = await made(4);
    await fault({ operations });
    const sent = [
      ...Array.from({ length: 4 }, create),
      ...before.map(
        ({ id, sent: first }): WriteRequest => ({
          ...base(0),
          stamp: first.stamp,
          change: 'update',
          targetId: id,
          fields: { jobTitle: `Now ${id}` },
        }),
      ),
    ];
    for (const answer of await all(sent)) expect(answer).toMatchObject({ ok: true });
    const held = await stamps();
    expect(new Set(held).size).toBe(held.length);
    for (const { id } of before) expect((await connector.get(id, subject.as))!.attributes.jobTitle).toBe(`Now ${id}`);
  });

  it('operations that were done and are answered with a fault are never made twice', async () => {
    if (!subject.server) return;
    await many([create(), create()]);
    await fault({ operations: { everyNth: 1, times: 3, status: 500, reason: 'Internal', done: true, type: 'insert' } });
    const sent = Array.from({ length: 5 }, create);
    const answers = await many(sent);
    expect(answers.map((answer) => (answer?.ok ? 'ok' : answer?.retry))).toEqual(['unknown', 'unknown', 'unknown', 'ok', 'ok']);
    const held = await stamps();
    expect(held.filter((stamp) => sent.some((one) => one.stamp === stamp))).toHaveLength(5);
  });

  it('a batch that is told to wait did nothing', async () => {
    if (!subject.server) return;
    const fresh = subject.connect();
    await subject.control({ clearLog: true, faults: { throttle: { everyNth: 1, retryAfter: 120, match: '/m8/' } } });
    await expect(many([create(), create()], fresh)).rejects.toBeInstanceOf(ThrottledError);
  });
});

function stampOf(n: number): string {
  return `galsync:route:m${n}`;
}

function differing(wanted: Fields, there: Fields): readonly FieldName[] {
  return (Object.keys(wanted) as FieldName[]).filter(
    (name) => name !== 'stamp' && !sameValue(name, wanted[name] ?? null, there[name] ?? null),
  );
}
