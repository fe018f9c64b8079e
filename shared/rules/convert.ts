import { fieldsOf } from '../connectors/connector.ts';
import type { PushType } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { type FieldChange, type FieldName, type Fields, type FieldValue, textsOf } from '../model/plan.ts';
import { diffFields, hashValue, sameValue } from './diff.ts';
import { base, desiredOf, movesOf, signInName, withKnownX500 } from './draft.ts';
import type { Matched } from './match.ts';
import type { Projection } from './project.ts';
import { type DraftChange, NOTHING, type PlanContext, type Planned, type Sight } from './view.ts';

/**
 * The entry's object is of another push type than its route says by now (or a conversion was begun and not finished): it is replaced, as one
 * update with the reason `converted`. The new object holds what the old one would hold after an update, so also what others wrote there.
 * The old one's X500 addresses, its own legacyExchangeDN among them, go over to it: replies to old mail find it (promise 8).
 */
export function convert(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  link: Link,
  sight: Extract<Sight, { there: true }>,
  matched: Matched,
): Planned {
  const half = link.converting;
  const before = half?.image ?? (sight.entry ? wholeOf(sight.entry) : link.image);
  // One that was begun into another type is taken back: what is left then is the old object, or its successor if that is there.
  const from = half?.to === projection.as ? half.from : link.as;
  const holds = context.capabilityOf(projection.as).fields;
  const { emptyFields, drift } = context.route.push;
  const wanted = desiredOf(context, projection, link);
  const fields: readonly FieldChange[] = diffFields(wanted, before, {
    emptyFields,
    drift,
    written: link.written,
    notKept: link.notKept,
  }).filter(({ name }) => holds[name]);
  const desired: Partial<Record<FieldName, FieldValue>> = {};
  for (const [name, value] of Object.entries(before) as [FieldName, FieldValue][]) if (holds[name]) desired[name] = value;
  for (const { name, after } of fields) desired[name] = after;
  const x500 = [...link.x500, ...textsOf(before.x500)];
  const change: DraftChange = {
    ...base(context, entry, projection, link, 'update', 'converted'),
    ...movesOf(context, projection, before, fields),
    fields,
    desired: {
      ...withKnownX500(context, { ...projection, fields: desired }, { ...link, x500 }),
      ...signInName(context, entry, projection, link),
    },
    holders: matched.holders,
    converts: {
      from,
      begun: half?.to === projection.as || from === projection.as,
      removesAccount: removesAccount(context, from, projection.as),
      before: { image: before, own: ownFields(link, wanted, before), leaving: link.leaving?.reason ?? null },
    },
  };
  return { ...NOTHING, bucket: 'change', change, losses: projection.losses };
}

/** All that an object holds, its sign-in name included. */
export function wholeOf(entry: Entry): Fields {
  return { ...fieldsOf(entry), ...(entry.userPrincipalName ? { userPrincipalName: entry.userPrincipalName } : {}) };
}

/** True if an account goes with the object that is replaced. */
export function removesAccount({ capabilityOf }: Pick<PlanContext, 'capabilityOf'>, from: PushType, as: PushType): boolean {
  return from !== as && capabilityOf(from).holdsAccount === true;
}

/** Fields of an object that hold what galsync wrote there. A value that the target spells its own way is ours while it is what we want. */
export function ownFields(link: Link, wanted: Fields, held: Fields): readonly FieldName[] {
  return (Object.keys(link.written) as FieldName[]).filter((name) => {
    const there = held[name] ?? null;
    return (
      there !== null && (link.written[name] === hashValue(there) || (wanted[name] !== undefined && sameValue(name, wanted[name], there)))
    );
  });
}
