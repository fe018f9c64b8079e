import { afterEach, beforeEach } from 'vitest';
import type { Fields } from '../../model/plan.ts';
import type { Connector, WriteRequest } from '../connector.ts';
import type { BatchesOff } from './batchSwitch.ts';
import { type Asked, batch, type Clock, connectorOn, type FakeWorkspace, type Reply, startFakeWorkspace } from './fakeWorkspace.ts';

export let fake: FakeWorkspace;
export let clock: Clock;
export let told: BatchesOff[];
export let connector: Connector;

/** Each test has a workspace and a connector of its own. */
export function onFakeWorkspace(): void {
  beforeEach(async () => {
    fake = await startFakeWorkspace();
    clock = { time: 1.7e12 };
    told = [];
    connector = connectorOn(fake, [], [], {}, { clock, tell: (event) => told.push(event) });
  });
  afterEach(() => fake.close());
}

export const FIELDS: Fields = { displayName: 'Rob', addresses: ['rob@a.example'], jobTitle: 'Cook' };
export const stampOf = (n: number): string => `galsync:r1:u-${n}`;
export const request = (n: number, more: Partial<WriteRequest>): WriteRequest => ({
  change: 'update',
  as: 'sharedContact',
  kind: 'contact',
  targetId: `c${n}`,
  fields: { ...FIELDS, displayName: `Rob ${n}` },
  current: {},
  stamp: stampOf(n),
  alias: `rob.${n}`,
  ...more,
});
export const create = (n: number): WriteRequest => request(n, { change: 'create', targetId: null, setStamp: stampOf(n) });
export const remove = (n: number): WriteRequest => request(n, { change: 'delete', fields: {} });
export const contact = (n: number, stamp = stampOf(n)): void =>
  void fake.contacts.set(`c${n}`, {
    xml: `<gd:name><gd:fullName>Old ${n}</gd:fullName></gd:name><gContact:nickname>N${n}</gContact:nickname><gd:extendedProperty name='galsync' value='${stamp}'/>`,
    version: n,
  });
export const many = (...requests: readonly WriteRequest[]): ReturnType<NonNullable<Connector['writeMany']>> =>
  connector.writeMany!(requests);
/** Batches that hold operations of that kind. */
export const batches = (type: string): number => fake.asked('POST', '/batch').filter(({ body }) => body.includes(`type="${type}"`)).length;
export const singles = (): readonly string[] =>
  fake.seen.filter(({ path }) => path.startsWith('/m8/') && !path.endsWith('/batch')).map(({ method }) => method);
/** Answers batches: `whole` instead of all of it, `say` for single operations. */
export const onBatch = (
  say: (asked: Asked) => { status: number; reason: string } | null | undefined,
  whole?: () => Reply | undefined,
): void => fake.on((seen) => (seen.path.endsWith('/batch') ? (whole?.() ?? batch(seen, fake.contacts, say)) : undefined));
export const isWrite = ({ type }: Asked): boolean => type !== 'query';
