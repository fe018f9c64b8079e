import type { SettledChange } from '../rules/claims.ts';
import { beforeImage } from '../rules/heldAddresses.ts';
import type { SyncContext } from './context.ts';

/**
 * Every change keeps its before-image (promise 10). An object that goes because others get its addresses is found out when claims are
 * settled, which know no more of it than its addresses: the rest is in its link.
 */
export async function withBeforeImages(context: SyncContext, settled: readonly SettledChange[]): Promise<readonly SettledChange[]> {
  return Promise.all(
    settled.map(async (one) => {
      const { change } = one;
      if (change.change !== 'delete' || change.reason !== 'addressClaimed') return one;
      const link = await context.store.links.get(change.route, change.sourceId);
      const known = new Set(change.fields.map((field) => field.name));
      const rest = beforeImage(link?.image ?? {}).filter((field) => !known.has(field.name));
      return { ...one, change: { ...change, fields: [...change.fields, ...rest] } };
    }),
  );
}
