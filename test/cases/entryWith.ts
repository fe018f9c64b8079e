import type { Entry } from '../../shared/model/entry.ts';
import { person } from '../sync/world.ts';

/** Somebody with these attributes and no other. */
export function entryWith(attributes: Entry['attributes'], more: Partial<Entry> = {}): Entry {
  return { ...person('a', 1), attributes, ...more };
}
