import { describe, expect, it } from 'vitest';
import { judgeBreakers } from '../../shared/rules/breakers.ts';
import { aRoute, NOTHING_PLANNED } from '../../shared/rules/harness.ts';

describe('breakers', () => {
  const settings = aRoute().breakers;
  const none = { ...NOTHING_PLANNED, linked: 60 };
  it('hold 11 of 60 removals, with 10 as the limit', () => {
    expect(judgeBreakers(settings, { ...none, removals: 10 })).toEqual([]);
    expect(judgeBreakers(settings, { ...none, removals: 11 })).toMatchObject([{ breaker: 'removals', value: 11, limit: 10 }]);
    expect(judgeBreakers(settings, { ...none, removals: 2, removalsBefore: 9 })).toMatchObject([{ value: 11 }]);
  });
  it('hold half of a small tenant, and a first run that is too large', () => {
    expect(judgeBreakers(settings, { ...none, linked: 6, removals: 3 })).toHaveLength(1);
    expect(judgeBreakers(settings, { ...none, creations: 501, firstRun: true })).toMatchObject([
      { breaker: 'firstRun', value: 501, limit: 500 },
    ]);
    expect(judgeBreakers(settings, { ...none, creations: 500, firstRun: true })).toEqual([]);
  });
});
