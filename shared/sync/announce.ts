import type { Job } from '../model/job.ts';
import type { Link } from '../model/link.ts';
import type { Change, Outcome } from '../model/plan.ts';
import type { SyncContext } from './context.ts';
import { hasOpenCreate } from './writeChange.ts';

export interface Announced {
  readonly change: Change;
  readonly link: Link;
  /** An earlier attempt announced this create and its answer is unknown. */
  readonly lookUp: boolean;
}

/**
 * Step 1 of writing changes: the intents of a batch go into the link rows, one transaction per partition, before any call.
 * Changes that wait for their retry get their outcome at once: a scheduled job does only what is due, one by hand retries everything.
 */
export async function announce(
  context: SyncContext,
  open: readonly Change[],
  trigger: Job['trigger'],
  outcomes: Record<string, Outcome>,
): Promise<readonly Announced[]> {
  const at = context.now().toISOString();
  const links = await Promise.all(open.map((change) => linkFor(context, change)));
  const announced: Announced[] = [];
  const fresh: Link[] = [];
  for (const [n, change] of open.entries()) {
    const before = links[n]!;
    if (before.open?.change === change.id) {
      announced.push({ change, link: before, lookUp: false });
      continue;
    }
    if (waits(before, trigger, at)) {
      outcomes[change.id] = waiting(before, at);
      continue;
    }
    if (before.intent?.change === change.id || before.doneChange === change.id) {
      announced.push({ change, link: before, lookUp: change.change === 'create' && hasOpenCreate(before) });
      continue;
    }
    const lookUp = change.change === 'create' && hasOpenCreate(before);
    // The oldest open intent counts: everything created since then may be ours.
    const intent = {
      change: change.id,
      at: lookUp ? before.intent!.at : at,
      what: change.change as 'create',
      alias: lookUp ? before.intent!.alias : change.alias,
    };
    const link: Link = {
      ...before,
      intent,
      ...(change.change === 'create' && before.state !== 'linked'
        ? { state: 'intent', targetId: null, former: before.targetId ?? before.former ?? null }
        : {}),
    };
    fresh.push(link);
    announced.push({ change, link, lookUp });
  }
  if (fresh.length > 0) await context.store.links.putMany(fresh);
  return announced;
}

/** Takes back the announcement of creates that were not begun. */
export async function withdraw(context: SyncContext, rest: readonly Announced[]): Promise<void> {
  const unsent = rest
    .filter(({ change, link, lookUp }) => change.change === 'create' && !lookUp && link.open?.change !== change.id)
    .map(({ link }): Link => ({ ...link, intent: null }));
  if (unsent.length > 0) await context.store.links.putMany(unsent);
}

function waits(link: Link, trigger: Job['trigger'], at: string): boolean {
  return link.retry !== null && link.retry.at > at && (trigger === 'schedule' || trigger === 'retry');
}

function waiting(link: Link, at: string): Outcome {
  const failure = {
    code: 'notYetVisible' as const,
    message: `This object is tried again after ${link.retry!.at}.`,
    nextStep: 'Wait, or start a job by hand to try at once.',
  };
  return { result: 'failed', at, targetId: link.targetId, failure, retryAt: link.retry!.at, owner: null, note: 'waiting' };
}

async function linkFor(context: SyncContext, change: Change): Promise<Link> {
  const known = await context.store.links.get(change.route, change.sourceId);
  if (known) return known;
  const old = change.relinkFrom ? await context.store.links.get(change.route, change.relinkFrom) : null;
  return {
    route: change.route,
    sourceId: change.sourceId,
    state: 'intent',
    kind: change.kind,
    as: old?.as ?? change.as,
    targetId: change.targetId,
    adopted: old?.adopted ?? false,
    intent: null,
    doneChange: null,
    image: old?.image ?? imageOf(change),
    imageHash: null,
    written: old?.written ?? {},
    notKept: {},
    leaving: null,
    hidden: old?.hidden ?? false,
    alias: old?.alias ?? change.alias,
    address: change.address,
    displayName: change.displayName,
    x500: old?.x500 ?? [],
    writtenAt: null,
    retry: null,
    endedBecause: null,
  };
}

/** What an adopted object held before we touched it, as far as the plan saw it. */
function imageOf(change: Change): Link['image'] {
  if (change.change !== 'adopt') return {};
  return Object.fromEntries(change.fields.map((field) => [field.name, field.before]));
}
