import type { FieldValue } from '../model/plan.ts';
import { comparable, cutText } from './texts.ts';

const MOST = 80;
const MANY = 6;

/** A value inside a sentence: quoted, on one line, cut. Texts of people are data: whoever shows the sentence shows it as text (case R57). */
export function quoted(value: FieldValue | undefined): string {
  if (value === null || value === undefined || value.length === 0) return 'empty';
  if (typeof value === 'string') return `"${cut(value)}"`;
  const shown = value.slice(0, MANY).map((text) => `"${cut(text)}"`);
  return `${shown.join(', ')}${value.length > MANY ? ` and ${value.length - MANY} more` : ''}`;
}

function cut(text: string): string {
  const line = comparable(text).replace(/\s+/g, ' ');
  const short = cutText(line, MOST);
  return short.length < line.length ? `${short}…` : line;
}

/** `1 field`, `3 fields`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** How long something took or is ago, in its largest unit: `3 hours`. */
export function duration(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return count(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  return hours < 48 ? count(hours, 'hour') : count(Math.round(hours / 24), 'day');
}

/** `a, b and c`. */
export function listed(texts: readonly string[]): string {
  if (texts.length < 2) return texts[0] ?? '';
  return `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;
}

/** Who is meant, for a sentence: `"Ada Berg" <ada@a.example>`. */
export function person(displayName: string | undefined, address: string | undefined, id: string): string {
  const name = displayName ? quoted(displayName) : '';
  if (address) return name && displayName !== address ? `${name} <${cut(address)}>` : cut(address);
  return name || `object ${cut(id)}`;
}
