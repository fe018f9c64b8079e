import { z } from 'zod';
import { ConditionInput } from './condition.ts';
import { Domain, DomainPatterns, Domains, filterShape, Id, Texts } from './primitives.ts';

const Share = z.number().min(0).max(100);
const Count = z.number().int().min(0).max(10_000_000);
const leaver = (policy: 'hideThenDelete' | 'delete') =>
  z
    .strictObject({
      policy: z.enum(['delete', 'hideThenDelete', 'hide', 'keep']).default(policy),
      days: z.number().int().min(0).max(3650).default(30),
    })
    .prefault({});
const leavers = (policy: 'hideThenDelete' | 'delete') => z.strictObject({ gone: leaver(policy), outOfScope: leaver(policy) }).prefault({});

const Push = z.strictObject({
  as: z.enum(['guest', 'mailUser', 'contact', 'mailboxContact', 'sharedContact']).optional(),
  groups: z.boolean().default(true),
  emptyFields: z.enum(['never', 'own', 'always']).default('own'),
  addressList: z.enum(['shown', 'hidden', 'likeSource', 'leave']).default('shown'),
  attributes: z
    .strictObject({
      only: z
        .union([z.literal('*'), Texts])
        .nullable()
        .default(null),
      except: Texts.default([]),
    })
    .prefault({}),
  set: z.record(z.string(), z.string().max(1024)).default({}),
  drift: z.strictObject({ default: z.enum(['reassert', 'leave']).default('reassert'), except: Texts.default([]) }).prefault({}),
  addresses: z
    .strictObject({
      secondary: z.boolean().default(true),
      except: DomainPatterns.default(['*.onmicrosoft.com', '*.test-google-a.com']),
      sip: z.boolean().default(false),
      x500: z.boolean().default(true),
      deliverTo: Domains.default([]),
      domains: z.record(Domain, Domain).default({}),
      keepOriginal: z.boolean().default(false),
    })
    .prefault({}),
  existing: z.enum(['report', 'adopt', 'takeOver']).default('report'),
  existingWhere: ConditionInput.nullable().default(null),
  mailUser: z
    .strictObject({
      userPrincipalName: z.string().max(1024).default('{alias}@<initial domain>'),
      signIn: z.enum(['blocked', 'allowed']).default('blocked'),
    })
    .prefault({}),
  mailboxes: z.strictObject({ of: Texts.default([]), folder: z.string().min(1).max(255).nullable().default(null) }).prefault({}),
});

const Schedule = z.strictObject({
  cron: z.union([z.string().max(200), z.array(z.string().max(200)).min(1).max(50)]),
  timeZone: z.string().max(100),
  automatic: z.boolean().default(true),
  pullTargetEvery: z.number().int().min(1).max(1000).default(1),
});

/** @param canHide whether the target can hide: where it cannot, leavers are deleted by default. */
export const routeInput = (canHide: boolean) =>
  z.strictObject({
    id: Id,
    name: z.string().min(1).max(200).optional(),
    from: z.string(),
    to: z.string(),
    enabled: z.boolean().default(true),
    filter: z.strictObject(filterShape(true)).prefault({}),
    push: Push.prefault({}),
    leavers: leavers(canHide ? 'hideThenDelete' : 'delete'),
    breakers: z
      .strictObject({
        removals: z.strictObject({ count: Count.default(10), percent: Share.default(5), max: Count.default(500) }).prefault({}),
        creations: Count.default(500),
        clearedPercent: Share.default(5),
        addressChangesPercent: Share.default(20),
        sourceShrinkPercent: Share.default(10),
        firstRun: z.enum(['auto', 'run', 'hold']).default('auto'),
        approvalHours: z.number().int().min(1).max(8760).default(168),
      })
      .prefault({}),
    schedule: Schedule.nullable().default(null),
  });

const Duration = z.string().regex(/^[1-9]\d{0,4}d$/, 'a duration is a number of days such as 90d');
export const RetentionInput = z
  .strictObject({ jobs: Duration.default('400d'), changes: Duration.default('90d'), logs: Duration.default('90d') })
  .prefault({});
