import type { Entry } from '../model/entry.ts';
import { type Failure, failureOf } from '../model/failure.ts';
import type { Link } from '../model/link.ts';
import { type Matched, matchEntry } from '../rules/match.ts';
import type { Planned, TargetView } from '../rules/view.ts';
import type { Planning } from './planning.ts';
import {
  type Candidate,
  candidateOf,
  type Decided,
  decideCandidate,
  decideGone,
  managersOf,
  neededKeys,
  withSettledManager,
} from './planRange.ts';
import { withManagerOf } from './superiors.ts';
import { openManagers } from './targetManagers.ts';
import { openSights, openTargetView } from './targetSight.ts';

/** What planning makes of one entry, or of a link whose entry is gone; the same decisions as in a job, before claims. */
export interface Looked {
  readonly candidate: Candidate | null;
  readonly link: Link | null;
  readonly view: TargetView;
  readonly matched: Matched | null;
  readonly decided: Decided;
  readonly planned: Planned | null;
  /** The target could not be asked for an object that its last read does not show. */
  readonly unasked: Failure | null;
}

/** Plans one entry (its withheld values taken out) without a job. */
export async function lookAtEntry(planning: Planning, read: Entry, link: Link | null): Promise<Looked> {
  const entry = await withManagerOf(planning, read);
  const unsettled = candidateOf(planning, entry, link);
  const keys = unsettled.projection ? neededKeys(planning, entry, unsettled.projection) : [];
  const { view, unasked } = await sightOfTarget(planning, keys, link ? [link] : [], managersOf(planning, [unsettled]));
  const candidate = withSettledManager(planning, unsettled, view);
  const matched = candidate.projection ? matchEntry(planning.plan, entry, candidate.projection, link, view) : null;
  const decided = decideCandidate(planning, candidate, view);
  return { candidate, link, view, matched, decided, planned: decided.planned, unasked };
}

/** Plans what happens to a managed object whose source is gone. */
export async function lookAtGone(planning: Planning, link: Link): Promise<Looked> {
  const { view, unasked } = await sightOfTarget(planning, [], [link]);
  const planned = decideGone(planning, link, view);
  return {
    candidate: null,
    link,
    view,
    matched: null,
    decided: { planned, skipped: null, invalid: null, incomplete: false },
    planned,
    unasked,
  };
}

/** An object that the read does not show is asked for by id, as planning does; a target that does not answer spoils no explanation. */
async function sightOfTarget(
  planning: Planning,
  keys: readonly string[],
  links: readonly Link[],
  managers: readonly string[] = [],
): Promise<{ readonly view: TargetView; readonly unasked: Failure | null }> {
  let unasked: Failure | null = null;
  const target = {
    ...planning.target,
    get: async (...asked: Parameters<typeof planning.target.get>): Promise<Entry | null> => {
      try {
        return await planning.target.get(...asked);
      } catch (error) {
        unasked = failureOf(error);
        return null;
      }
    },
  };
  // Between runs our own writes are newer than the read: what their links remember counts.
  const fresh = links.filter((link) => link.state === 'linked' && (link.writtenAt ?? '') > planning.targetState.completedAt);
  const read = links.filter((link) => !fresh.includes(link));
  const asking = { ...planning, target };
  const sights = await openSights(asking, read);
  const whom = openManagers(asking, sights, read);
  await whom.learn(managers);
  const view = await openTargetView(asking, sights, keys, read, whom);
  const written = new Set(fresh.map((link) => link.targetId));
  const sight: TargetView['sight'] = (id) => (written.has(id) ? { there: true, entry: null, hash: null } : view.sight(id));
  return { view: { ...view, sight }, unasked };
}
