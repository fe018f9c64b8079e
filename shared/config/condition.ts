import { z } from 'zod';
import { type Condition, OPERATORS, type Where } from '../model/configuration.ts';
import { KINDS } from '../model/entry.ts';
import { isRecord } from './merge.ts';

const Value = z.string().max(4096);
const TEST_KEYS = ['attribute', 'operator', 'value', 'caseSensitive'];

/**
 * Which of its forms a condition has is decided by its keys, so that a fault names the key that is wrong. A plain union would tell the faults
 * of whichever branch fails last.
 */
function chosenBy(forms: (value: Record<string, unknown>) => z.ZodType) {
  return z.unknown().superRefine((value, context) => {
    if (!isRecord(value)) {
      context.addIssue({ code: 'custom', message: 'A condition is an object: { "all": […] }, { "any": […] }, { "not": … } or a test' });
      return;
    }
    const parsed = forms(value).safeParse(value);
    for (const issue of parsed.error?.issues ?? []) context.addIssue(issue as Parameters<typeof context.addIssue>[0]);
  });
}

function conditionForm(value: Record<string, unknown>): z.ZodType {
  if ('all' in value) return All;
  if ('any' in value) return Any;
  return 'not' in value ? Not : Test;
}

/** One condition: `all`, `any`, `not` or a test. Depth, attribute names, dates and regular expressions are judged by `conditionFaults`. */
export const ConditionInput = chosenBy(conditionForm) as unknown as z.ZodType<Condition>;

const Test = z.strictObject({
  attribute: z.string().min(1).max(256),
  operator: z.enum(OPERATORS),
  value: z.union([Value, z.array(Value).max(1000)]).describe('a text, or a list of which any (negative operators: none) matches'),
  caseSensitive: z.boolean().optional().describe('default false; addresses and domains never regard case'),
});
const All = z.strictObject({ all: z.array(ConditionInput).max(200) });
const Any = z.strictObject({ any: z.array(ConditionInput).max(200) });
const Not = z.strictObject({ not: ConditionInput });
const ByKind = z.strictObject(Object.fromEntries(KINDS.map((kind) => [kind, ConditionInput.nullable().optional()])));

/** A condition for every kind, or one by kind. */
export const WhereInput = chosenBy((value) =>
  ['all', 'any', 'not', ...TEST_KEYS].some((key) => key in value) ? conditionForm(value) : ByKind,
) as unknown as z.ZodType<Where>;

/** What `ConditionInput` and `WhereInput` are in the published schema, by definition name. */
export const CONDITION_FORMS: Readonly<Record<'condition' | 'where', readonly z.ZodType[]>> = {
  condition: [All, Any, Not, Test],
  where: [All, Any, Not, Test, ByKind],
};
