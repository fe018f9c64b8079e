import { addressKey } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { TargetIndex } from '../store/store.ts';

/** Keys of the index under which the directory's own references find an object, beside its id and its addresses. */
export function referenceKeys({ memberId, name }: Pick<Entry, 'memberId' | 'name'>): readonly string[] {
  return [...(memberId === undefined ? [] : [`member:${memberId}`]), ...(name === undefined ? [] : [nameKey(name)])];
}

function nameKey(name: string): string {
  return `name:${name.normalize('NFC').toLowerCase()}`;
}

/**
 * The object that a directory's reference names: an id, the id by which groups list it, a name (Exchange may write it as the last part of a
 * canonical name), an address. Null where none or several fit.
 */
export function referencedId(index: TargetIndex, reference: string): string | null {
  if (index.has(reference)) return reference;
  const tail = reference.slice(reference.lastIndexOf('/') + 1);
  const keys = [`member:${reference}`, nameKey(reference), nameKey(tail), ...(reference.includes('@') ? [addressKey(reference)] : [])];
  for (const key of keys) {
    const [first, ...others] = new Set(index.find(key));
    if (first !== undefined) return others.length === 0 ? first : null;
  }
  return null;
}
