import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueSince, nextRuns } from './schedule.ts';

/** Zones whose clocks change at odd times, by odd amounts, at midnight, backwards in winter, or not at all. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin',
  'America/New_York',
  'America/St_Johns',
  'America/Santiago',
  'America/Havana',
  'Africa/Casablanca',
  'Africa/Cairo',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
];
const DAILY = ['30 2 * * *', '0 0 * * *', '30 1 * * *', '15 0 * * *', '0 3 * * *', '59 23 * * *'];
const OTHERS = ['*/15 * * * *', '0 * * * *', '7 */2 * * *', '0 2 * * 1-5', '0 1 1 * *', '*/20 1-3 * * 0'];
const HOUR = 3_600_000;
const YEAR = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)] as const;

const formats = new Map(
  ZONES.map((zone) => [
    zone,
    new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    } as Intl.DateTimeFormatOptions),
  ]),
);
const local = (zone: string, at: number): string => formats.get(zone)!.format(at);

/** The hours of a year in which a zone's clock jumps. */
function changesOf(zone: string): readonly number[] {
  const offset = (at: number): number => Date.parse(`${local(zone, at).replace(', ', 'T')}:00Z`) - at;
  const changes: number[] = [];
  for (let at = YEAR[0]; at < YEAR[1]; at += HOUR) if (offset(at) !== offset(at + HOUR)) changes.push(at + HOUR);
  return changes;
}

const CHANGES = ZONES.flatMap((zone) =>
  (changesOf(zone).length > 0 ? changesOf(zone) : [Date.UTC(2026, 2, 29, 1)]).map((at) => ({ zone, at })),
);
const change = fc.constantFrom(...CHANGES);
const cron = fc.constantFrom(...DAILY, ...OTHERS);
const minutes = (from: number, to: number): fc.Arbitrary<number> => fc.integer({ min: from * 60, max: to * 60 }).map((n) => n * 60_000);

describe('schedules around every change of the clock', () => {
  it('every zone but two changes its clock', () => {
    expect(ZONES.filter((zone) => changesOf(zone).length < 2)).toEqual(['UTC', 'Asia/Kathmandu']);
  });

  it('R39 R41 a time of day comes once on each local date, and on every one', () => {
    fc.assert(
      fc.property(change, fc.constantFrom(...DAILY), minutes(-80, -30), ({ zone, at }, text, before) => {
        const runs = nextRuns({ cron: text, timeZone: zone }, new Date(at + before), 5).map((run) =>
          local(zone, run.getTime()).slice(0, 10),
        );
        for (let n = 1; n < runs.length; n += 1) expect(Date.parse(runs[n]!) - Date.parse(runs[n - 1]!), `${zone} ${text}`).toBe(24 * HOUR);
      }),
      { numRuns: 200 },
    );
  });

  it('runs come in order, and are the same wherever one starts asking', () => {
    fc.assert(
      fc.property(change, cron, minutes(-6, 6), fc.integer({ min: 0, max: 59_999 }), ({ zone, at }, text, after, ms) => {
        const schedule = { cron: text, timeZone: zone };
        const walk = nextRuns(schedule, new Date(at - 7 * HOUR), 60).map((run) => run.getTime());
        for (let n = 1; n < walk.length; n += 1) expect(walk[n]! > walk[n - 1]!, `${zone} ${text}`).toBe(true);
        const asked = at + after + ms;
        const expected = walk.filter((run) => run > asked).slice(0, 3);
        if (expected.length < 3) return;
        expect(
          nextRuns(schedule, new Date(asked), 3).map((run) => run.getTime()),
          `${zone} ${text} ${new Date(asked).toISOString()}`,
        ).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('a tick every minute starts each run exactly once; ticks that come late or overlap start none twice', () => {
    fc.assert(
      fc.property(change, cron, fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 5, maxLength: 40 }), ({ zone, at }, text, gaps) => {
        const schedule = { cron: text, timeZone: zone };
        let lastDue = new Date(at - 4 * HOUR);
        const begun = lastDue.getTime();
        let now = begun;
        const started: number[] = [];
        for (const gap of gaps) {
          now += gap * 60_000;
          const due = dueSince(schedule, lastDue, new Date(now));
          if (!due) continue;
          started.push(due.getTime());
          lastDue = due;
          // The same tick again, as after a host that died before it was noted.
          expect(dueSince(schedule, lastDue, new Date(now))).toBeNull();
        }
        const all = nextRuns(schedule, new Date(begun), 400)
          .map((run) => run.getTime())
          .filter((run) => run <= now);
        expect(new Set(started).size).toBe(started.length);
        for (const run of started) expect(all).toContain(run);
        // However late: what was last due has been started.
        expect(started.at(-1)).toBe(all.at(-1));
      }),
      { numRuns: 50 },
    );
  });

  it('a list of crons is the union of its members', () => {
    fc.assert(
      fc.property(change, fc.uniqueArray(cron, { minLength: 2, maxLength: 3 }), minutes(-30, 6), ({ zone, at }, list, after) => {
        const from = new Date(at + after);
        const each = list.flatMap((text) => nextRuns({ cron: text, timeZone: zone }, from, 12).map((run) => run.getTime()));
        const union = [...new Set(each)].sort((a, b) => a - b).slice(0, 12);
        expect(nextRuns({ cron: list, timeZone: zone }, from, 12).map((run) => run.getTime())).toEqual(union);
      }),
      { numRuns: 40 },
    );
  });
});
