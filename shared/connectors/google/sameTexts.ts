import { type FieldName, type FieldValue, textsOf } from '../../model/plan.ts';
import { addressKey } from '../connector.ts';

/** Equal as Google keeps them: composed, trimmed; addresses by their key; lists without order, but for the primary address. */
export function sameTexts(name: FieldName, a: FieldValue, b: FieldValue): boolean {
  const fold = (text: string): string => (name === 'addresses' ? addressKey(text) : text.normalize('NFC').replace(/\s+/g, ' ').trim());
  const inOrder = (value: FieldValue): string => {
    const all = textsOf(value).map(fold);
    return JSON.stringify(name === 'addresses' ? [...all.slice(0, 1), ...all.slice(1).sort()] : all.sort());
  };
  return inOrder(a) === inOrder(b);
}
