import { addressKey, type Capability } from '../connectors/connector.ts';
import type { PushSettings } from '../model/configuration.ts';
import { domainOf, type Entry } from '../model/entry.ts';
import type { FieldName, FieldValue } from '../model/plan.ts';
import { domainMatcher } from './select.ts';

export interface ProjectedAddresses {
  readonly fields: Partial<Record<FieldName, FieldValue>>;
  readonly address: string;
  readonly keys: readonly string[];
  readonly losses: readonly string[];
}

/** Addresses as the target shall hold them: rewritten, chosen, the delivery address, X500 and SIP (contract, addresses). */
export function compileAddresses(settings: PushSettings['addresses'], target: Capability): (entry: Entry) => ProjectedAddresses {
  const rewrite = compileRewrite(settings);
  const left = settings.except.map(domainMatcher);
  const isWanted = (address: string): boolean => {
    const domain = domainOf(address);
    return !left.some((matches) => matches(domain));
  };
  const room = (target.fields.addresses?.maxValues ?? 1) - 1;
  return (entry) => projectAddresses(entry, rewrite(entry.addresses), settings.secondary ? isWanted : null, { settings, target, room });
}

interface Target {
  readonly settings: PushSettings['addresses'];
  readonly target: Capability;
  /** Secondary addresses that it holds. */
  readonly room: number;
}

function projectAddresses(
  entry: Entry,
  rewritten: readonly string[],
  isWanted: ((address: string) => boolean) | null,
  { settings, target, room }: Target,
): ProjectedAddresses {
  const losses: string[] = [];
  const primary = rewritten[0] ?? '';
  const wanted = isWanted ? rewritten.filter((address, n) => n > 0 && isWanted(address)) : [];
  if (wanted.length > room) losses.push(room <= 0 ? 'secondary addresses' : `addresses beyond ${room + 1}`);
  const addresses = primary === '' ? [] : [primary, ...(wanted.length > room ? wanted.slice(0, Math.max(0, room)) : wanted)];
  const fields: Partial<Record<FieldName, FieldValue>> = { addresses };
  const keys = new Set(addresses.map(addressKey));
  const delivery = deliveryOf(rewritten, settings.deliverTo);
  if (target.fields.deliveryAddress) {
    fields.deliveryAddress = delivery && addressKey(delivery) !== addressKey(primary) ? delivery : null;
    if (delivery) keys.add(addressKey(delivery));
  } else if (delivery && addressKey(delivery) !== addressKey(primary)) losses.push('deliverTo');
  addOther('x500', settings.x500 ? (entry.x500 ?? []) : [], target, fields, losses);
  addOther('sip', settings.sip ? (entry.sip ?? []) : [], target, fields, losses);
  return { fields, address: primary, keys: [...keys], losses };
}

function deliveryOf(addresses: readonly string[], deliverTo: readonly string[]): string | undefined {
  for (const domain of deliverTo) {
    const found = addresses.find((address) => domainOf(address) === domain.toLowerCase());
    if (found) return found;
  }
  return undefined;
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

function compileRewrite(settings: PushSettings['addresses']): (addresses: readonly string[]) => readonly string[] {
  const domains = new Map(Object.entries(settings.domains).map(([from, to]) => [from.toLowerCase(), to]));
  return (addresses) => rewriteAll(addresses, domains, settings.keepOriginal);
}

function rewriteAll(addresses: readonly string[], domains: ReadonlyMap<string, string>, keepOriginal: boolean): readonly string[] {
  const seen = new Set<string>();
  const all: string[] = [];
  const add = (address: string): void => {
    const key = addressKey(address);
    if (key === '' || seen.has(key)) return;
    seen.add(key);
    all.push(address);
  };
  const originals: string[] = [];
  for (const address of addresses) {
    const clean = address.trim().normalize('NFC');
    const other = domains.size > 0 ? domains.get(domainOf(clean)) : undefined;
    add(other ? `${clean.slice(0, clean.lastIndexOf('@'))}@${other}` : clean);
    if (other && keepOriginal) originals.push(clean);
  }
  for (const original of originals) add(original);
  return all;
}
