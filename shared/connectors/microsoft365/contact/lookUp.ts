import { type Entry, mergeParts } from '../../../model/entry.ts';
import { addressKey, type FindQuery } from '../../connector.ts';
import type { Asked } from '../asked.ts';
import { type Exchange, ExchangeError, opath, type Row } from '../exchange.ts';
import { contactPart, recipientId, recipientPart } from '../exchangeParts.ts';
import { listOf } from '../proxies.ts';

/** Clocks of the directory and of ours may differ by this much, and WhenCreatedUTC has whole seconds. */
const CLOCK_SLACK_MS = 2_000;

/** Mail contacts by their immutable id, or looked up after a lost answer. */
export interface Contacts {
  get(id: string): Promise<Entry | null>;
  find(query: FindQuery): Promise<Entry | null>;
  /** The contact with our alias that nobody else stamped: what an earlier try of the same create left behind. */
  ours(alias: string, stamp: string): Promise<Row | null>;
  /** The contact as Get-MailContact gives it, or null if it is not there. */
  row(id: string): Promise<Row | null>;
}

export function createContacts(exchange: Exchange, asked: Asked): Contacts {
  const filtered = async (filter: string): Promise<readonly Row[]> =>
    (await exchange({ name: 'Get-MailContact', parameters: { Filter: filter, ResultSize: 10 }, select: asked.recipient, idempotent: true }))
      .rows;
  const row = async (id: string): Promise<Row | null> => {
    const found = await byIdentity(exchange, 'Get-MailContact', id, asked.recipient);
    // Identity parameters take addresses and aliases too: only the object with this very id is meant (case R35).
    return found && recipientId(found, true)?.toLowerCase() === id.toLowerCase() ? found : null;
  };
  const entryOf = async (found: Row): Promise<Entry | null> => {
    const part = recipientPart(found, asked);
    if (!part) return null;
    const details = await byIdentity(exchange, 'Get-Contact', part.id, asked.contact).catch(unlessMissing);
    const more = details ? contactPart(details, asked) : null;
    return mergeParts(more && more.id === part.id ? [part, more] : [part]);
  };
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
      return found ? entryOf(found) : null;
    },
    find: async (query) => {
      const stamped = (await filtered(`${asked.stampProperty} -eq ${opath(query.stamp)}`)).find((one) => stampOf(one) === query.stamp);
      const found = stamped ?? (await ours(query.alias, query.stamp));
      if (found) return entryOf(found);
      if (query.address === '') return null;
      for (const one of await filtered(`EmailAddresses -eq ${opath(query.address)}`)) {
        const part = recipientPart(one, asked);
        if (part && stampOf(one) === '' && holds(part.fields, query.address) && createdSince(part.fields.createdAt, query.since))
          return entryOf(one);
      }
      return null;
    },
  };
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
