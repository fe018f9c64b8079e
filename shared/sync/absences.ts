import type { Absence, Connector } from '../connectors/connector.ts';
import type { PendingCommit, SnapshotRow } from '../store/store.ts';

/** Before the mark of an absence: the directory itself says that the object is there. */
const THERE = '!';

/** Set → id → what the directory says of an object that a complete read of the set no longer shows. A set that is not in it needs no proof. */
export type Absences = ReadonlyMap<string, ReadonlyMap<string, Absence>>;

/**
 * Asks a directory what became of the objects of one range that a complete read no longer shows, where it has a way to ask: a glitch of a list is
 * no delete. Nothing is asked where nobody vanished. `calls`: what the questions cost.
 */
export async function askAbout(
  connector: Pick<Connector, 'confirmGone'>,
  pending: PendingCommit,
  before: readonly SnapshotRow[],
  isShown: (id: string, set: string) => boolean,
): Promise<{ readonly absences: Absences; readonly calls: number }> {
  const absences = new Map<string, ReadonlyMap<string, Absence>>();
  let calls = 0;
  if (!connector.confirmGone) return { absences, calls };
  for (const set of pending.fullSets) {
    const vanished = before.filter((row) => row.parts[set] && !isShown(row.id, set)).map((row) => row.id);
    const asked = vanished.length > 0 ? await connector.confirmGone(set, vanished) : null;
    if (asked) absences.set(set, asked.told);
    calls += asked?.calls ?? 0;
  }
  return { absences, calls };
}

/**
 * The mark under which an object stays although a complete read does not show it, or null: it is gone. Who is said to be there stays for as long as
 * that is said; of whom nothing is known, and everybody where rights or the property list changed, the next read decides (promise 4).
 */
export function absenceMark(pending: PendingCommit, row: SnapshotRow, set: string, absences: Absences): string | null {
  const told = absences.get(set);
  const answer = told?.get(row.id);
  if (answer === 'there') return `${THERE}${pending.pull}`;
  const mark = row.unconfirmed?.[set];
  const isFirst = mark === undefined || mark === pending.pull || mark.startsWith(THERE);
  const waits = pending.waitForConfirmation || (told !== undefined && answer === undefined);
  return waits && isFirst ? pending.pull : null;
}
