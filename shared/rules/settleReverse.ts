import { claimedRow } from './claimLoss.ts';
import { orderChanges } from './claimOrder.ts';
import type { SettledChange } from './claims.ts';
import type { DraftChange, Holder } from './view.ts';

/**
 * Orders the changes of an undo or a retire: releases before takes. Nobody's object is moved aside for them: who would take an address
 * that an object of ours keeps is skipped (`claimed`), naming that object.
 */
export function settleReverse(changes: readonly DraftChange[], uniqueAddresses: boolean): readonly SettledChange[] {
  if (!uniqueAddresses) return changes.map((change) => ({ change, order: 0, firstPart: false }));
  let settled = changes;
  for (;;) {
    const byTarget = new Map(settled.flatMap((change) => (change.targetId ? [[change.targetId, change] as const] : [])));
    const blocked = new Map<DraftChange, Holder>();
    for (const change of settled) {
      const holder = change.holders.find((one) => !gives(byTarget.get(one.targetId), one.key));
      if (holder) blocked.set(change, holder);
    }
    if (blocked.size === 0) return orderChanges(settled);
    // Who is skipped frees nothing either: looked at again until nothing changes.
    settled = settled.map((change) => {
      const holder = blocked.get(change);
      return holder ? claimedRow(change, { holder, adopted: false }) : change;
    });
  }
}

function gives(change: DraftChange | undefined, key: string): boolean {
  return change !== undefined && (change.change === 'delete' || (change.change === 'update' && change.releases.includes(key)));
}
