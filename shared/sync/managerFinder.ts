import { addressKey, type Referenced } from '../connectors/connector.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Link } from '../model/link.ts';
import { pushTypeOf } from '../model/pushType.ts';
import type { TargetIndex } from '../store/store.ts';
import { connectorSettings, type SyncContext } from './context.ts';
import { standsThere } from './targetManagers.ts';
import { createRowReader } from './targetSight.ts';

/** The object that an address means when a manager is written. `waits`: this job may still make it. */
export type FoundManager = { readonly object: Referenced } | { readonly object: null; readonly waits: boolean };

/** Finds managers' objects (`account`: for an account that names them) by what the links say at that moment, in the stores alone: the target is asked for nothing. */
export type ManagerFinder = (route: string, address: string, writer: { readonly account: boolean }) => Promise<FoundManager>;

/**
 * A finder for one activity that writes into `target`. Found ones are kept; who was not there is looked for again, until every change of the
 * job has an outcome: then nobody comes any more.
 */
export function createManagerFinder(
  context: SyncContext,
  configuration: Configuration,
  run: { readonly job: string; readonly target: string },
): ManagerFinder {
  const found = new Map<string, FoundManager>();
  const { sets, capability } = context.open(connectorSettings(configuration, run.target), configuration).connector;
  const rows = createRowReader({ context }, run.target, sets);
  let over = false;
  const isOver = async (): Promise<boolean> => {
    if (!over) {
      const progress = (await context.store.jobs.get(run.job))?.job.progress;
      over = progress !== undefined && progress.done >= progress.total;
    }
    return over;
  };
  const look = async (route: string, address: string, account: boolean): Promise<FoundManager> => {
    const links = await linksOf(context, configuration, route, address);
    const as = configuration.routes.find((one) => one.id === route)?.push.as;
    const standing = links.find((link) => link?.state === 'linked' && link.targetId !== null) ?? null;
    // What is about to be replaced would be gone again in a moment.
    const replaced =
      standing !== null && (standing.converting || (as && !standing.adopted && standing.as !== pushTypeOf(as, standing.kind)));
    if (replaced && !(await isOver())) return { object: null, waits: true };
    const index = await indexOf(context, run.target);
    const id = standing?.targetId ?? (index && (await standsThere({ route, known: links.length > 0 }, index, rows, address)));
    if (!id) return { object: null, waits: links.length > 0 && !(await isOver()) };
    // Accounts name a contact by the id that group lists know it by; an account has but one.
    const isAccount = standing !== null && capability(standing.as).holdsAccount === true;
    const memberId = account && !isAccount && index?.has(id) ? (await rows(id))?.memberId : undefined;
    return { object: { id, ...(memberId === undefined ? {} : { memberId }) } };
  };
  return async (route, address, { account }) => {
    const key = `${route} ${account} ${addressKey(address)}`;
    const known = found.get(key) ?? (await look(route, address, account));
    if (known.object) found.set(key, known);
    return known;
  };
}

/** The links of everybody in the route's source who has the address; null for who has none yet. */
async function linksOf(
  context: SyncContext,
  configuration: Configuration,
  route: string,
  address: string,
): Promise<readonly (Link | null)[]> {
  const from = configuration.routes.find((one) => one.id === route)?.from;
  const index = from === undefined ? null : await indexOf(context, from);
  return Promise.all((index?.find(addressKey(address)) ?? []).map((id) => context.store.links.get(route, id)));
}

async function indexOf(context: SyncContext, connector: string): Promise<TargetIndex | null> {
  const state = await context.store.snapshots.state(connector);
  return state && context.store.snapshots.index(connector, state.version);
}
