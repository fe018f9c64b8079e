import type { GroupType, Kind } from './entry.ts';

/**
 * The configuration document after `expand`: every default written out, meshes worked out, `defaults` merged.
 * Names, values and defaults are those of the contract; `shared/config` owns the zod schema and produces these types.
 */
export interface Configuration {
  readonly version: 1;
  readonly paused: boolean;
  readonly connectors: readonly ConnectorSettings[];
  readonly routes: readonly RouteSettings[];
  readonly retention: { readonly jobs: string; readonly changes: string; readonly logs: string };
}

export const OPERATORS = [
  'Equals',
  'DoesNotEqual',
  'Contains',
  'DoesNotContain',
  'StartWith',
  'DoesNotStartWith',
  'EndsWith',
  'DoesNotEndWith',
  'MatchRegex',
  'DoesNotMatchRegex',
  'DateAfter',
  'DateBefore',
] as const;
export type Operator = (typeof OPERATORS)[number];

export interface ConditionTest {
  readonly attribute: string;
  readonly operator: Operator;
  readonly value: string | readonly string[];
  readonly caseSensitive?: boolean | undefined;
}
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | ConditionTest;

/** Attributes that a condition reads. */
export function conditionNames(condition: Condition): readonly string[] {
  if ('all' in condition) return condition.all.flatMap(conditionNames);
  if ('any' in condition) return condition.any.flatMap(conditionNames);
  return 'not' in condition ? conditionNames(condition.not) : [condition.attribute];
}

/** A condition for every kind, or one by kind (a kind that is not named passes). */
export type Where = Condition | Partial<Record<Kind, Condition | null>> | null;

/** What an entry must pass: the connector's `pull` and the route's `filter` have the same tests. */
export interface Filter {
  readonly users: boolean;
  readonly groups: boolean;
  readonly rooms: boolean;
  readonly sharedMailboxes: boolean;
  readonly contacts: boolean;
  readonly groupTypes: readonly GroupType[];
  readonly onlyMembersOf: readonly string[];
  readonly exceptMembersOf: readonly string[];
  readonly nestedGroups: boolean;
  readonly domains: { readonly include: readonly string[]; readonly exclude: readonly string[]; readonly of: 'primary' | 'any' };
  readonly orgUnits: { readonly include: readonly string[]; readonly exclude: readonly string[] };
  readonly where: Where;
}

export interface PullSettings extends Filter {
  readonly internalOnlyGroups: boolean;
  readonly disabledUsers: boolean;
  readonly externalUsers: boolean;
  readonly hiddenEntries: boolean;
  readonly withhold: readonly { readonly attributes: readonly string[]; readonly where: Condition | null }[];
}

interface ConnectorBase {
  readonly id: string;
  readonly name: string;
  /** null: the directory's verified domains. */
  readonly owns: readonly string[] | null;
  readonly pull: PullSettings;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly limits: { readonly lanes: number | null; readonly requestsPerMinute: number | null };
}

export type Microsoft365Credential =
  | { readonly kind: 'clientSecret'; readonly clientId: string; readonly secret: string }
  | { readonly kind: 'certificate'; readonly clientId: string; readonly certificate: string }
  | { readonly kind: 'federated'; readonly clientId: string; readonly managedIdentityClientId?: string | undefined };

export interface Microsoft365Settings extends ConnectorBase {
  readonly kind: 'microsoft365';
  readonly tenant: string;
  readonly cloud: 'global' | 'usgov' | 'dod' | 'china';
  readonly credential: Microsoft365Credential;
  /** `customAttribute1` … `customAttribute15` */
  readonly stamp: string;
}

export type GoogleCredential =
  | { readonly kind: 'serviceAccountKey'; readonly key: string; readonly subject: string }
  | {
      readonly kind: 'workloadIdentity';
      readonly audience: string;
      readonly serviceAccount: string;
      readonly subject: string;
      readonly managedIdentityClientId?: string | undefined;
    };

export interface GoogleWorkspaceSettings extends ConnectorBase {
  readonly kind: 'googleWorkspace';
  readonly domain: string;
  readonly customer: string;
  readonly credential: GoogleCredential;
}

export interface ExchangeOnPremisesSettings extends ConnectorBase {
  readonly kind: 'exchangeOnPremises';
  readonly credential: { readonly kind: 'agent'; readonly agent: string };
  readonly directory: {
    readonly url: string | readonly string[];
    readonly base: string | readonly string[];
    readonly writeTo?: string | undefined;
  };
  readonly exchange: { readonly version: string; readonly url?: string | undefined } | null;
  readonly stamp: string;
}

export type ConnectorSettings = Microsoft365Settings | GoogleWorkspaceSettings | ExchangeOnPremisesSettings;
export type ConnectorKind = ConnectorSettings['kind'];

export type PushType = 'guest' | 'mailUser' | 'contact' | 'mailboxContact' | 'sharedContact';

export interface PushSettings {
  readonly as: PushType;
  readonly groups: boolean;
  readonly emptyFields: 'never' | 'own' | 'always';
  readonly addressList: 'shown' | 'hidden' | 'likeSource' | 'leave';
  readonly attributes: { readonly only: readonly string[] | '*' | null; readonly except: readonly string[] };
  readonly set: Readonly<Record<string, string>>;
  readonly drift: { readonly default: 'reassert' | 'leave'; readonly except: readonly string[] };
  readonly addresses: {
    readonly secondary: boolean;
    readonly except: readonly string[];
    readonly sip: boolean;
    readonly x500: boolean;
    readonly deliverTo: readonly string[];
    readonly domains: Readonly<Record<string, string>>;
    readonly keepOriginal: boolean;
  };
  readonly existing: 'report' | 'adopt' | 'takeOver';
  readonly existingWhere: Condition | null;
  readonly mailUser: { readonly userPrincipalName: string; readonly signIn: 'blocked' | 'allowed' };
  readonly mailboxes: { readonly of: readonly string[]; readonly folder: string | null };
}

export type LeaverPolicy = 'delete' | 'hideThenDelete' | 'hide' | 'keep';

export interface Breakers {
  readonly removals: { readonly count: number; readonly percent: number; readonly max: number };
  readonly creations: number;
  readonly clearedPercent: number;
  readonly addressChangesPercent: number;
  readonly sourceShrinkPercent: number;
  readonly firstRun: 'auto' | 'run' | 'hold';
  readonly approvalHours: number;
}

export interface Schedule {
  readonly cron: string | readonly string[];
  readonly timeZone: string;
  readonly automatic: boolean;
  readonly pullTargetEvery: number;
}

export interface RouteSettings {
  readonly id: string;
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly enabled: boolean;
  readonly filter: Filter;
  readonly push: PushSettings;
  readonly leavers: {
    readonly gone: { readonly policy: LeaverPolicy; readonly days: number };
    readonly outOfScope: { readonly policy: LeaverPolicy; readonly days: number };
  };
  readonly breakers: Breakers;
  readonly schedule: Schedule | null;
}

/** One fault of a configuration document. `path` is a JSON Pointer. */
export interface ConfigurationFault {
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}
