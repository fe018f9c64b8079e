import { addressKey, type Capability, fieldsOf } from '../connectors/connector.ts';
import type { ConnectorSettings, Filter, PushSettings, RouteSettings } from '../model/configuration.ts';
import { type Entry, GROUP_TYPES } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { Fields } from '../model/plan.ts';
import { formatStamp } from '../model/stamp.ts';
import type { PlanTotals } from './breakers.ts';
import { planEntry } from './planEntry.ts';
import { compileProjection } from './project.ts';
import { compileSettled } from './settled.ts';
import type { DraftChange, ManagerSight, PlanContext, Planned, TargetView } from './view.ts';

/** Small, believable pieces for tests of rules: one person, one route, one target in memory. */
export const NOW = new Date('2026-11-25T12:00:00Z');

export function anEntry(more: Partial<Entry> = {}): Entry {
  return {
    id: 'u1',
    kind: 'user',
    type: 'UserMailbox',
    addresses: ['ada@a.example'],
    enabled: true,
    external: false,
    hidden: false,
    attributes: { displayName: 'Ada Berg', jobTitle: 'Engineer' },
    ...more,
  };
}

const FILTER: Filter = {
  users: true,
  groups: true,
  rooms: true,
  sharedMailboxes: true,
  contacts: true,
  groupTypes: GROUP_TYPES,
  onlyMembersOf: [],
  exceptMembersOf: [],
  nestedGroups: true,
  domains: { include: [], exclude: [], of: 'primary' },
  orgUnits: { include: [], exclude: [] },
  where: null,
};

const PUSH: PushSettings = {
  as: 'contact',
  groups: true,
  emptyFields: 'own',
  addressList: 'shown',
  attributes: { only: null, except: [] },
  set: {},
  drift: { default: 'reassert', except: [] },
  addresses: {
    secondary: true,
    except: ['*.onmicrosoft.com', '*.test-google-a.com'],
    sip: false,
    x500: true,
    deliverTo: [],
    domains: {},
    keepOriginal: false,
  },
  existing: 'report',
  existingWhere: null,
  mailUser: { userPrincipalName: '{alias}@<initial domain>', signIn: 'blocked' },
  mailboxes: { of: [], folder: null },
};

export interface RouteParts {
  readonly filter?: Partial<Filter>;
  readonly push?: Partial<Omit<PushSettings, 'addresses'>> & { readonly addresses?: Partial<PushSettings['addresses']> };
  readonly leavers?: Partial<RouteSettings['leavers']>;
  readonly schedule?: RouteSettings['schedule'];
  readonly to?: string;
}

export function aRoute(parts: RouteParts = {}): RouteSettings {
  return {
    id: 'a-to-b',
    name: 'a to b',
    from: 'a',
    to: parts.to ?? 'b',
    enabled: true,
    filter: { ...FILTER, ...parts.filter },
    push: { ...PUSH, ...parts.push, addresses: { ...PUSH.addresses, ...parts.push?.addresses } },
    leavers: { gone: { policy: 'hideThenDelete', days: 30 }, outOfScope: { policy: 'hideThenDelete', days: 30 }, ...parts.leavers },
    breakers: {
      removals: { count: 10, percent: 5, max: 500 },
      creations: 500,
      clearedPercent: 5,
      addressChangesPercent: 20,
      sourceShrinkPercent: 10,
      firstRun: 'auto',
      approvalHours: 168,
    },
    schedule: parts.schedule ?? null,
  };
}

/** Totals of a plan in which nothing changes. */
export const NOTHING_PLANNED: PlanTotals = {
  removals: 0,
  removalsBefore: 0,
  creations: 0,
  adoptions: 0,
  clearing: 0,
  addressChanges: 0,
  linked: 1_000,
  source: {},
  accepted: null,
  firstRun: false,
};

export function aSource(
  pull: Partial<ConnectorSettings['pull']> = {},
  kind: ConnectorSettings['kind'] = 'microsoft365',
): ConnectorSettings {
  const settings = {
    id: 'a',
    name: 'A',
    kind,
    owns: null,
    endpoints: {},
    limits: { lanes: null, requestsPerMinute: null },
    pull: {
      ...FILTER,
      contacts: false,
      internalOnlyGroups: true,
      disabledUsers: false,
      externalUsers: false,
      hiddenEntries: false,
      withhold: [],
      ...pull,
    },
  };
  return settings as unknown as ConnectorSettings;
}

