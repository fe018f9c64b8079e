import type { FieldName, FieldValue } from '../../model/plan.ts';
import { addressKey } from '../connector.ts';

/** Equal as Google keeps them: composed, trimmed; addresses by their key; lists without order. */
export function sameTexts(name: FieldName, a: FieldValue, b: FieldValue): boolean {
  const list = (value: FieldValue): readonly string[] => (value === null ? [] : typeof value === 'string' ? [value] : value);
  const fold = (text: string): string => (name === 'addresses' ? addressKey(text) : text.normalize('NFC').replace(/\s+/g, ' ').trim());
  return JSON.stringify(list(a).map(fold).sort()) === JSON.stringify(list(b).map(fold).sort());
}
