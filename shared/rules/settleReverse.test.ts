import { describe, expect, it } from 'vitest';
import { aChange } from './harness.ts';
import { settleReverse } from './settleReverse.ts';

const holds = (key: string, sourceId: string) => ({ key, targetId: `t-${sourceId}`, stamp: `galsync:a-to-b:${sourceId}` });

describe('the order of a reverse plan', () => {
  const taker = aChange('u1', { takes: ['x@a'], holders: [holds('x@a', 'u2')] });

  it('takes an address after whoever held it has gone or given it up', () => {
    const delivers = [
      aChange('u2', { change: 'delete', orphan: true, releases: ['x@a'] }),
      aChange('u2', { fields: [{ name: 'addresses', before: ['x@a'], after: ['y@a'] }], releases: ['x@a'] }),
    ];
    for (const giver of delivers) {
      const settled = settleReverse([taker, giver], true);
      expect([...settled].sort((a, b) => a.order - b.order).map((one) => one.change.sourceId)).toEqual(['u2', 'u1']);
      expect(settled.every((one) => one.change.change !== 'skip')).toBe(true);
    }
  });

  it('skips who would take what an object of ours keeps, and whoever waits for that one', () => {
    const second = aChange('u3', { takes: ['z@a'], holders: [holds('z@a', 'u1')] });
    const first = { ...taker, releases: ['z@a'] };
    const settled = settleReverse([second, first], true).map((one) => one.change);
    expect(settled.map((change) => [change.sourceId, change.change, change.reason]).sort()).toEqual([
      ['u1', 'skip', 'claimed'],
      ['u3', 'skip', 'claimed'],
    ]);
    expect(settled.find((change) => change.sourceId === 'u1')!.owner).toMatchObject({ id: 't-u2' });
  });

  it('orders nothing where addresses are not unique', () => {
    expect(settleReverse([taker], false)).toEqual([{ change: taker, order: 0, firstPart: false }]);
  });
});
