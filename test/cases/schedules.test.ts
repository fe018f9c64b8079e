import { describe, expect, it } from 'vitest';
import { dueSince, nextRuns } from '../../shared/rules/schedule.ts';

describe('schedules', () => {
  const iso = (dates: readonly Date[]): readonly string[] => dates.map((date) => date.toISOString());
  it('R39 runs once on each local date around the changes of the clock', () => {
    const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    expect(iso(nextRuns(berlin, new Date('2027-03-26T12:00:00Z'), 3))).toEqual([
      '2027-03-27T01:30:00.000Z',
      '2027-03-28T01:00:00.000Z',
      '2027-03-29T00:30:00.000Z',
    ]);
    expect(iso(nextRuns(berlin, new Date('2027-10-29T12:00:00Z'), 3))).toEqual([
      '2027-10-30T00:30:00.000Z',
      '2027-10-31T00:30:00.000Z',
      '2027-11-01T01:30:00.000Z',
    ]);
  });
  it('R41 knows zones that change at midnight', () => {
    expect(iso(nextRuns({ cron: '0 0 * * *', timeZone: 'America/Santiago' }, new Date('2027-09-04T12:00:00Z'), 2))).toEqual([
      '2027-09-05T04:00:00.000Z',
      '2027-09-06T03:00:00.000Z',
    ]);
  });
  it('R43 catches a missed time up once', () => {
    expect(
      dueSince({ cron: '0 1 * * *', timeZone: 'UTC' }, new Date('2026-11-25T00:30:00Z'), new Date('2026-11-25T01:00:12Z'))?.toISOString(),
    ).toBe('2026-11-25T01:00:00.000Z');
    const quarter = { cron: '*/15 * * * *', timeZone: 'UTC' };
    expect(dueSince(quarter, new Date('2026-11-25T03:00:00Z'), new Date('2026-11-25T06:10:00Z'))?.toISOString()).toBe(
      '2026-11-25T06:00:00.000Z',
    );
    expect(dueSince(quarter, new Date('2026-11-25T06:00:00Z'), new Date('2026-11-25T06:14:00Z'))).toBeNull();
  });
});
