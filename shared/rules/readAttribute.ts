import type { AttributeValue } from '../model/attributes.ts';
import { domainOf, type Entry, primaryAddress } from '../model/entry.ts';

/** Texts of an attribute by its name in conditions and placeholders; empty list: missing. */
export function readAttribute(entry: Entry, name: string): readonly string[] {
  return attributeReader(name)(entry);
}

/** The same for one name and many entries. */
export function attributeReader(name: string): (entry: Entry) => readonly string[] {
  if (name.startsWith('raw.')) return (entry) => listed(held(entry.raw, name.slice(4)));
  return held(OWN, name) ?? ((entry) => listed(held(entry.attributes, name)));
}

/** A value under its own name: a filter may name anything, `constructor` too. */
function held<T>(values: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
}

const OWN: Readonly<Record<string, (entry: Entry) => readonly string[]>> = {
  id: (entry) => [entry.id],
  kind: (entry) => [entry.kind],
  primaryAddress: (entry) => listed(primaryAddress(entry)),
  domain: (entry) => listed(domainOf(primaryAddress(entry))),
  userPrincipalName: (entry) => listed(entry.userPrincipalName),
  enabled: (entry) => [String(entry.enabled)],
  external: (entry) => [String(entry.external)],
  hidden: (entry) => [String(entry.hidden)],
  createdAt: (entry) => listed(entry.createdAt),
  addresses: (entry) => entry.addresses,
};

function listed(value: AttributeValue | undefined): readonly string[] {
  if (value === undefined || value === '') return [];
  return typeof value === 'string' ? [value] : value.filter((text) => text !== '');
}
