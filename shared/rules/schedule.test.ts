import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueSince, nextRuns, scheduleFaults } from './schedule.ts';

const iso = (dates: readonly Date[]): readonly string[] => dates.map((date) => date.toISOString());
const at = (text: string): Date => new Date(text);

describe('next runs', () => {
  it.each([
    ['spring', '2027-03-27T00:00:00Z', ['2027-03-27', '2027-03-28', '2027-03-29']],
    ['autumn', '2027-10-30T00:00:00Z', ['2027-10-30', '2027-10-31', '2027-11-01']],
  ])('R39 once for each local date, in %s too', (_season, from, expected) => {
    const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    const runs = nextRuns(berlin, at(from), 3);
    const local = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin', year: 'numeric', month: '2-digit', day: '2-digit' });
    expect(runs.map((run) => local.format(run))).toEqual(expected);
    expect(iso(nextRuns(berlin, at(from), 3))).toEqual(iso(runs));
  });
  it('R39 a tick between the two same hours starts nothing twice', () => {
    const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    expect(dueSince(berlin, at('2027-10-31T00:30:00Z'), at('2027-10-31T01:45:00Z'))).toBeNull();
  });
  it('R41 a zone that changes at midnight loses no day', () => {
    expect(iso(nextRuns({ cron: '0 0 * * *', timeZone: 'America/Santiago' }, at('2027-09-04T12:00:00Z'), 2))).toEqual([
      '2027-09-05T04:00:00.000Z',
      '2027-09-06T03:00:00.000Z',
    ]);
  });
  it('several crons are one list, each time once', () => {
    const schedule = { cron: ['0 6 * * 1-5', '0 6,18 * * *'], timeZone: 'UTC' };
    expect(iso(nextRuns(schedule, at('2026-11-25T05:00:00Z'), 3))).toEqual([
      '2026-11-25T06:00:00.000Z',
      '2026-11-25T18:00:00.000Z',
      '2026-11-26T06:00:00.000Z',
    ]);
  });
  it('day of the month or day of the week, as cron has it', () => {
    expect(iso(nextRuns({ cron: '0 0 13 * 5', timeZone: 'UTC' }, at('2026-11-10T00:00:00Z'), 2))).toEqual([
      '2026-11-13T00:00:00.000Z',
      '2026-11-20T00:00:00.000Z',
    ]);
  });
});

describe('missed runs are caught up once', () => {
  it('R43 a minute that was slept through, and three hours of quarters', () => {
    expect(dueSince({ cron: '0 1 * * *', timeZone: 'UTC' }, at('2026-11-25T00:30:00Z'), at('2026-11-25T01:00:12Z'))).toEqual(
      at('2026-11-25T01:00:00Z'),
    );
    const quarters = { cron: '*/15 * * * *', timeZone: 'UTC' };
    expect(dueSince(quarters, at('2026-11-25T03:00:00Z'), at('2026-11-25T06:10:00Z'))).toEqual(at('2026-11-25T06:00:00Z'));
    expect(dueSince(quarters, at('2026-11-25T06:00:00Z'), at('2026-11-25T06:14:59Z'))).toBeNull();
    expect(dueSince(quarters, at('2026-11-25T06:00:00Z'), at('2026-11-25T06:15:00Z'))).toEqual(at('2026-11-25T06:15:00Z'));
  });
  it('is the last of the runs in between, for any cron and any pause', () => {
    const cron = fc.constantFrom('*/7 * * * *', '30 2 * * *', '0 0-11 * * *', '15 6 1 * *', '0 9 * * 1');
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/Santiago', 'Australia/Lord_Howe');
    fc.assert(
      fc.property(
        cron,
        zone,
        fc.integer({ min: 0, max: 500_000 }),
        fc.integer({ min: 1, max: 4_000 }),
        (text, timeZone, start, minutes) => {
          const from = new Date(Date.UTC(2027, 0, 1) + start * 60_000);
          const now = new Date(from.getTime() + minutes * 60_000);
          const between = nextRuns({ cron: text, timeZone }, from, 700).filter((run) => run.getTime() <= now.getTime());
          expect(dueSince({ cron: text, timeZone }, from, now)).toEqual(between.at(-1) ?? null);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('schedule faults', () => {
  const faults = (cron: string | readonly string[], timeZone = 'Europe/Paris') => scheduleFaults({ cron, timeZone }, '/s');
  it('a good one has none', () => {
    expect(faults(['0 2 * * *', '*/5 8-17 * * MON-FRI', '0 0 29 2 *'])).toEqual([]);
  });
  it('six fields get their five-field form as the fix', () => {
    expect(faults('0 30 2 * * *')).toMatchObject([{ path: '/s/cron', fix: 'Write "30 2 * * *".' }]);
  });
  it.each(['', '@daily', '61 * * * *', '* * 30 2 *', 'a b c d e'])('"%s" is none', (cron) => {
    expect(faults(cron)).toHaveLength(1);
  });
  it.each(['Europe/Pari', '', '+01:00', 'Local'])('"%s" is no zone', (zone) => {
    expect(faults('0 2 * * *', zone)).toMatchObject([{ path: '/s/timeZone' }]);
  });
  it('names each cron of a list', () => {
    expect(faults(['0 2 * * *', 'x'], 'nowhere').map((fault) => fault.path)).toEqual(['/s/timeZone', '/s/cron/1']);
  });
});
