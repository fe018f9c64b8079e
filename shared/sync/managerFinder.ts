import { addressKey, type Referenced } from '../connectors/connector.ts';
import type { Configuration, PushType } from '../model/configuration.ts';
import type { Link } from '../model/link.ts';
import { pushTypeOf } from '../model/pushType.ts';
import type { TargetIndex } from '../store/store.ts';
import { connectorSettings, type SyncContext } from './context.ts';
import { madeAgainBy } from './madeAgain.ts';
import { createRowReader } from './rowReader.ts';
import { standsThere } from './targetManagers.ts';

/** The object that an address means when a manager is written. `waits`: this job may still make it. */
export type FoundManager = { readonly object: Referenced } | { readonly object: null; readonly waits: boolean };

/** Finds managers' objects (`account`: for an account that names them) by what the links say at that moment, in the stores alone: the target is asked for nothing. */
export type ManagerFinder = (route: string, address: string, writer: { readonly account: boolean }) => Promise<FoundManager>;

/** The job whose changes are written. */
export interface FinderRun {
  readonly job: string;
  readonly round: number;
  readonly target: string;
  /** It takes back another job: it makes objects that neither the source nor the route ask for. */
  readonly undoes: boolean;
}

/**
 * A finder for one activity that writes into `target`. Found ones are kept; who was not there is looked for again, until every change of the
 * job has an outcome: then nobody comes any more.
 */
export function createManagerFinder(context: SyncContext, configuration: Configuration, run: FinderRun): ManagerFinder {
  const found = new Map<string, FoundManager>();
  const { sets, capability } = context.open(connectorSettings(configuration, run.target), configuration).connector;
  const rows = createRowReader(context, run.target, sets);
  let over = false;
  const isOver = async (): Promise<boolean> => {
    if (!over) {
      const progress = (await context.store.jobs.get(run.job))?.job.progress;
      over = progress !== undefined && progress.done >= progress.total;
    }
    return over;
  };
  const look = async (route: string, address: string, account: boolean): Promise<FoundManager> => {
    const known = await linksOf(context, configuration, run, route, address);
    const standing = known.map(({ link }) => link).find((link) => link?.state === 'linked' && link.targetId !== null) ?? null;
    // What is about to be replaced would be gone again in a moment.
    const becomes = known.find(({ link }) => link === standing)?.becomes;
    const replaced = standing !== null && (standing.converting || (becomes !== undefined && becomes !== standing.as));
    if (replaced && !(await isOver())) return { object: null, waits: true };
    const index = await indexOf(context, run.target);
    const id = standing?.targetId ?? (index && (await standsThere({ route, known: known.length > 0 }, index, rows, address)));
    if (!id) return { object: null, waits: known.length > 0 && !(await isOver()) };
    // Accounts name a contact by the id that group lists know it by; an account has but one.
    const isAccount = standing !== null && capability(standing.as).holdsAccount === true;
    const memberId = account && !isAccount && index?.has(id) ? (await rows.get(id))?.memberId : undefined;
    return { object: { id, ...(memberId === undefined ? {} : { memberId }) } };
  };
  return async (route, address, { account }) => {
    const key = `${route} ${account} ${addressKey(address)}`;
    const known = found.get(key) ?? (await look(route, address, account));
    if (known.object) found.set(key, known);
    return known;
  };
}

interface KnownLink {
  /** null: there is none yet. */
  readonly link: Link | null;
  /** What this job makes of its object. */
  readonly becomes?: PushType | undefined;
}

/** The links of everybody in the route's source who has the address, or whom this undo makes again. */
async function linksOf(
  context: SyncContext,
  configuration: Configuration,
  { job, round, undoes }: FinderRun,
  route: string,
  address: string,
): Promise<readonly KnownLink[]> {
  const settings = configuration.routes.find((one) => one.id === route);
  const index = settings ? await indexOf(context, settings.from) : null;
  const key = addressKey(address);
  const again = undoes ? await madeAgainBy(context.store, { job, round, route }) : null;
  const ids = new Set([...(again?.sources.get(key) ?? []), ...(index?.find(key) ?? [])]);
  return Promise.all(
    [...ids].map(async (id): Promise<KnownLink> => {
      const link = await context.store.links.get(route, id);
      if (again) return { link, becomes: again.types.get(id) };
      return { link, becomes: link && settings && !link.adopted ? pushTypeOf(settings.push.as, link.kind) : undefined };
    }),
  );
}

async function indexOf(context: SyncContext, connector: string): Promise<TargetIndex | null> {
  const state = await context.store.snapshots.state(connector);
  return state && context.store.snapshots.index(connector, state.version);
}
