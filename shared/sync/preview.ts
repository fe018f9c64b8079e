import type { CheckOptions } from '../config/checkConfiguration.ts';
import type { Configuration, ConfigurationFault } from '../model/configuration.ts';
import type { SyncContext } from './context.ts';
import { sharedReads } from './previewReads.ts';
import { countText, type RoutePreview, routePreviews } from './previewReport.ts';
import { previewRange } from './previewRoute.ts';
import { openWork, type RouteWork } from './previewWork.ts';
import { checkedText, stillManaged } from './putConfiguration.ts';
import { Refusal } from './refusal.ts';

/** What a document would change, before it is saved (contract, `POST /api/configuration/preview`). Nothing is written anywhere. */
export interface Preview {
  /** False: `PUT` refuses this document now, for the `faults`; the effect is shown all the same. */
  readonly wouldBeSaved: boolean;
  readonly faults: readonly ConfigurationFault[];
  readonly warnings: readonly string[];
  readonly paused: { readonly now: boolean; readonly after: boolean };
  /** False: the time was over; numbers are of `ranges.done` of `ranges.of` ranges of entries. */
  readonly complete: boolean;
  readonly ranges: { readonly done: number; readonly of: number };
  readonly elapsedMs: number;
  /** The whole effect, one sentence for each route that is affected. */
  readonly answer: string;
  readonly connectors: { readonly added: readonly string[]; readonly dropped: readonly string[] };
  readonly routes: readonly RoutePreview[];
}

export interface PreviewOptions extends CheckOptions {
  /** An answer over HTTP must come within 230 s on Azure: planning begins no range after this time. */
  readonly budgetMs: number;
}

/**
 * Plans every affected route twice on the current snapshots, with the running configuration and with the given one, range by range, by the
 * code that plans jobs, and tells the difference. Throws `Refusal` 400 with all faults of a document that is invalid in itself.
 */
export async function previewConfiguration(context: SyncContext, text: string, options: PreviewOptions): Promise<Preview> {
  const began = context.now().getTime();
  const { configuration: next, warnings } = checkedText(text, options);
  const now = await runningConfiguration(context);
  const faults = now ? await stillManaged(context, now, next) : [];
  const reads = sharedReads(context.store);
  const works = await openWork({ ...context, store: reads.store }, now, next);
  reads.clear();
  const { done, of } = await planAll(context, works, reads.clear, began + options.budgetMs);
  const routes = await routePreviews(context, now, next, works);
  const paused = { now: now?.paused ?? false, after: next.paused };
  const complete = done === of;
  const ids = (configuration: Configuration | null): readonly string[] => configuration?.connectors.map((one) => one.id) ?? [];
  return {
    wouldBeSaved: faults.length === 0,
    faults,
    warnings,
    paused,
    complete,
    ranges: { done, of },
    elapsedMs: context.now().getTime() - began,
    answer: answerOf(routes, paused, complete, { done, of }, faults),
    connectors: { added: ids(next).filter((id) => !ids(now).includes(id)), dropped: ids(now).filter((id) => !ids(next).includes(id)) },
    routes,
  };
}

async function runningConfiguration(context: SyncContext): Promise<Configuration | null> {
  try {
    return (await context.configuration()).configuration;
  } catch (error) {
    // Nothing was saved yet: everything is new.
    if (error instanceof Refusal && error.type === 'not-configured') return null;
    throw error;
  }
}

/** Range by range over all routes in turn, so that a time that is over leaves a part of every route, not nothing of the last ones. */
async function planAll(
  context: SyncContext,
  works: readonly RouteWork[],
  clear: () => void,
  until: number,
): Promise<{ done: number; of: number }> {
  const of = works.reduce((n, work) => n + work.ranges.length, 0);
  const longest = Math.max(0, ...works.map((work) => work.ranges.length));
  let done = 0;
  for (let n = 0; n < longest; n += 1)
    for (const work of works) {
      const range = work.ranges[n];
      if (!range) continue;
      if (context.now().getTime() > until) return { done, of };
      await previewRange(work, range, work.unread.fields, work.samples);
      clear();
      work.done += 1;
      done += 1;
    }
  return { done, of };
}

function answerOf(
  routes: readonly RoutePreview[],
  paused: Preview['paused'],
  complete: boolean,
  ranges: Preview['ranges'],
  faults: readonly ConfigurationFault[],
): string {
  const told = routes.filter((route) => route.state !== 'unaffected').map((route) => `Route ${route.id}: ${route.effect}`);
  const texts = [
    ...told,
    told.length === 0 ? 'No route is affected.' : '',
    paused.after && !paused.now ? 'Paused: nothing of this is written until "paused" is false again.' : '',
    paused.now && !paused.after ? 'It ends the pause: the next jobs write.' : '',
    complete
      ? ''
      : `The time was over: the numbers are of ${ranges.done} of ${ranges.of} ranges of entries, so expect about ${countText(ranges)} as many.`,
    faults.length > 0 ? `It cannot be saved as it is: ${faults[0]!.message} ${faults[0]!.fix}` : '',
  ];
  return texts.filter(Boolean).join(' ');
}
