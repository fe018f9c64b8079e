import type { PushType } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import { FailureError } from '../model/failure.ts';
import type { DraftChange, TargetView } from '../rules/view.ts';
import { holdsKey } from './ownWrites.ts';
import type { Planning } from './planning.ts';
import { createRowReader, type RowReader } from './rowReader.ts';
import { withTargetManager } from './targetManagers.ts';

/** More than this would keep the directory busy longer than reading it: the plan waits for a pass that reads it. */
const MOST = 500;

/**
 * Plans on an earlier read of the target what needs no newer one; before an object is hidden, deleted, released, adopted or re-linked, or
 * somebody is refused because of it, the object is asked for once by id, and planned upon as it is now.
 */
export async function planOnProof<T extends { readonly changes: readonly DraftChange[] }>(
  planning: Planning,
  view: TargetView,
  plan: (view: TargetView) => T,
): Promise<T> {
  const proven = new Map<string, Entry | null>();
  let planned = plan(view);
  if (planning.earlierTarget === null || planning.lookOnly) return planned;
  const rows = createRowReader(planning.context, planning.route.to, planning.target.sets);
  for (;;) {
    const open = new Map(planned.changes.flatMap((change) => reliesOn(planning, change)).filter(([id]) => !proven.has(id)));
    if (open.size === 0) return planned;
    if (proven.size + open.size > MOST) throw tooMany(planning.route.to);
    for (const [id, as] of open) proven.set(id, await asRead(planning, rows, await planning.target.get(id, as)));
    planned = plan(provenView(view, proven));
  }
}

/** An object as it is now, its manager told as in what was read. */
async function asRead(planning: Planning, rows: RowReader, entry: Entry | null): Promise<Entry | null> {
  if (entry?.managerRef === undefined) return entry;
  const index = await planning.context.store.snapshots.index(planning.route.to, planning.targetState.version);
  return withTargetManager(entry, null, index, rows);
}

/** Objects that a change regards in a way that cannot be taken back. Of strangers only those that this push type can ask for by id. */
function reliesOn({ capabilities }: Planning, change: DraftChange): readonly (readonly [string, PushType])[] {
  const { owner } = change;
  if (change.reason === 'collision') {
    const as = owner ? capabilities.find(({ types }) => types.includes(owner.kind))?.as : undefined;
    return owner && as ? [[owner.id, as]] : [];
  }
  const decisive =
    change.change !== 'keep' && change.change !== 'skip' && (change.orphan || change.change === 'adopt' || change.relinkFrom !== null);
  return decisive && change.targetId ? [[change.targetId, change.as]] : [];
}

function provenView(view: TargetView, proven: ReadonlyMap<string, Entry | null>): TargetView {
  return {
    ...view,
    sight(id) {
      const entry = proven.get(id);
      if (entry === undefined) return view.sight(id);
      return entry ? { there: true, entry, hash: null } : { there: false };
    },
    hits: (key) =>
      view.hits(key).flatMap((hit) => {
        const entry = proven.get(hit.id);
        if (entry === undefined) return [hit];
        return entry && holdsKey(entry, key) ? [entry] : [];
      }),
  };
}

function tooMany(target: string): FailureError {
  return new FailureError({
    code: 'incompleteRead',
    message: `More than ${MOST} objects of "${target}" would be removed, released or adopted on an earlier read of it (pullTargetEvery).`,
    nextStep: 'The next pass that reads the target plans it; a job by hand always reads it.',
  });
}
