import { addressKey } from '../connectors/connector.ts';
import type { Link } from '../model/link.ts';
import { type FieldChange, type Fields, type Owner, textsOf } from '../model/plan.ts';
import { formatStamp } from '../model/stamp.ts';
import type { Claimant, Winner } from './claims.ts';
import { sameValue } from './diff.ts';
import type { DraftChange } from './view.ts';

/** The row of an entry that gets no object because of others: `claimed`, or `collision` where an adopted object holds the address. */
export function claimedRow(change: DraftChange, winner: Winner): DraftChange {
  const reason = 'holder' in winner && winner.adopted ? 'collision' : 'claimed';
  return { ...change, change: 'skip', reason, owner: ownerOf(winner), fields: [], desired: null, takes: [], releases: [], holders: [] };
}

function ownerOf(winner: Winner): Owner {
  if ('holder' in winner) return { id: winner.holder.targetId, kind: 'managed', attribute: winner.holder.key };
  const { sourceId, kind, address, displayName } = winner.claimant.change;
  return { id: sourceId, kind, attribute: address, displayName };
}

/** A leaver's object that goes at once because somebody needs its address. Its hide was counted, or is not worth counting. */
export function deletedNow(change: DraftChange): DraftChange {
  return { ...change, change: 'delete', reason: 'addressClaimed', countedBefore: true, fields: [] };
}

/**
 * A linked entry's change without the addresses that it lost. `same`: then there is nothing to write. `nothing`: no address is left.
 * @param current what its object holds, where the change does not name it
 */
export function withoutAddresses(
  change: DraftChange,
  lost: ReadonlySet<string>,
  current: Pick<Claimant, 'addresses' | 'delivery'>,
): DraftChange | 'same' | 'nothing' {
  const named = change.fields.find((field) => field.name === 'addresses');
  const before = named ? textsOf(named.before) : (current.addresses ?? []);
  const after = (named ? textsOf(named.after) : before).filter((address) => !lost.has(addressKey(address)));
  const known = named !== undefined || current.addresses !== undefined;
  if (known && after.length === 0) return 'nothing';
  const fields: FieldChange[] = change.fields.filter(
    (field) => field.name !== 'addresses' && !(field.name === 'deliveryAddress' && lost.has(addressKey(textsOf(field.after)[0] ?? ''))),
  );
  const held = before.map(addressKey);
  const { delivery } = current;
  if (delivery && lost.has(addressKey(delivery)) && !change.fields.some((field) => field.name === 'deliveryAddress')) {
    fields.push({ name: 'deliveryAddress', before: delivery, after: null });
    held.push(addressKey(delivery));
  }
  if (known && !sameValue('addresses', after, before)) fields.push({ name: 'addresses', before: before.length ? before : null, after });
  if (fields.length === 0 && !change.converts) return 'same';
  return {
    ...change,
    fields,
    ...(change.desired ? { desired: withoutLost(change.desired, lost) } : {}),
    takes: change.takes.filter((key) => !lost.has(key)),
    releases: [...new Set([...change.releases, ...held.filter((key) => lost.has(key))])],
    holders: change.holders.filter((holder) => !lost.has(holder.key)),
  };
}

/** What a conversion makes anew, without the lost addresses. */
function withoutLost(desired: Fields, lost: ReadonlySet<string>): Fields {
  const addresses = textsOf(desired.addresses ?? null).filter((address) => !lost.has(addressKey(address)));
  const { deliveryAddress, ...rest } = desired;
  const delivers = deliveryAddress !== undefined && !lost.has(addressKey(textsOf(deliveryAddress)[0] ?? ''));
  return { ...rest, addresses, ...(delivers ? { deliveryAddress } : {}) };
}

/** A linked entry that changes nothing, as a claimant: what `settleClaims` needs of whoever holds an address that others want. */
export function standingChange(link: Link): DraftChange {
  return {
    route: link.route,
    change: 'update',
    kind: link.kind,
    as: link.as,
    sourceId: link.sourceId,
    targetId: link.targetId,
    address: link.address,
    displayName: link.displayName,
    reason: 'claimed',
    orphan: false,
    fields: [],
    desired: null,
    stamp: formatStamp({ route: link.route, sourceId: link.sourceId, adopted: link.adopted }),
    alias: link.alias,
    owner: null,
    countedBefore: false,
    takes: [],
    releases: [],
    relinkFrom: null,
    since: null,
    holders: [],
  };
}
