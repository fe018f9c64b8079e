import type { RouteSettings } from '../model/configuration.ts';
import type { HeldPlan } from '../model/job.ts';
import type { Link } from '../model/link.ts';
import type { SkipReason } from '../model/plan.ts';
import { changeKey } from './breakers.ts';
import { type ExplainStep, WAY_IN } from './explain.ts';
import { changeText } from './explainMatch.ts';
import { count, listed, person } from './explainWords.ts';
import type { DraftChange } from './view.ts';

/** When the route runs next by its schedule; null: by hand only. */
export interface NextRun {
  readonly utc: string;
  readonly local: string;
  readonly timeZone: string;
}

/** What stands between the plan and its being carried out. */
export interface WaitFacts {
  readonly paused: boolean;
  readonly enabled: boolean;
  readonly held: HeldPlan | null;
  readonly rejected: boolean;
  readonly retry: Link['retry'];
  readonly runningJob: string | null;
  readonly nextRun: NextRun | null;
  readonly now: Date;
}

/** What the change waits for, if for anything. */
export function waitsStep(facts: WaitFacts, change: DraftChange | null): ExplainStep {
  const texts = waits(facts, change);
  const { held, retry, paused, enabled, rejected, runningJob, nextRun } = facts;
  const heldView = held && {
    job: held.job,
    plan: held.hash,
    at: held.at,
    expiresAt: held.expiresAt,
    heldBecause: held.trips,
    decision: held.decision,
  };
  return {
    step: 'waits',
    verdict: texts.length > 0 ? 'note' : 'ok',
    text: texts.length > 0 ? texts.join(' ') : 'Nothing is held, paused or waiting.',
    data: { paused, enabled, rejected, retryAt: retry?.at ?? null, tries: retry?.tries ?? 0, runningJob, nextRun, held: heldView },
  };
}

function waits({ paused, enabled, held, rejected, retry, runningJob, now }: WaitFacts, change: DraftChange | null): readonly string[] {
  const texts: string[] = [];
  if (!enabled) texts.push('The route is disabled: no job runs it until "enabled" is true.');
  if (paused) texts.push('The configuration is paused: jobs plan, and write nothing.');
  if (held && (held.decision === null || held.decision.what === 'rejected')) {
    const because = listed([...new Set(held.trips.map((trip) => `${trip.breaker} ${trip.value} of at most ${trip.limit}`))]);
    const covered = change && held.keys.includes(changeKey(change)) ? " This object's change is one of those held." : '';
    const what = held.decision ? `was rejected by ${held.decision.by} on ${held.decision.at}` : `is held since ${held.at} (${because})`;
    const step = held.decision
      ? 'it stays held until its changes differ'
      : `approve or reject it at job ${held.job}, until ${held.expiresAt}`;
    texts.push(`The route's plan ${what}: nothing of the route is written while the breakers trip; ${step}.${covered}`);
  } else if (rejected) texts.push('A plan of the route was rejected: the same changes stay held until they differ.');
  if (retry)
    texts.push(
      retry.at > now.toISOString()
        ? `Its last write failed (${count(retry.tries, 'try', 'tries')}); it is tried again after ${retry.at}, by a job by hand at once.`
        : `Its last write failed (${count(retry.tries, 'try', 'tries')}); the next job tries it again.`,
    );
  if (runningJob) texts.push(`Job ${runningJob} is running on this route now.`);
  return texts;
}

/** What planning decided about the entry, after claims. */
export interface Outlook {
  readonly change: DraftChange | null;
  readonly skipped: SkipReason | null;
  readonly incomplete: boolean;
  /** A link that the next run closes without writing. */
  readonly closes: boolean;
}

/** `The next run (2026-11-26 02:00:00 Europe/Paris)`. */
export function nextRunText(nextRun: NextRun | null): string {
  return nextRun ? `The next run (${nextRun.local} ${nextRun.timeZone})` : 'The next run (by hand: no schedule runs this route)';
}

/** What the next run would do, in one sentence (waits are told beside it). */
export function nextSentence(outlook: Outlook, route: RouteSettings, nextRun: NextRun | null, waiting: readonly string[]): string {
  const but = waiting.length > 0 ? ` But: ${waiting.join(' ')}` : '';
  return `${nextRunText(nextRun)} would ${what(outlook, route)}${but}`;
}

function what({ change, skipped, incomplete, closes }: Outlook, route: RouteSettings): string {
  if (incomplete) return 'leave its object as it is, because the entry could not be read completely.';
  if (change) return changeSentence(change, route);
  if (skipped) return `leave it out (${skipped}).${WAY_IN[skipped] ? ` ${WAY_IN[skipped]}` : ''}`;
  return closes ? 'close its link and write nothing.' : 'write nothing: its object is as it should be.';
}

function changeSentence(change: DraftChange, route: RouteSettings): string {
  const who = person(change.displayName, change.address, change.sourceId);
  switch (change.change) {
    case 'create':
      return `create ${who} in "${route.to}" as a ${change.as} (${change.reason}).`;
    case 'update': {
      const fields = change.fields.filter((field) => field.name !== 'stamp').map(changeText);
      return `update object ${change.targetId} (${change.reason}): ${fields.length > 0 ? fields.join('; ') : 'its stamp'}.`;
    }
    case 'adopt':
      return `adopt object ${change.targetId}: stamp it and write ${count(change.fields.length - 1, 'field')}.`;
    case 'hide':
      return `hide object ${change.targetId} (${change.reason}).`;
    case 'delete':
      return `delete object ${change.targetId} (${change.reason}).`;
    case 'keep':
      return `leave object ${change.targetId} as it is (kept: ${change.reason}).`;
    case 'skip':
      return `skip it (${change.reason}): ${skipSentence(change)}`;
  }
}

/** Why a row stands for nothing that is done, and the way out. */
export function skipSentence({ reason, owner }: DraftChange): string {
  const other = owner ? `${person(owner.displayName, undefined, owner.id)} (${owner.kind}, ${owner.id})` : 'another object';
  if (reason === 'collision')
    return `${other} has its address in ${owner?.attribute}. Free that address, or let the route adopt it ("push.existing").`;
  if (reason === 'claimed')
    return `${other} has the better claim to ${owner?.attribute}. One of the two must give the address up at its source.`;
  if (reason === 'takenOver') return `${owner?.attribute ?? ''} The object belongs to the target now.`;
  return `${owner?.attribute ?? ''} ${WAY_IN[reason as SkipReason] ?? ''}`.trim();
}
