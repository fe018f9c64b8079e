import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeKey, judgeBreakers, type PlanTotals, planHash } from './breakers.ts';
import { aRoute, NOTHING_PLANNED } from './harness.ts';

const SETTINGS = aRoute().breakers;
const QUIET = NOTHING_PLANNED;

function trips(totals: Partial<PlanTotals>, settings: Partial<typeof SETTINGS> = {}): readonly string[] {
  return judgeBreakers({ ...SETTINGS, ...settings }, { ...QUIET, ...totals }).map(
    ({ breaker, value, limit }) => `${breaker} ${value}/${limit}`,
  );
}

describe('breakers (contract, breakers)', () => {
  it.each<[string, Partial<PlanTotals>, readonly string[]]>([
    ['creations', { creations: 2 }, ['firstRun 2/0']],
    ['pure adoptions', { adoptions: 3 }, ['firstRun 3/0']],
    ['both', { creations: 2, adoptions: 3 }, ['firstRun 5/0']],
    ['nothing new', {}, []],
  ])('firstRun "hold" holds a first plan of %s', (_what, totals, expected) => {
    expect(trips({ ...totals, firstRun: true }, { firstRun: 'hold' })).toEqual(expected);
    expect(trips({ ...totals, firstRun: false }, { firstRun: 'hold' })).toEqual([]);
    expect(trips({ ...totals, firstRun: true }, { firstRun: 'run' })).toEqual([]);
  });
  it.each<[string, Partial<PlanTotals>, readonly string[]]>([
    ['10 of 60: not more than the count', { linked: 60, removals: 10 }, []],
    ['11 of 60: more than count and percent', { linked: 60, removals: 11 }, ['removals 11/10']],
    ['50 of 1,000: not more than 5 %', { removals: 50 }, []],
    ['51 of 1,000', { removals: 51 }, ['removals 51/50']],
    ['501 of 100,000: more than max', { linked: 100_000, removals: 501 }, ['removals 501/500']],
    ['2 of 2: fewer than 3', { linked: 2, removals: 2 }, []],
    ['3 of 6: half', { linked: 6, removals: 3 }, ['removals 3/2']],
    ['3 of 7: less than half', { linked: 7, removals: 3 }, []],
    ['a salami of 23 h', { linked: 60, removals: 1, removalsBefore: 10 }, ['removals 11/10']],
    ['nothing to remove now', { linked: 60, removalsBefore: 40 }, []],
    ['500 creations', { creations: 500 }, []],
    ['501 creations', { creations: 501 }, ['creations 501/500']],
    ['500 creations in the first run', { creations: 500, firstRun: true, linked: 0 }, []],
    ['501 creations in the first run', { creations: 501, firstRun: true, linked: 0 }, ['firstRun 501/500']],
    ['500 creations and as many adoptions in the first run', { creations: 500, adoptions: 500, firstRun: true, linked: 0 }, []],
    ['10 of 20 emptied: not more than 10 entries', { linked: 20, clearing: 10 }, []],
    ['11 of 20 emptied', { linked: 20, clearing: 11 }, ['clearedPercent 55/50']],
    ['50 of 1,000 emptied', { clearing: 50 }, []],
    ['51 of 1,000 emptied', { clearing: 51 }, ['clearedPercent 5.1/5']],
    ['200 of 1,000 addresses', { addressChanges: 200 }, []],
    ['201 of 1,000 addresses', { addressChanges: 201 }, ['addressChangesPercent 20.1/20']],
    ['the source loses 10 %', { accepted: { user: 100 }, source: { user: 90 } }, []],
    ['the source loses 11 %', { accepted: { user: 100 }, source: { user: 89 } }, ['sourceShrinkPercent 11/10']],
    ['two of four rooms: fewer than 3', { accepted: { room: 4 }, source: { room: 2 } }, []],
    ['three of four rooms', { accepted: { room: 4 }, source: { room: 1 } }, ['sourceShrinkPercent 75/50']],
    ['a kind that is read no more', { accepted: { group: 5, user: 9 }, source: { user: 9 } }, ['sourceShrinkPercent 100/40']],
    ['R03 28 instead of 100, however often', { accepted: { user: 100 }, source: { user: 28 } }, ['sourceShrinkPercent 72/10']],
    [
      'R33 a small tenant that reads empty',
      { linked: 8, removals: 8, accepted: { user: 8 }, source: {} },
      ['removals 8/3', 'sourceShrinkPercent 100/25'],
    ],
  ])('%s', (_what, totals, expected) => {
    expect(trips(totals)).toEqual(expected);
  });

  it('firstRun: run never holds, hold always does', () => {
    expect(trips({ creations: 9_000, firstRun: true }, { firstRun: 'run' })).toEqual([]);
    expect(trips({ creations: 1, firstRun: true }, { firstRun: 'hold' })).toEqual(['firstRun 1/0']);
  });

  it('a shrink says which kind, from what to what, and what to do', () => {
    expect(judgeBreakers(SETTINGS, { ...QUIET, accepted: { user: 100 }, source: { user: 28 } })).toMatchObject([
      { kind: 'user', before: 100, after: 28, nextStep: expect.stringContaining('28 of 100') },
    ]);
  });

  it('limit is the largest number of removals that passes, whatever the numbers', () => {
    const settings = fc.record({ count: fc.nat(30), percent: fc.nat(60), max: fc.nat(80) });
    fc.assert(
      fc.property(settings, fc.nat(200), fc.integer({ min: 1, max: 150 }), (removals, linked, value) => {
        const holds = (n: number) => judgeBreakers({ ...SETTINGS, removals }, { ...QUIET, linked, removals: n });
        const trip = holds(value)[0];
        if (!trip) return;
        expect(trip.limit).toBeLessThan(value);
        if (trip.limit > 0) expect(holds(trip.limit)).toEqual([]);
        expect(holds(trip.limit + 1)).toHaveLength(1);
      }),
    );
  });
});

describe('the hash of a plan', () => {
  const keys = [
    { change: 'delete', sourceId: 'a', targetId: 't' },
    { change: 'create', sourceId: 'b', targetId: null },
  ].map(changeKey);
  it('covers route and changes, in any order', () => {
    expect(planHash('r', keys)).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(planHash('r', [...keys].reverse())).toBe(planHash('r', keys));
    expect(new Set([planHash('r', keys), planHash('s', keys), planHash('r', keys.slice(1))]).size).toBe(3);
  });
  it('ids with any characters are not taken for each other', () => {
    expect(changeKey({ change: 'hide', sourceId: 'a","b', targetId: '' })).not.toBe(
      changeKey({ change: 'hide', sourceId: 'a', targetId: 'b' }),
    );
  });
});
