import type { FieldName, FieldValue } from '../../model/plan.ts';
import { addressKey } from '../connector.ts';

/** Equal as Google keeps them: composed, trimmed; addresses by their key; lists without order, but for the primary address. */
export function sameTexts(name: FieldName, a: FieldValue, b: FieldValue): boolean {
  const list = (value: FieldValue): readonly string[] => (value === null ? [] : typeof value === 'string' ? [value] : value);
  const fold = (text: string): string => (name === 'addresses' ? addressKey(text) : text.normalize('NFC').replace(/\s+/g, ' ').trim());
  const inOrder = (value: FieldValue): string => {
    const all = list(value).map(fold);
    return JSON.stringify(name === 'addresses' ? [...all.slice(0, 1), ...all.slice(1).sort()] : all.sort());
  };
  return inOrder(a) === inOrder(b);
}
