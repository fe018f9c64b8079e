import type { Capability } from '../connectors/connector.ts';
import { isAttributeName } from '../model/attributes.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { ChangeKind, FieldChange, FieldName, Fields, FieldValue } from '../model/plan.ts';
import { formatStamp } from '../model/stamp.ts';
import { joinX500 } from './diff.ts';
import { addressesOf } from './heldAddresses.ts';
import { aliasFor, type Projection } from './project.ts';
import { readAttribute } from './readAttribute.ts';
import { fillTemplate } from './texts.ts';
import type { DraftChange, PlanContext } from './view.ts';

/** A change of an entry that says nothing yet. */
export function base(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  link: Link | null,
  change: ChangeKind,
  reason: string,
): DraftChange {
  const name = projection.fields.displayName;
  return {
    route: context.route.id,
    change,
    kind: entry.kind,
    as: projection.as,
    sourceId: entry.id,
    targetId: link?.state === 'linked' ? link.targetId : null,
    address: projection.address,
    displayName: typeof name === 'string' ? name : projection.address,
    reason,
    orphan: false,
    fields: [],
    desired: null,
    stamp: formatStamp({ route: context.route.id, sourceId: entry.id, adopted: link?.adopted ?? false }),
    alias: link?.alias ?? aliasFor(context.route.id, entry),
    owner: null,
    countedBefore: false,
    takes: [],
    releases: [],
    relinkFrom: null,
    since: null,
    holders: [],
  };
}

/** The sign-in name of a new account: set once, by the create (contract, mailUser). `alias` is the one that we give it. */
export function signInName(context: PlanContext, entry: Entry, projection: Projection, link: Link | null): Fields {
  if (!context.capabilityOf(projection.as).fields.userPrincipalName) return {};
  const alias = link?.alias ?? aliasFor(context.route.id, entry);
  const name = fillTemplate(context.route.push.mailUser.userPrincipalName, (placeholder) =>
    placeholder === 'alias' ? alias : (readAttribute(entry, placeholder)[0] ?? ''),
  );
  return { userPrincipalName: name };
}

/** Replies survive: every X500 address ever seen of the person is put back on re-creation (promise 8). */
export function withKnownX500(context: PlanContext, { as, fields }: Projection, link: Link): Fields {
  if (!context.capabilityOf(as).fields.x500 || link.x500.length === 0 || !context.route.push.addresses.x500) return fields;
  return { ...fields, x500: joinX500(link.x500, fields.x500) };
}

/** The projection, and what it does not say: attributes of ours that the route pushes no longer are empty; who returns is shown again. */
export function desiredOf(context: PlanContext, projection: Projection, link: Link): Fields {
  const { fields: held, canHide } = context.capabilityOf(projection.as);
  const noLonger = Object.keys(link.written).filter((name) => isAttributeName(name) && held[name] && projection.fields[name] === undefined);
  const hidden = link.hidden && projection.fields.hidden === undefined && canHide ? { hidden: 'false' } : {};
  if (noLonger.length === 0 && !link.hidden) return projection.fields;
  return { ...Object.fromEntries(noLonger.map((name) => [name, null])), ...projection.fields, ...hidden };
}

/** What the object is known to hold: not what is still to be written, and of lists not what is the directory's own. */
export function comparedWith(context: PlanContext, { as }: Projection, link: Link, current: Fields): Fields {
  const own = withoutOthers(context.capabilityOf(as), current);
  if (!link.open) return own;
  const compared: Partial<Record<FieldName, FieldValue>> = { ...own };
  for (const name of link.open.fields) delete compared[name];
  return compared;
}

/** Of lists only what is not the directory's own. */
export function withoutOthers({ fields: held }: Pick<Capability, 'fields'>, current: Fields): Fields {
  let own: Partial<Record<FieldName, FieldValue>> | null = null;
  for (const name of Object.keys(current) as FieldName[]) {
    const value = current[name];
    if (held[name]?.keepsOthers && Array.isArray(value)) own = { ...(own ?? current), [name]: value.slice(0, held[name].maxValues) };
  }
  return own ?? current;
}

/** Address keys that a change newly takes at the target, and gives up. */
export function movesOf(
  context: PlanContext,
  projection: Projection,
  current: Fields,
  fields: readonly FieldChange[],
): Pick<DraftChange, 'takes' | 'releases'> {
  if (!fields.some((field) => field.name === 'addresses' || field.name === 'deliveryAddress')) return { takes: [], releases: [] };
  const held = addressesOf({ image: current });
  return {
    takes: projection.addressKeys.filter((key) => !held.includes(key)),
    releases: context.capabilityOf(projection.as).fields.addresses?.keepsOthers
      ? []
      : held.filter((key) => !projection.addressKeys.includes(key)),
  };
}
