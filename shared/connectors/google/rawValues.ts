import type { AttributeValue } from '../../model/attributes.ts';

/**
 * The directory's own values by path, as texts. A path goes through lists: `organizations.costCenter` is that of each of them. A list of
 * `{ value }` (phones, custom schemas with several values) is a list of texts; a user's `name` is the whole of it.
 */
export function rawValues(object: object, names: readonly string[]): { readonly raw?: Readonly<Record<string, AttributeValue>> } {
  const found: Record<string, AttributeValue> = {};
  for (const name of names) {
    const { values, several } = reached(object, name.split('.'));
    const texts = values.flatMap(textsOf);
    if (texts.length > 0) found[name] = several ? texts : texts[0]!;
  }
  return Object.keys(found).length > 0 ? { raw: found } : {};
}

function reached(object: object, path: readonly string[]): { readonly values: readonly unknown[]; readonly several: boolean } {
  let values: readonly unknown[] = [object];
  let several = false;
  for (const key of path) {
    values = values.flatMap((at) => {
      const value = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
      several ||= Array.isArray(value);
      return value;
    });
  }
  return { values, several };
}

function textsOf(value: unknown): readonly string[] {
  const plain = isRecord(value) ? (value['value'] ?? value['fullName']) : value;
  return ['string', 'number', 'boolean'].includes(typeof plain) && plain !== '' ? [String(plain)] : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
