import type { Link } from '../model/link.ts';
import type { ExplainStep } from './explain.ts';
import type { NextRun } from './explainNext.ts';
import { count } from './explainWords.ts';
import { deletionDay } from './leavers.ts';
import type { PlanContext, Planned } from './view.ts';

/** What is known of an object that leaves. */
interface Leaver {
  readonly link: Link;
  readonly planned: Planned;
  /** The policy, as the configuration spells it: `leavers.gone: hideThenDelete after 30 days`. */
  readonly name: string;
  readonly deletesHidden: boolean;
  readonly days: number;
  readonly timeZone: string;
  readonly since: string | null;
  readonly nextRun: NextRun | null;
  readonly now: Date;
}

/** What becomes of the object, and the day on which it is deleted, if it is. */
interface Fate {
  readonly text: string;
  readonly deleteOn: string | null;
  /** The day rests on a run that has not been yet. */
  readonly estimated: boolean;
}

/** Why an object leaves, by which policy, and when it is deleted. */
export function leaverStep(
  context: PlanContext,
  link: Link,
  reason: 'gone' | 'outOfScope',
  planned: Planned,
  nextRun: NextRun | null,
): ExplainStep {
  const { policy, days } = context.route.leavers[reason];
  const timeZone = context.route.schedule?.timeZone ?? 'UTC';
  const since = planned.link?.leaving?.since ?? link.leaving?.since ?? null;
  const deletesHidden = policy === 'hideThenDelete';
  const name = `leavers.${reason}: ${deletesHidden ? `hideThenDelete after ${count(days, 'day')}` : policy}`;
  const { text, deleteOn, estimated } = fateOf({ link, planned, name, deletesHidden, days, timeZone, since, nextRun, now: context.now });
  return {
    step: 'leaver',
    verdict: 'note',
    text,
    data: {
      reason,
      policy,
      days,
      timeZone,
      since,
      hidden: link.hidden,
      targetId: link.targetId,
      change: planned.change?.change ?? null,
      keptBecause: planned.keptReason,
      deleteOn,
      estimated,
    },
  };
}

function fateOf(leaver: Leaver): Fate {
  const { change, link } = leaver.planned;
  if (!change)
    return stays(
      link?.endedBecause === 'takenOver'
        ? 'Its object is not ours any more: the link is closed, nothing is removed.'
        : 'Its object is not in the target any more: there is nothing left to remove, the link is closed.',
    );
  if (change.change === 'delete') return isDeleted(leaver);
  return change.change === 'hide' ? isHidden(leaver) : isKept(leaver);
}

function isDeleted({ link, since, name, nextRun }: Leaver): Fate {
  const hide = link.hidden && since ? ` It was hidden on ${since}.` : '';
  return {
    text: `Its object is deleted by the next run (${name}).${hide}`,
    deleteOn: nextRun?.local.slice(0, 10) ?? null,
    estimated: true,
  };
}

function isHidden({ deletesHidden, days, timeZone, name, nextRun, now }: Leaver): Fate {
  const day = deletesHidden ? deletionDay(nextRun?.utc ?? now.toISOString(), days, timeZone) : null;
  const after = day ? ` If the next run hides it, it is ${deletedFrom(day, timeZone)}.` : ' It is never deleted.';
  return { text: `Its object is hidden by the next run (${name}).${after}`, deleteOn: day, estimated: true };
}

function isKept(leaver: Leaver): Fate {
  switch (leaver.planned.keptReason) {
    case 'grace':
      return waitsItsDays(leaver);
    case 'adopted':
      return stays('Its object was there before galsync and was adopted: it is released (the stamp goes), never hidden or deleted.');
    case 'staleSource':
      return stays('The source was last read more than 24 hours ago: nothing is hidden or deleted before it is read again.');
    case 'unconfirmed':
      return stays('It is outside only through a group that could not be read completely: its object stays until that is certain.');
    default:
      return stays(`Its object stays (${leaver.name}). It is not deleted.`);
  }
}

function waitsItsDays({ link, since, days, timeZone, name, now }: Leaver): Fate {
  const day = deletionDay(since ?? now.toISOString(), days, timeZone);
  const is = link.hidden ? `has been hidden since ${since}` : 'stays as it is';
  return {
    text: `Its object ${is} and is ${deletedFrom(day, timeZone)} (${name}, counted from ${since ?? 'the next push'}).`,
    deleteOn: day,
    estimated: link.leaving === null,
  };
}

/** Nothing is deleted, and that is certain. */
function stays(text: string): Fate {
  return { text, deleteOn: null, estimated: false };
}

function deletedFrom(day: string | null, timeZone: string): string {
  return `deleted by the first job on or after ${day} (${timeZone})`;
}
