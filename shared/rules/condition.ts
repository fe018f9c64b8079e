import { RE2JS } from 're2js';
import { isAttributeName } from '../model/attributes.ts';
import type { Condition, ConditionTest, Where } from '../model/configuration.ts';
import type { Entry, Kind } from '../model/entry.ts';
import { parseDate, parseDateOrOffset } from './dates.ts';
import { attributeReader } from './readAttribute.ts';

const REMEMBERED = 2_000;
const LONGEST_REMEMBERED = 200;

export type Predicate = (entry: Entry) => boolean;

/** Addresses and domains never regard case (contract, Conditions). */
const CASELESS = new Set(['addresses', 'primaryAddress', 'domain', 'userPrincipalName', 'manager', 'otherAddresses']);

/**
 * Compiles a condition once. Missing, null and `''` are one thing: the single value `''`. A positive operator holds when any value passes
 * against any of the listed texts; its negative is exactly its negation. A regex that does not compile throws: it never fails open.
 */
export function compileCondition(condition: Condition, now: Date): Predicate {
  if ('all' in condition) {
    const parts = condition.all.map((part) => compileCondition(part, now));
    return (entry) => parts.every((part) => part(entry));
  }
  if ('any' in condition) {
    const parts = condition.any.map((part) => compileCondition(part, now));
    return (entry) => parts.some((part) => part(entry));
  }
  if ('not' in condition) {
    const inner = compileCondition(condition.not, now);
    return (entry) => !inner(entry);
  }
  return compileTest(condition, now);
}

/** A condition for every kind, or one by kind (a kind that is not named passes). */
export function compileWhere(where: Where, now: Date): Predicate {
  if (where === null) return () => true;
  if (isCondition(where)) return compileCondition(where, now);
  const byKind = new Map<Kind, Predicate>();
  for (const [kind, condition] of Object.entries(where) as [Kind, Condition | null][])
    if (condition) byKind.set(kind, compileCondition(condition, now));
  return (entry) => byKind.get(entry.kind)?.(entry) ?? true;
}

/** True for a condition for every kind, false for conditions by kind. */
export function isCondition(where: NonNullable<Where>): where is Condition {
  return 'all' in where || 'any' in where || 'not' in where || 'attribute' in where;
}

function compileTest(test: ConditionTest, now: Date): Predicate {
  const texts = typeof test.value === 'string' ? [test.value] : test.value;
  const negative = test.operator.startsWith('DoesNot');
  const caseSensitive = (test.caseSensitive ?? false) && !CASELESS.has(test.attribute);
  const passes = texts.map((text) => compileOperator(test.operator, text, caseSensitive, now));
  const read = attributeReader(test.attribute);
  const passesAny = remembered((value) => passes.some((pass) => pass(value)));
  const own = isAttributeName(test.attribute) ? test.attribute : null;
  return (entry) => {
    // Most are single texts: no list is made of them.
    const single = own && entry.attributes[own];
    if (typeof single === 'string') return passesAny(single) !== negative;
    const found = read(entry);
    const holds = found.length > 0 ? found.some(passesAny) : passesAny('');
    return negative ? !holds : holds;
  };
}

/** Departments, titles and domains are few, and each is tested many thousand times: the last answers are kept. */
function remembered(test: (value: string) => boolean): (value: string) => boolean {
  const answers = new Map<string, boolean>();
  return (value) => {
    const known = answers.get(value);
    if (known !== undefined) return known;
    const answer = test(value);
    if (answers.size >= REMEMBERED) answers.clear();
    if (value.length <= LONGEST_REMEMBERED) answers.set(value, answer);
    return answer;
  };
}

function compileOperator(operator: ConditionTest['operator'], text: string, caseSensitive: boolean, now: Date): (value: string) => boolean {
  const fold = (value: string): string => (caseSensitive ? value.normalize('NFC') : foldCase(value));
  const wanted = fold(text);
  switch (operator) {
    case 'Equals':
    case 'DoesNotEqual':
      return (value) => fold(value) === wanted;
    case 'Contains':
    case 'DoesNotContain':
      return (value) => fold(value).includes(wanted);
    case 'StartWith':
    case 'DoesNotStartWith':
      return (value) => fold(value).startsWith(wanted);
    case 'EndsWith':
    case 'DoesNotEndWith':
      return (value) => fold(value).endsWith(wanted);
    case 'MatchRegex':
    case 'DoesNotMatchRegex': {
      const pattern = compileRegex(text, caseSensitive);
      return (value) => pattern.matcher(value.normalize('NFC')).find();
    }
    case 'DateAfter':
    case 'DateBefore': {
      const limit = parseDateOrOffset(text, now);
      return (value) => {
        const at = parseDate(value);
        if (at === null || limit === null) return false;
        return operator === 'DateAfter' ? at > limit : at < limit;
      };
    }
  }
}

/** Without regard to case, wherever a text stands: the Greek final sigma is a sigma. */
function foldCase(value: string): string {
  return value.normalize('NFC').toLowerCase().replaceAll('ς', 'σ');
}

/** RE2 syntax on a linear-time engine; throws for look-around and back-references. */
export function compileRegex(text: string, caseSensitive: boolean): RE2JS {
  return RE2JS.compile(text.normalize('NFC'), caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);
}
