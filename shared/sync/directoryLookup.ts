import { addressKey } from '../connectors/connector.ts';
import type { Configuration, RouteSettings } from '../model/configuration.ts';
import { domainOf, type Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { compileWithhold } from '../rules/withhold.ts';
import { SHARDS, type SnapshotRow, type SnapshotState } from '../store/store.ts';
import { entryOf } from './commitShards.ts';
import { connectorSettings, type SyncContext } from './context.ts';

/** One directory as its last complete read shows it: single objects by id or by key, without a scan. Withheld values are taken out. */
export interface DirectoryLookup {
  readonly connector: string;
  readonly state: SnapshotState;
  get(id: string): Promise<{ readonly entry: Entry; readonly row: SnapshotRow } | null>;
  /** Objects that hold a key of the index (`addressKey`, `stamp:…`, `x500:…`). */
  find(key: string): Promise<readonly Entry[]>;
}

/** Null if the connector was never read completely. */
export async function lookInto(context: SyncContext, configuration: Configuration, connector: string): Promise<DirectoryLookup | null> {
  const { snapshots } = context.store;
  const state = await snapshots.state(connector);
  if (!state) return null;
  const settings = connectorSettings(configuration, connector);
  const { sets } = context.open(settings, configuration).connector;
  const withhold = compileWithhold(settings.pull.withhold, context.now());
  const get: DirectoryLookup['get'] = async (id) => {
    const row = await snapshots.get(connector, id);
    const entry = row && entryOf(row, sets);
    return row && entry ? { entry: withhold(entry), row } : null;
  };
  return {
    connector,
    state,
    get,
    async find(key) {
      const index = await snapshots.index(connector, state.version);
      const found = await Promise.all(index.find(key).map(get));
      return found.flatMap((one) => (one ? [one.entry] : []));
    },
  };
}

/** Which attribute of an entry holds an address, in words; null: none of them. */
export function heldAs(entry: Entry, address: string): 'address' | 'user principal name' | 'delivery address' | null {
  const key = addressKey(address);
  if (entry.addresses.some((one) => addressKey(one) === key)) return 'address';
  if (entry.userPrincipalName && addressKey(entry.userPrincipalName) === key) return 'user principal name';
  return entry.deliveryAddress && addressKey(entry.deliveryAddress) === key ? 'delivery address' : null;
}

/** Source addresses that a route turns into this one (`addresses.domains`), itself first. */
export function sourceAddresses(route: RouteSettings, address: string): readonly string[] {
  const domain = domainOf(address);
  const name = address.slice(0, address.lastIndexOf('@'));
  const others = Object.entries(route.push.addresses.domains).flatMap(([from, to]) =>
    to.toLowerCase() === domain ? [`${name}@${from}`] : [],
  );
  return [address, ...others];
}

/** Searches the links of a route, ended ones too, until the time is over; `complete` false: not all were looked at. */
export async function searchLinks(
  context: SyncContext,
  route: string,
  until: number,
  accept: (link: Link) => boolean,
): Promise<{ readonly links: readonly Link[]; readonly complete: boolean }> {
  const links: Link[] = [];
  for (let from = 0; from < SHARDS; from += STEP) {
    if (context.now().getTime() > until) return { links, complete: false };
    for await (const link of context.store.links.range(route, from, from + STEP)) if (accept(link)) links.push(link);
  }
  return { links, complete: true };
}
const STEP = 16;

/** True if a link's object is or was known by this address. */
export function linkHolds(link: Link, address: string): boolean {
  const key = addressKey(address);
  const { addresses, deliveryAddress } = link.image;
  const held = [link.address, ...(Array.isArray(addresses) ? addresses : []), typeof deliveryAddress === 'string' ? deliveryAddress : ''];
  return held.some((one) => one !== '' && addressKey(one) === key);
}

/** How an entry is named in lists: nothing beyond what an administrator needs to recognise it. */
export function brief(
  connector: string,
  entry: Entry,
): { connector: string; object: string; kind: string; type: string; address: string; displayName: string } {
  const name = entry.attributes.displayName;
  return {
    connector,
    object: entry.id,
    kind: entry.kind,
    type: entry.type,
    address: entry.addresses[0] ?? '',
    displayName: typeof name === 'string' ? name : '',
  };
}
