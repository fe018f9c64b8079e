import { z } from 'zod';
import type { Condition } from '../model/configuration.ts';
import { OPERATORS } from '../model/configuration.ts';
import { GROUP_TYPES } from '../model/entry.ts';

/** Small pieces that several parts of the document share. Bounds keep hostile documents cheap to check. */
export const Id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'an id has letters, digits, ".", "_" and "-", begins with a letter or digit, and has at most 63 characters',
  );
export const Texts = z.array(z.string().min(1).max(1024)).max(1000);
export const SettingName = z.string().max(2000).describe('The name of a setting or Key Vault secret, never the secret itself');
const Value = z.string().max(4096);

export const Test = z.strictObject({
  attribute: z.string().min(1).max(256),
  operator: z.string().refine((name) => OPERATORS.includes(name as never), { message: `an operator is one of ${OPERATORS.join(', ')}` }),
  value: z.union([Value, z.array(Value).max(1000)]),
  caseSensitive: z.boolean().optional(),
});

/** Which of the four forms a condition has is decided by its key, so that a fault names the right one. */
export const ConditionInput: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ all: z.array(ConditionInput).max(200) }),
    z.strictObject({ any: z.array(ConditionInput).max(200) }),
    z.strictObject({ not: ConditionInput }),
    Test as unknown as z.ZodType<Condition>,
  ]),
);

const ByKind = z.strictObject({
  user: ConditionInput.nullable().optional(),
  group: ConditionInput.nullable().optional(),
  contact: ConditionInput.nullable().optional(),
  room: ConditionInput.nullable().optional(),
  sharedMailbox: ConditionInput.nullable().optional(),
});

export const WhereInput = z.union([ConditionInput, ByKind]).nullable();

const Lists = { include: Texts.default([]), exclude: Texts.default([]) };

/** What the connector's `pull` and the route's `filter` share; `contacts` differs in its default. */
export const filterShape = (contacts: boolean) => ({
  users: z.boolean().default(true),
  groups: z.boolean().default(true),
  rooms: z.boolean().default(true).describe('rooms and equipment'),
  sharedMailboxes: z.boolean().default(true),
  contacts: z.boolean().default(contacts),
  groupTypes: z.array(z.enum(GROUP_TYPES)).default([...GROUP_TYPES]),
  onlyMembersOf: Texts.default([]),
  exceptMembersOf: Texts.default([]),
  nestedGroups: z.boolean().default(true),
  domains: z.strictObject({ ...Lists, of: z.enum(['primary', 'any']).default('primary') }).prefault({}),
  orgUnits: z.strictObject(Lists).prefault({}),
  where: WhereInput.default(null),
});
