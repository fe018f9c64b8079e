import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Connector, fieldsOf, type WriteAnswer, type WriteRequest } from '../../shared/connectors/connector.ts';
import type { Entry } from '../../shared/model/entry.ts';
import type { FieldName, Fields } from '../../shared/model/plan.ts';
import { fullFields, projected } from './fields.ts';
import { led } from './readAll.ts';
import type { Subject } from './subjects.ts';

export const BOSS = 'boss@elsewhere.example';
export const OTHER_BOSS = 'other.boss@elsewhere.example';

/** An object that was made, and what it was asked to hold. */
export interface Made {
  readonly id: string;
  readonly fields: Fields;
  readonly stamp: string;
  readonly alias: string;
  readonly since: string;
}

/** Writes about one person after the other to a directory. */
export interface Writer {
  readonly connector: Connector;
  /** Whom people name as their manager, where that must be an object of the directory; by address. */
  readonly bosses: ReadonlyMap<string, Entry>;
  /** The person that requests are about now. */
  readonly number: number;
  newPerson(): void;
  makeBosses(): Promise<void>;
  request(change: WriteRequest['change'], targetId: string | null, fields: Fields, more?: Partial<WriteRequest>): WriteRequest;
  /** Everything that the directory can hold of the next person. */
  person(): Fields;
  /** Makes an object of a new person. */
  make(fields: Fields): Promise<Made>;
  /** A write with the parts of it that wait for the directory, each as soon as it takes them. */
  whole(sent: WriteRequest): Promise<WriteAnswer>;
  update(id: string, fields: Fields, more?: Partial<WriteRequest>): Promise<WriteAnswer>;
  held(id: string): Promise<Fields>;
  /** Fields as the core compares them: a manager by its address. */
  told(entry: Entry): Fields;
}

export function createWriter({ as, connect }: Subject): Writer {
  const connector = connect();
  const bosses = new Map<string, Entry>();
  let number = 0;
  const writer: Writer = {
    connector,
    bosses,
    get number() {
      return number;
    },
    newPerson() {
      number += 1;
    },
    async makeBosses() {
      if (!connector.capability(as).fields.manager?.reference) return;
      for (const address of [BOSS, OTHER_BOSS]) {
        const { id } = await writer.make({ displayName: address, addresses: [address] });
        bosses.set(address, (await connector.get(id, as))!);
      }
    },
    request: (change, targetId, fields, more = {}) => ({
      ...plainRequest(as, number, change, targetId, fields),
      ...named(bosses, fields),
      ...more,
    }),
    person: () => projected(connector.capability(as), fullFields(number + 1)),
    async make(fields) {
      number += 1;
      const since = secondAgo();
      const sent = writer.request('create', null, fields, { setStamp: `galsync:route:s${number}` });
      const answer = await whole(connector, sent);
      ok(answer);
      return { id: answer.targetId!, fields, stamp: sent.stamp, alias: sent.alias, since };
    },
    whole: (sent) => whole(connector, sent),
    update: async (id, fields, more = {}) =>
      whole(connector, writer.request('update', id, fields, { current: await writer.held(id), ...more })),
    async held(id) {
      const entry = await connector.get(id, as);
      if (!entry) throw new Error(`${id} is not there.`);
      return told(bosses, entry);
    },
    told: (entry) => told(bosses, entry),
  };
  return writer;
}

/** The write was done, and every field was kept. */
export function ok(answer: WriteAnswer): void {
  expect(answer).toMatchObject({ ok: true, notKept: [] });
}

function plainRequest(
  as: WriteRequest['as'],
  number: number,
  change: WriteRequest['change'],
  targetId: string | null,
  fields: Fields,
): WriteRequest {
  return {
    change,
    as,
    kind: 'user',
    targetId,
    fields,
    current: {},
    stamp: `galsync:route:s${number}`,
    alias: `person.${String(number).padStart(8, '0')}`,
    ...(change === 'create' ? { since: secondAgo() } : {}),
  };
}

function secondAgo(): string {
  return new Date(Date.now() - 1_000).toISOString();
}

function named(bosses: ReadonlyMap<string, Entry>, fields: Fields): Pick<WriteRequest, 'manager'> {
  const boss = typeof fields.manager === 'string' ? bosses.get(fields.manager) : undefined;
  return boss ? { manager: { id: boss.id } } : {};
}

function told(bosses: ReadonlyMap<string, Entry>, entry: Entry): Fields {
  if (entry.managerRef === undefined) return fieldsOf(entry);
  const address = [...bosses].find(([, boss]) => led([boss], entry.managerRef) !== null)?.[0];
  return { ...fieldsOf(entry), manager: address ?? entry.managerRef };
}

async function whole(connector: Connector, sent: WriteRequest): Promise<WriteAnswer> {
  let answer = await connector.write(sent);
  for (let tries = 0; answer.ok && answer.pending && tries < 40; tries += 1) {
    const { fields } = answer.pending;
    await sleep(200);
    const { setStamp: _stamp, former: _former, ...rest } = sent;
    answer = await connector.write({
      ...{ ...rest, change: sent.change === 'hide' ? 'hide' : 'update', targetId: answer.targetId },
      fields: Object.fromEntries(Object.entries(sent.fields).filter(([name]) => fields.includes(name as FieldName))),
      ...(fields.includes('stamp') ? { setStamp: sent.stamp } : {}),
    });
  }
  expect(answer.ok && answer.pending).toBeFalsy();
  return answer;
}
