import { addressKey } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import { parseStamp } from '../model/stamp.ts';
import { person } from '../rules/explainWords.ts';
import { brief, type DirectoryLookup, heldAs, lookInto } from './directoryLookup.ts';
import { type Around, readFacts } from './explainFacts.ts';
import type { Explanation, OtherObject, Told } from './explanation.ts';

/** Where else an address or id is known: every other directory of the configuration, by index. */
export async function elsewhere(around: Around, asked: Explanation['asked']): Promise<readonly OtherObject[]> {
  const { context, configuration, route } = around;
  const found: OtherObject[] = [];
  for (const { id } of configuration.connectors) {
    if (id === route.from || id === route.to) continue;
    const lookup = await lookInto(context, configuration, id);
    for (const entry of lookup ? await hits(lookup, asked) : []) found.push(otherObject(around, id, entry, asked.address));
  }
  return found.slice(0, 10);
}

async function hits(lookup: DirectoryLookup, asked: Explanation['asked']): Promise<readonly Entry[]> {
  if (asked.address !== undefined) return lookup.find(addressKey(asked.address));
  const found = await lookup.get(asked.object ?? '');
  return found ? [found.entry] : [];
}

function otherObject({ configuration }: Around, connector: string, entry: Entry, address: string | undefined): OtherObject {
  const routes = configuration.routes.filter((route) => route.from === connector).map((route) => route.id);
  const { type, ...who } = brief(connector, entry);
  const as = address === undefined ? null : heldAs(entry, address);
  const holds = as && as !== 'address' ? `, as its ${as}` : '';
  const ask =
    routes.length > 0
      ? ` Ask there: ${routes
          .slice(0, 3)
          .map((id) => `/api/routes/${id}/explain`)
          .join(', ')}.`
      : '';
  const text = `"${connector}" has it: ${person(who.displayName, who.address, entry.id)}, a ${type} (${entry.id})${holds}.${ask}`;
  return { ...who, text };
}

/** An object of the target that this route does not manage: the target's own, or another route's. */
export async function explainTargetObject(around: Around, entry: Entry): Promise<Told> {
  const { route, configuration } = around;
  const stamp = parseStamp(entry.stamp);
  const who = brief(route.to, entry);
  const name = person(who.displayName, who.address, entry.id);
  const known = stamp ? configuration.routes.find((one) => one.id === stamp.route) : undefined;
  const answer = !stamp
    ? `${name} is an object of "${route.to}" itself (${entry.type}), without a galsync stamp, and the source does not have it.`
    : known
      ? `${name} is an object of "${route.to}" that route "${known.id}" ${stamp.adopted ? 'adopted' : 'made'}: its source is object ${stamp.sourceId} of "${known.from}".`
      : `${name} is an object of "${route.to}" with the stamp of route "${stamp.route}", which is not configured: it belongs to somebody else.`;
  const next = !stamp
    ? `This route never touches it. Nobody of the source who wants one of its addresses gets an object (collision), unless the route adopts it ("push.existing").`
    : known?.id === route.id
      ? 'Its source is not in the last complete read and no link row is left: it stays as it is (kept: unlinked). A relink of the route rebuilds the link.'
      : known
        ? `This route never touches it. Ask /api/routes/${known.id}/explain?object=${encodeURIComponent(stamp.sourceId)}.`
        : 'No route of this configuration touches it.';
  const [, target] = await readFacts(around, null);
  const object = { step: 'target' as const, verdict: 'stop' as const, text: answer, data: { entry, stamp } };
  return {
    found: 'targetObject',
    object: stamp && known?.id === route.id ? stamp.sourceId : null,
    target: entry.id,
    kind: entry.kind,
    address: who.address,
    displayName: who.displayName,
    answer,
    next,
    steps: [target!, object],
    others: [],
  };
}
