import { fieldsOf } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { type FieldChange, type FieldName, type FieldValue, textsOf } from '../model/plan.ts';
import { diffFields } from './diff.ts';
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
  const before = link.converting?.image ?? (sight.entry ? fieldsOf(sight.entry) : link.image);
  const from = link.converting?.from ?? link.as;
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
      begun: Boolean(link.converting),
      removesAccount: from !== projection.as && context.capabilityOf(from).holdsAccount === true,
    },
  };
  return { ...NOTHING, bucket: 'change', change, losses: projection.losses };
}
