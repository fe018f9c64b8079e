import { z } from 'zod';
import { GROUP_TYPES } from '../model/entry.ts';
import { WhereInput } from './condition.ts';

/** Small pieces that several parts of the document share. Bounds keep hostile documents cheap to check. */
export const Id = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'an id has letters, digits, ".", "_" and "-", begins with a letter or digit, and has at most 63 characters',
  );
export const Texts = z.array(z.string().min(1).max(1024)).max(1000);
export const SettingName = z.string().max(2000).describe('The name of a setting or Key Vault secret, never the secret itself');
/** A mail domain, in lists that allow it also `*.` for its subdomains. */
const DOMAIN = /^[\p{L}\p{N}_]([\p{L}\p{N}._-]{0,251}[\p{L}\p{N}])?$/u;
export const Domain = z.string().regex(DOMAIN, 'a domain such as contoso.example, without "@"');
export const Domains = z.array(Domain).max(1000);
export const DomainPatterns = z
  .array(
    z.string().refine((text) => DOMAIN.test(text.replace(/^\*\./, '')), {
      message: 'a domain such as contoso.example, or *.contoso.example for its subdomains',
    }),
  )
  .max(1000);

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
  domains: z
    .strictObject({
      include: DomainPatterns.default([]),
      exclude: DomainPatterns.default([]),
      of: z.enum(['primary', 'any']).default('primary'),
    })
    .prefault({}),
  orgUnits: z.strictObject(Lists).prefault({}),
  where: WhereInput.nullable().default(null),
});
