import { type Entry, mergeParts } from '../../../model/entry.ts';
import { addressKey, type FindQuery } from '../../connector.ts';
import type { Asked } from '../asked.ts';
import { type Exchange, ExchangeError, opath, type Row } from '../exchange.ts';
import { contactPart, recipientId, recipientPart } from '../exchangeParts.ts';
import type { Graph } from '../graph.ts';
import { graphFailure, parseJson } from '../graph.ts';
import { type GraphObject, userPart } from '../graphParts.ts';
import { userQuery } from '../managers.ts';
import { isoTime } from '../parts.ts';
import { PERMISSIONS } from '../permissions.ts';
import { listOf } from '../proxies.ts';
import type { RecipientType } from './recipientType.ts';

/** Clocks of the directory and of ours may differ by this much, and WhenCreatedUTC has whole seconds. */
const CLOCK_SLACK_MS = 2_000;

/** Objects of one recipient type by their immutable id, or looked up after a lost answer. */
export interface Recipients {
  get(id: string): Promise<Entry | null>;
  find(query: FindQuery): Promise<Entry | null>;
  /** The object with our alias that nobody else stamped: what an earlier try of the same create left behind. */
  ours(alias: string, stamp: string): Promise<Row | null>;
  /** The object as Exchange gives it, of whatever type it is now, or null if it is not there. */
  row(id: string): Promise<Row | null>;
}

interface Dependencies {
  readonly exchange: Exchange;
  readonly graph: Graph;
  readonly asked: Asked;
}

export function createRecipients(deps: Dependencies, type: RecipientType): Recipients {
  const { exchange, asked } = deps;
  const isOne = (found: Row): boolean => {
    const details = listOf(found.recipienttypedetails)[0];
    return details === undefined || type.types.includes(details);
  };
  // Get-MailContact and Get-MailUser have it, Get-Recipient has not.
  const own = [...asked.recipient, 'LegacyExchangeDN'];
  const filtered = async (filter: string): Promise<readonly Row[]> => {
    const parameters = { Filter: filter, ResultSize: 10 };
    return (await exchange({ name: type.list, parameters, select: own, idempotent: true })).rows.filter(isOne);
  };
  const row = async (id: string): Promise<Row | null> => {
    const itself = await byIdentity(exchange, type.list, id, own);
    // What is a mailbox by now is no mail user to Get-MailUser: asked as what it may be.
    const found = itself ?? (type.ownId ? null : await byIdentity(exchange, 'Get-Recipient', id, asked.recipient));
    // Identity parameters take addresses and aliases too: only the object with this very id is meant (case R35).
    return found && recipientId(found, type.ownId)?.toLowerCase() === id.toLowerCase() ? found : null;
  };
  const entryOf = (found: Row): Promise<Entry | null> => (type.ownId ? contactEntry(deps, found) : userEntry(deps, found));
  const stampOf = (found: Row): string => listOf(found[asked.stampProperty.toLowerCase()])[0] ?? '';
  const ours = async (alias: string, stamp: string): Promise<Row | null> => {
    if (alias === '') return null;
    const rows = await filtered(`Alias -eq ${opath(alias)}`);
    return rows.find((one) => sameText(listOf(one.alias)[0], alias) && (stampOf(one) === '' || stampOf(one) === stamp)) ?? null;
  };
  return {
    row,
    ours,
    get: async (id) => {
      const found = await row(id);
      if (found) return entryOf(found);
      return type.ownId ? null : userEntry(deps, { externaldirectoryobjectid: id });
    },
    find: async (query) => {
      const stamped = (await filtered(`${asked.stampProperty} -eq ${opath(query.stamp)}`)).find((one) => stampOf(one) === query.stamp);
      const found = stamped ?? (await ours(query.alias, query.stamp));
      if (found) return entryOf(found);
      if (query.address === '') return null;
      for (const one of await filtered(`EmailAddresses -eq ${opath(query.address)}`)) {
        const part = recipientPart(one, asked);
        const createdAt = isoTime(one.whencreatedutc);
        if (part && stampOf(one) === '' && holds(part.fields, query.address) && createdSince(createdAt, query.since)) return entryOf(one);
      }
      return null;
    },
  };
}

async function contactEntry({ exchange, asked }: Dependencies, found: Row): Promise<Entry | null> {
  const part = recipientPart(found, asked);
  if (!part) return null;
  const details = await byIdentity(exchange, 'Get-Contact', part.id, asked.contact).catch(unlessMissing);
  const more = details ? contactPart(details, asked) : null;
  return mergeParts(more && more.id === part.id ? [part, more] : [part]);
}

/** A mail user as a pull would show it: Graph's user with what Exchange says of it. One that Graph does not show yet is Exchange's alone. */
async function userEntry({ graph, asked }: Dependencies, found: Row): Promise<Entry | null> {
  const id = recipientId(found, false);
  if (id === null) return null;
  const part = recipientPart(found, asked);
  const answer = await graph.get({ path: `/users/${encodeURIComponent(id)}`, query: userQuery(asked) });
  if (answer.status === 404) return part?.fields.type ? mergeParts([{ ...part, primary: true }]) : null;
  if (answer.status !== 200) throw graphFailure(answer, 'GET /users/{id}', PERMISSIONS.users.permission);
  const user = userPart(parseJson(answer, 'GET /users/{id}') as GraphObject, asked);
  return mergeParts(part ? [user, part] : [user]);
}

async function byIdentity(exchange: Exchange, name: string, id: string, select: readonly string[]): Promise<Row | null> {
  try {
    return (await exchange({ name, parameters: { Identity: id }, select, idempotent: true })).rows[0] ?? null;
  } catch (error) {
    if (error instanceof ExchangeError && error.fault === 'notFound') return null;
    throw error;
  }
}

function unlessMissing(error: unknown): null {
  if (error instanceof ExchangeError && error.fault === 'missingCmdlet') return null;
  throw error;
}

function sameText(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}

function holds(fields: Partial<Entry>, address: string): boolean {
  const key = addressKey(address);
  return [...(fields.addresses ?? []), ...(fields.deliveryAddress ? [fields.deliveryAddress] : [])].some((one) => addressKey(one) === key);
}

function createdSince(createdAt: string | undefined, since: string): boolean {
  return createdAt !== undefined && Date.parse(createdAt) >= Date.parse(since) - CLOCK_SLACK_MS;
}
