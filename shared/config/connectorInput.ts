import { z } from 'zod';
import { ConditionInput } from './condition.ts';
import { Domains, filterShape, Id, SettingName, Texts } from './primitives.ts';

const Pull = z.strictObject({
  ...filterShape(false),
  internalOnlyGroups: z.boolean().default(true),
  disabledUsers: z.boolean().default(false),
  externalUsers: z.boolean().default(false),
  hiddenEntries: z.boolean().default(false),
  withhold: z
    .array(z.strictObject({ attributes: Texts.min(1), where: ConditionInput.nullable().default(null) }))
    .max(100)
    .default([]),
});

const base = {
  id: Id,
  name: z.string().min(1).max(200).optional(),
  owns: Domains.nullable().default(null),
  pull: Pull.prefault({}),
  limits: z
    .strictObject({
      lanes: z.number().int().min(1).max(16).nullable().default(null),
      requestsPerMinute: z.number().int().min(1).max(1_000_000).nullable().default(null),
    })
    .prefault({}),
};
const endpoints = (names: readonly string[]) =>
  z.strictObject(Object.fromEntries(names.map((name) => [name, z.string().max(2048).optional()]))).prefault({});
const stamp = z
  .string()
  .regex(/^customAttribute([1-9]|1[0-5])$/, 'a stamp place is customAttribute1 … customAttribute15')
  .default('customAttribute15');
const Guid = z.string().min(1).max(200);

export const Microsoft365Input = z.strictObject({
  ...base,
  kind: z.literal('microsoft365'),
  tenant: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'a tenant is a domain or a GUID'),
  cloud: z.enum(['global', 'usgov', 'dod', 'china']).default('global'),
  endpoints: endpoints(['login', 'graph', 'exchange']),
  credential: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('clientSecret'), clientId: Guid, secret: SettingName }),
    z.strictObject({ kind: z.literal('certificate'), clientId: Guid, certificate: SettingName }),
    z.strictObject({ kind: z.literal('federated'), clientId: Guid, managedIdentityClientId: Guid.optional() }),
  ]),
  stamp,
});

export const GoogleInput = z.strictObject({
  ...base,
  kind: z.literal('googleWorkspace'),
  domain: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'a domain such as fabrikam.example'),
  customer: z.string().min(1).max(100).default('my_customer'),
  endpoints: endpoints(['token', 'sts', 'iam', 'admin', 'groupsSettings', 'contacts']),
  credential: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('serviceAccountKey'), key: SettingName, subject: z.string().min(3).max(320) }),
    z.strictObject({
      kind: z.literal('workloadIdentity'),
      audience: z.string().max(500),
      serviceAccount: z.string().max(320),
      subject: z.string().min(3).max(320),
      managedIdentityClientId: Guid.optional(),
    }),
  ]),
});

const TextOrTexts = z.union([z.string().min(1).max(1024), Texts.min(1)]);

export const OnPremisesInput = z.strictObject({
  ...base,
  kind: z.literal('exchangeOnPremises'),
  endpoints: endpoints(['ldap']),
  credential: z.strictObject({ kind: z.literal('agent'), agent: Id }),
  directory: z.strictObject({ url: TextOrTexts, base: TextOrTexts, writeTo: z.string().min(1).max(1024).optional() }),
  exchange: z
    .strictObject({ version: z.enum(['2007', '2010', '2013', '2016', '2019', 'SE']), url: z.string().max(2048).optional() })
    .nullable()
    .default(null),
  stamp,
});

export const CONNECTOR_INPUTS = {
  microsoft365: Microsoft365Input,
  googleWorkspace: GoogleInput,
  exchangeOnPremises: OnPremisesInput,
} as const;
