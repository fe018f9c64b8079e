import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Faults } from '../../sandbox/directories/faults.ts';
import type { TenantObject } from '../../sandbox/directories/microsoft365/model.ts';
import type { WriteAnswer, WriteRequest } from '../../shared/connectors/connector.ts';
import { type Read, readAll } from './readAll.ts';
import { microsoft365, type Subject } from './subjects.ts';

/** The Microsoft 365 connector against a tenant that gives no more than the services do, in every way in which they may. */
let subject: Subject;
beforeAll(async () => {
  subject = await microsoft365('guest');
});
afterEach(() => subject.control({ faults: {} }));
afterAll(() => subject.stop());

async function objects(): Promise<readonly TenantObject[]> {
  return (await fetch(`http://127.0.0.1:${subject.server!.port}/control/objects`)).json() as Promise<readonly TenantObject[]>;
}

function people(read: Read): readonly (readonly [string, unknown])[] {
  return [...read.entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

it("reads everybody's own X500 address, and get tells the same", async () => {
  const { entries, pages } = await readAll(subject.connect);
  const own = (await objects()).filter((one) => one.legacyExchangeDN && entries.has(one.id));
  expect(own.length).toBeGreaterThan(10);
  for (const one of own) expect(entries.get(one.id)!.x500).toContain(one.legacyExchangeDN);
  expect(pages.filter((page) => page.set === 'accounts')).toHaveLength(1);
  expect(pages.flatMap((page) => page.losses ?? [])).toEqual([]);
});

describe('a guest', () => {
  const stamp = 'galsync:route:back';
  const create: WriteRequest = {
    change: 'create',
    as: 'guest',
    kind: 'user',
    targetId: null,
    fields: { displayName: 'Ada Back', addresses: ['ada.back@elsewhere.example'] },
    current: {},
    stamp,
    setStamp: stamp,
    alias: 'ada.back.00000001',
    since: new Date().toISOString(),
  };
  const id = (answer: WriteAnswer): string => {
    if (!answer.ok) throw new Error(answer.failure.message);
    return answer.targetId;
  };

  it('who was deleted and whose link is lost comes back by our stamp, with the same id', async () => {
    await subject.control({ faults: { inviteLagMs: 0, exchangeLagMs: 0 } });
    const connector = subject.connect();
    const first = id(await connector.write({ ...create, since: new Date(Date.now() - 1_000).toISOString() }));
    expect((await connector.write({ ...create, change: 'delete', targetId: first })).ok).toBe(true);
    expect(await connector.get(first, 'guest')).toBeNull();
    const again = await connector.write(create);
    expect(again).toMatchObject({ ok: true, targetId: first, note: 'restored' });
    expect((await connector.get(first, 'guest'))!.stamp).toBe(stamp);
  });

  it('who was deleted and carries the stamp of another entry is named, and left there', async () => {
    await subject.control({ faults: { inviteLagMs: 0, exchangeLagMs: 0 } });
    const connector = subject.connect();
    const other = { ...create, fields: { displayName: 'Bo Other', addresses: ['bo.other@elsewhere.example'] }, alias: 'bo.other.00000002' };
    const theirs = { ...other, stamp: 'galsync:other:bo', setStamp: 'galsync:other:bo' };
    const deleted = id(await connector.write({ ...theirs, since: new Date(Date.now() - 1_000).toISOString() }));
    await connector.write({ ...theirs, change: 'delete', targetId: deleted });
    expect(await connector.write(other)).toMatchObject({ ok: false, retry: 'collision', owner: { id: deleted, kind: 'deletedUser' } });
  });

  it('whose primary address stands in the proxy addresses alone is found after a lost answer', async () => {
    const since = new Date(Date.now() - 1_000).toISOString();
    const user = (await objects()).find((one) => one.userType === 'Guest')!;
    const lost = {
      ...user,
      id: 'lost-guest',
      guid: 'lost-guest-guid',
      mail: null,
      otherMails: [],
      custom: {},
      userPrincipalName: 'cy#EXT#@x.example',
    };
    const proxyAddresses = ['SMTP:Cy.Lost@elsewhere.example'];
    await subject.control({ put: [{ ...lost, proxyAddresses, createdAt: new Date().toISOString() }] });
    const query = { as: 'guest', stamp: 'galsync:route:cy', alias: 'cy.00000003', address: 'cy.lost@elsewhere.example', since } as const;
    expect((await subject.connect().find(query))?.id).toBe('lost-guest');
    await subject.control({ remove: ['lost-guest'] });
  });
});

const MODES: Readonly<Record<string, Faults['delta']>> = {
  'the same person on several pages': { replayEvery: 2 },
  'empty pages between the others': { emptyPages: true },
  'tombstones in the first round': { tombstones: true },
  'people said to be gone who are here, and the other way round': { tombstones: true, outOfOrder: 6 },
  'cleared values left out': { withoutNulls: true },
  'an end by 400': { ends: 400 },
  'an end by 410': { ends: 410 },
};
const ALL = { replayEvery: 2, emptyPages: true, tombstones: true, outOfOrder: 6, withoutNulls: true } as const;

describe('a delta in hard mode gives what the quiet one gives', () => {
  beforeAll(async () => {
    const users = (await objects()).filter((one) => one.type === 'user' && one.recipientType === 'UserMailbox');
    const gone = users.slice(0, 3).map((one, n) => ({ ...one, id: `gone-${n}`, guid: `gone-guid-${n}`, properties: { city: null } }));
    await subject.control({ put: gone, remove: gone.map((one) => one.id) });
  });

  it.each([
    ...Object.entries(MODES),
    ['all of it together', ALL],
    ['all of it together, ended once by 410', { ...ALL, ends: 410 }],
  ] as const)('first round: %s', async (_name, delta) => {
    const quiet = await readAll(subject.connect);
    await subject.control({ faults: { delta, pageSize: 5 } });
    const hard = await readAll(subject.connect);
    expect(people(hard)).toEqual(people(quiet));
  });

  it.each([
    ...Object.entries(MODES),
    ['all of it together', ALL],
    ['all of it together, ended once by 400', { ...ALL, ends: 400 }],
  ] as const)('later round: %s', async (name, delta) => {
    const first = await readAll(subject.connect);
    const users = (await objects()).filter((one) => one.type === 'user' && one.recipientType === 'UserMailbox');
    const [left, ...changed] = users.slice(0, 14);
    const put = changed.map((one, n) => ({
      ...one,
      properties: { ...one.properties, city: n % 2 ? null : `City of ${name}`.slice(0, 60) },
    }));
    const newcomer = { ...left!, id: `new ${name}`, guid: `guid ${name}`, legacyExchangeDN: `/o=E/cn=${name}` };
    await subject.control({ put: [...put, newcomer], remove: [left!.id] });
    await subject.control({ faults: { delta, pageSize: 5 } });
    const hard = await readAll(subject.connect, first);
    await subject.control({ faults: {} });
    const quiet = await readAll(subject.connect);
    expect(people(hard)).toEqual(people(quiet));
  });
});
