import type { Change } from '../model/plan.ts';
import { beforeImage } from '../rules/heldAddresses.ts';
import type { SyncContext } from './context.ts';
import type { SettledRoute } from './settleRoutes.ts';

/**
 * Every change keeps its before-image (promise 10). An object that goes because others get its addresses is found out when claims are
 * settled, which know no more of it than its addresses: the rest is in its link.
 */
export async function withBeforeImages(context: SyncContext, routes: readonly SettledRoute[]): Promise<readonly SettledRoute[]> {
  const whole = async (change: Change): Promise<Change> => {
    if (change.change !== 'delete' || change.reason !== 'addressClaimed') return change;
    const link = await context.store.links.get(change.route, change.sourceId);
    const known = new Set(change.fields.map((field) => field.name));
    const rest = beforeImage(link?.image ?? {}).filter((field) => !known.has(field.name));
    return { ...change, fields: [...change.fields, ...rest] };
  };
  return Promise.all(routes.map(async (route) => ({ ...route, changes: await Promise.all(route.changes.map(whole)) })));
}
