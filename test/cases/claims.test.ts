import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claimant, settleClaims } from '../../shared/rules/claims.ts';
import { aChange } from '../../shared/rules/harness.ts';
import type { DraftChange } from '../../shared/rules/view.ts';

describe('claims', () => {
  const change = (sourceId: string, more: Partial<DraftChange>): Claimant => ({
    owns: new Set(),
    linked: true,
    routeOrder: 0,
    change: aChange(sourceId, more),
  });
  it('R19 gives an address up before it is taken', () => {
    const settled = settleClaims(
      [
        change('B', { takes: ['desk@a.example'], holders: [{ key: 'desk@a.example', targetId: 't-A' }] }),
        change('A', { releases: ['desk@a.example'] }),
      ],
      true,
    );
    const order = Object.fromEntries(settled.map((one) => [one.change.sourceId, one.order]));
    expect(order['A']! < order['B']!).toBe(true);
  });
  it('cuts a swap of two people at the lowest id, with a free address first', () => {
    const fields = (before: string, after: string) => [{ name: 'addresses' as const, before: [before], after: [after] }];
    const settled = settleClaims(
      [
        change('B', {
          takes: ['a@x.example'],
          releases: ['b@x.example'],
          fields: fields('b@x.example', 'a@x.example'),
          holders: [{ key: 'a@x.example', targetId: 't-A' }],
        }),
        change('A', {
          takes: ['b@x.example'],
          releases: ['a@x.example'],
          fields: fields('a@x.example', 'b@x.example'),
          holders: [{ key: 'b@x.example', targetId: 't-B' }],
        }),
      ],
      true,
    );
    const steps = [...settled]
      .sort((a, b) => a.order - b.order)
      .map((one) => [one.change.sourceId, one.firstPart, one.change.fields[0]!.after]);
    expect(steps).toEqual([
      ['A', true, ['al.A@galsync.invalid']],
      ['B', false, ['a@x.example']],
      ['A', false, ['b@x.example']],
    ]);
  });
  it('gives one address to one claimant, whatever the order of the input', () => {
    const claimants = [
      { ...change('1', { change: 'create', targetId: null, takes: ['x@a.example'] }), linked: false },
      { ...change('2', { change: 'create', targetId: null, takes: ['x@a.example'] }), linked: false, owns: new Set(['a.example']) },
      {
        ...change('3', { change: 'create', targetId: null, takes: ['x@a.example'], kind: 'contact' }),
        linked: false,
        owns: new Set(['a.example']),
      },
    ];
    const expected = settleClaims(claimants, true);
    expect(expected.filter((one) => one.change.change === 'create').map((one) => one.change.sourceId)).toEqual(['2']);
    fc.assert(
      fc.property(fc.shuffledSubarray(claimants, { minLength: 3 }), (shuffled) => {
        expect(settleClaims(shuffled, true)).toEqual(expected);
      }),
    );
  });
});
