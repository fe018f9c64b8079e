import { Cron } from 'croner';
import type { ConfigurationFault, Schedule } from '../model/configuration.ts';

const CRON_OPTIONS = { mode: '5-part', legacyMode: true } as const;

/**
 * The next `count` runs after a time, in order, cron lists joined. A time of day comes once on each local date (cases R39, R41); intervals
 * (`*` in the hour) go on through an hour that comes twice.
 */
export function nextRuns(schedule: Pick<Schedule, 'cron' | 'timeZone'>, after: Date, count: number): readonly Date[] {
  const times = new Set<number>();
  for (const text of cronsOf(schedule)) {
    const cron = new Cron(text, { ...CRON_OPTIONS, timezone: schedule.timeZone });
    let at: Date | null = after;
    for (let n = 0; n < count; n += 1) {
      at = cron.nextRun(at);
      if (!at) break;
      times.add(at.getTime());
    }
  }
  return [...times]
    .sort((a, b) => a - b)
    .slice(0, count)
    .map((ms) => new Date(ms));
}

/**
 * The latest due time in `(lastDue, now]`, or null. However many were missed, there is one: missed runs are caught up once (case R43).
 */
export function dueSince(schedule: Pick<Schedule, 'cron' | 'timeZone'>, lastDue: Date, now: Date): Date | null {
  let latest: number | null = null;
  for (const text of cronsOf(schedule)) {
    const cron = new Cron(text, { ...CRON_OPTIONS, timezone: schedule.timeZone });
    const first = cron.nextRun(lastDue);
    if (!first || first.getTime() > now.getTime()) continue;
    const at = lastRun(cron, first, now);
    if (latest === null || at > latest) latest = at;
  }
  return latest === null ? null : new Date(latest);
}

/** Walks from the first missed run to the last one not after `now`; long outages are skipped by halves, not minute by minute. */
function lastRun(cron: Cron, first: Date, now: Date): number {
  let from = first.getTime();
  for (let gap = now.getTime() - from; gap > 60_000; gap = Math.floor(gap / 2)) {
    const later = cron.nextRun(new Date(now.getTime() - gap));
    if (later && later.getTime() <= now.getTime() && later.getTime() > from) from = later.getTime();
  }
  for (;;) {
    const next = cron.nextRun(new Date(from));
    if (!next || next.getTime() > now.getTime()) return from;
    from = next.getTime();
  }
}

function cronsOf(schedule: Pick<Schedule, 'cron'>): readonly string[] {
  return typeof schedule.cron === 'string' ? [schedule.cron] : schedule.cron;
}

/** Everything wrong with a schedule. A six-field cron gets its five-field form as the fix. */
export function scheduleFaults(schedule: Pick<Schedule, 'cron' | 'timeZone'>, pointer: string): readonly ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  const zone = validZone(schedule.timeZone);
  if (!zone)
    faults.push({
      path: `${pointer}/timeZone`,
      message: `There is no time zone "${schedule.timeZone}".`,
      fix: 'Use an IANA name such as Europe/Paris or UTC.',
    });
  for (const [n, text] of cronsOf(schedule).entries()) {
    const path = typeof schedule.cron === 'string' ? `${pointer}/cron` : `${pointer}/cron/${n}`;
    const fault = cronFault(text, zone ? schedule.timeZone : 'UTC');
    if (fault) faults.push({ path, ...fault });
  }
  return faults;
}

function validZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return /^[A-Za-z]/.test(zone);
  } catch {
    return false;
  }
}

function cronFault(text: string, timeZone: string): { message: string; fix: string } | null {
  const fields = text.trim().split(/\s+/);
  if (fields.length === 6)
    return {
      message: `"${text}" has six fields; a cron has five (minute hour day month weekday).`,
      fix: `Write "${fields.slice(1).join(' ')}".`,
    };
  if (fields.length !== 5)
    return { message: `"${text}" is no cron: it has ${fields.length} field(s).`, fix: 'Use five fields: minute hour day month weekday.' };
  try {
    const cron = new Cron(text, { ...CRON_OPTIONS, timezone: timeZone });
    if (cron.nextRun(new Date(0)) === null) return { message: `"${text}" never comes.`, fix: 'Use a day that exists in that month.' };
    return null;
  } catch (error) {
    return {
      message: `"${text}" is no cron: ${error instanceof Error ? error.message.slice(0, 120) : ''}`,
      fix: 'Use five fields: minute hour day month weekday.',
    };
  }
}