export const TARGET: Capability = {
  as: 'contact',
  types: ['MailContact'],
  needs: [],
  canHide: true,
  uniqueAddresses: true,
  knownLag: false,
  lanes: 1,
  fields: {
    displayName: { maxLength: 64 },
    jobTitle: { maxLength: 32 },
    city: {},
    notes: {},
    businessPhones: { maxValues: 2 },
    addresses: { maxValues: 20 },
    deliveryAddress: {},
    x500: {},
    sip: {},
    hidden: {},
  },
  normalise: (_name, value) => value,
  respells: new Set(),
};

export interface World {
  readonly context: PlanContext;
  readonly view: TargetView;
}

/** A target that holds `objects`; source ids in `absent` are gone from a complete read. */
export function aWorld(
  route: RouteSettings,
  objects: readonly Entry[],
  more: {
    absent?: readonly string[];
    capability?: Capability;
    stale?: boolean;
    now?: Date;
    routes?: readonly string[];
    unread?: readonly string[];
    /** Target id → source id of the link that names it. */
    linked?: Readonly<Record<string, string>>;
    /** Managers at the target by their addresses: id, or null for one who comes by the plan. */
    managers?: Readonly<Record<string, ManagerSight>>;
  } = {},
): World {
  const capability = more.capability ?? TARGET;
  const byId = new Map(objects.map((entry) => [entry.id, entry]));
  const keysOf = (entry: Entry): readonly string[] => [
    ...[...entry.addresses, entry.userPrincipalName ?? '', entry.deliveryAddress ?? ''].filter((text) => text !== '').map(addressKey),
    `stamp:${entry.stamp ?? ''}`,
  ];
  return {
    context: {
      route,
      capabilityOf: () => capability,
      select: () => ({ kept: true }),
      project: compileProjection(route, capability),
      settled: compileSettled(route, () => capability),
      existingWhere: () => true,
      sourceStale: more.stale ?? false,
      now: more.now ?? NOW,
      ...(more.routes ? { routes: new Set(more.routes) } : {}),
    },
    view: {
      sight(id) {
        const entry = byId.get(id);
        if (!entry) return { there: false };
        return { there: true, entry: more.unread?.includes(id) ? null : entry, hash: 'read' };
      },
      hits: (key) => objects.filter((entry) => keysOf(entry).includes(key)),
      linkOf(id) {
        const sourceId = more.linked?.[id];
        return sourceId === undefined ? null : { sourceId, adopted: false };
      },
      sourceHas: (id) => !(more.absent ?? []).includes(id),
      manager: (address) => more.managers?.[address] ?? null,
    },
  };
}

/** What is planned for an entry that is pushed as a contact. */
export function planOf(entry: Entry, link: Link | null, world: World): Planned {
  return planEntry(world.context, entry, world.context.project(entry, 'contact'), link, world.view);
}

/** A contact of ours in the target. */
export function aContact(id: string, sourceId: string, more: Partial<Entry> = {}): Entry {
  return anEntry({
    id,
    kind: 'contact',
    type: 'MailContact',
    stamp: formatStamp({ route: 'a-to-b', sourceId, adopted: false }),
    ...more,
  });
}

/** The link of a contact of ours, as it stands after a read that confirmed our last write. */
export function aLink(target: Entry, sourceId: string, more: Partial<Link> = {}): Link {
  return {
    route: 'a-to-b',
    sourceId,
    state: 'linked',
    kind: 'user',
    as: 'contact',
    targetId: target.id,
    adopted: false,
    intent: null,
    doneChange: 'job.1.a-to-b.0',
    image: fieldsOf(target),
    imageHash: 'read',
    written: {},
    notKept: {},
    leaving: null,
    hidden: false,
    alias: 'ada.12345678',
    address: target.addresses[0] ?? '',
    displayName: 'Ada Berg',
    x500: [],
    writtenAt: '2026-11-20T00:00:00Z',
    retry: null,
    endedBecause: null,
    ...more,
  };
}

/** A planned change for tests of claims. */
export function aChange(sourceId: string, more: Partial<DraftChange> = {}): DraftChange {
  return {
    route: 'a-to-b',
    change: 'update',
    kind: 'user',
    as: 'contact',
    sourceId,
    targetId: `t-${sourceId}`,
    address: `${sourceId}@a.example`,
    displayName: `Person ${sourceId}`,
    reason: 'changed',
    orphan: false,
    fields: [],
    desired: null,
    stamp: formatStamp({ route: 'a-to-b', sourceId, adopted: false }),
    alias: `al.${sourceId}`,
    owner: null,
    countedBefore: false,
    takes: [],
    releases: [],
    relinkFrom: null,
    since: null,
    holders: [],
    ...more,
  };
}

/** What a target shows after a change was carried out on `before`. */
export function applied(before: Fields, change: Pick<DraftChange, 'fields'>): Fields {
  return { ...before, ...Object.fromEntries(change.fields.map(({ name, after }) => [name, after])) };
}
