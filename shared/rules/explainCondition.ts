import type { Condition, Where } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import { compileCondition, isCondition } from './condition.ts';
import { quoted } from './explainWords.ts';
import { readAttribute } from './readAttribute.ts';

/** One node of a condition with its verdict for one entry. */
export interface ConditionVerdict {
  readonly holds: boolean;
  /** `all of`, `any of`, `not`, or the test as written: `jobTitle Equals "Engineer"`. */
  readonly text: string;
  /** Tests only: the values that the entry has (none: it counts as the empty text). */
  readonly found?: readonly string[];
  readonly parts: readonly ConditionVerdict[];
}

/** A condition node by node; each verdict is that of the compiled node itself. */
export function explainCondition(condition: Condition, entry: Entry, now: Date): ConditionVerdict {
  const holds = compileCondition(condition, now)(entry);
  const parts = (all: readonly Condition[]): readonly ConditionVerdict[] => all.map((part) => explainCondition(part, entry, now));
  if ('all' in condition) return { holds, text: 'all of', parts: parts(condition.all) };
  if ('any' in condition) return { holds, text: 'any of', parts: parts(condition.any) };
  if ('not' in condition) return { holds, text: 'not', parts: parts([condition.not]) };
  const { attribute, operator, value, caseSensitive } = condition;
  const text = `${attribute} ${operator} ${quoted(value)}${caseSensitive ? ' (case counts)' : ''}`;
  return { holds, text, found: readAttribute(entry, attribute), parts: [] };
}

/** The condition that regards an entry of this kind, node by node; null if none does. */
export function explainWhere(where: Where, entry: Entry, now: Date): ConditionVerdict | null {
  if (where === null) return null;
  const condition = isCondition(where) ? where : where[entry.kind];
  return condition ? explainCondition(condition, entry, now) : null;
}

/** The tests that made a node hold or fail, as few as do. */
export function decidingTests(verdict: ConditionVerdict): readonly ConditionVerdict[] {
  if (verdict.parts.length === 0) return [verdict];
  const same = verdict.parts.filter((part) => (verdict.text === 'not' ? part.holds !== verdict.holds : part.holds === verdict.holds));
  // One part settles an "any" that holds and an "all" that fails; all of an "all" that fails are told, so that nobody repairs one by one.
  const settling = verdict.text === 'any of' && verdict.holds ? same.slice(0, 1) : same;
  return settling.flatMap(decidingTests);
}

/** `jobTitle Equals "Engineer" does not hold: jobTitle is "Clerk"`. */
export function conditionText(verdict: ConditionVerdict): string {
  return decidingTests(verdict)
    .map((test) => {
      if (!test.found) return `${test.text} nothing ${test.holds ? 'holds' : 'does not hold'}`;
      const attribute = test.text.split(' ')[0]!;
      const found = test.found.length > 0 ? `is ${quoted(test.found)}` : 'is empty';
      return `${test.text} ${test.holds ? 'holds' : 'does not hold'}: ${attribute} ${found}`;
    })
    .join('; ');
}
