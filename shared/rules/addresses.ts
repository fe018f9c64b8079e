import { addressKey, type Capability } from '../connectors/connector.ts';
import type { PushSettings } from '../model/configuration.ts';
import { domainOf, type Entry } from '../model/entry.ts';
import type { FieldName, FieldValue } from '../model/plan.ts';
import { domainMatches } from './select.ts';

export interface ProjectedAddresses {
  readonly fields: Partial<Record<FieldName, FieldValue>>;
  readonly address: string;
  readonly keys: readonly string[];
  readonly losses: readonly string[];
}

/** Addresses as the target shall hold them: rewritten, chosen, the delivery address, X500 and SIP (contract, addresses). */
export function projectAddresses(entry: Entry, settings: PushSettings['addresses'], target: Capability): ProjectedAddresses {
  const losses: string[] = [];
  const rewritten = rewriteAll(entry.addresses, settings);
  const primary = rewritten[0] ?? '';
  const wanted = settings.secondary
    ? rewritten.slice(1).filter((address) => !settings.except.some((pattern) => domainMatches(domainOf(address), pattern)))
    : [];
  const room = (target.fields.addresses?.maxValues ?? 1) - 1;
  if (wanted.length > room) losses.push(room <= 0 ? 'secondary addresses' : `addresses beyond ${room + 1}`);
  const addresses = [primary, ...wanted.slice(0, Math.max(0, room))].filter((address) => address !== '');
  const fields: Partial<Record<FieldName, FieldValue>> = { addresses };
  const keys = new Set(addresses.map(addressKey));
  const delivery = settings.deliverTo
    .map((domain) => rewritten.find((address) => domainOf(address) === domain.toLowerCase()))
    .find(Boolean);
  if (target.fields.deliveryAddress) {
    fields.deliveryAddress = delivery && addressKey(delivery) !== addressKey(primary) ? delivery : null;
    if (delivery) keys.add(addressKey(delivery));
  } else if (delivery && addressKey(delivery) !== addressKey(primary)) losses.push('deliverTo');
  addOther('x500', settings.x500 ? (entry.x500 ?? []) : [], target, fields, losses);
  addOther('sip', settings.sip ? (entry.sip ?? []) : [], target, fields, losses);
  return { fields, address: primary, keys: [...keys], losses };
}

function addOther(
  name: 'x500' | 'sip',
  values: readonly string[],
  target: Capability,
  fields: Partial<Record<FieldName, FieldValue>>,
  losses: string[],
): void {
  if (target.fields[name]) fields[name] = values.length > 0 ? [...values] : null;
  else if (values.length > 0) losses.push(name);
}

function rewriteAll(addresses: readonly string[], settings: PushSettings['addresses']): readonly string[] {
  const seen = new Set<string>();
  const all: string[] = [];
  const add = (address: string): void => {
    const key = addressKey(address);
    if (seen.has(key)) return;
    seen.add(key);
    all.push(address);
  };
  const originals: string[] = [];
  for (const address of addresses) {
    const clean = address.trim().normalize('NFC');
    const domain = domainOf(clean);
    const other = Object.entries(settings.domains).find(([from]) => from.toLowerCase() === domain)?.[1];
    add(other ? `${clean.slice(0, clean.lastIndexOf('@'))}@${other}` : clean);
    if (other && settings.keepOriginal) originals.push(clean);
  }
  for (const original of originals) add(original);
  return all;
}
