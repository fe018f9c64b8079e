import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKey } from '../connectors/connector.ts';
import { standingChange } from './claimLoss.ts';
import { type Claimant, type SettledChange, settleClaims } from './claims.ts';
import { aChange, aContact, aLink } from './harness.ts';
import type { DraftChange } from './view.ts';

const NONE: ReadonlySet<string> = new Set();
const A: ReadonlySet<string> = new Set(['a.example']);

function claimant(sourceId: string, change: Partial<DraftChange>, more: Partial<Claimant> = {}): Claimant {
  return { change: aChange(sourceId, change), owns: NONE, linked: change.change !== 'create', routeOrder: 0, ...more };
}

const X = 'x@a.example';
const create = (sourceId: string, takes: readonly string[], more: Partial<Claimant> = {}, change: Partial<DraftChange> = {}): Claimant =>
  claimant(sourceId, { change: 'create', targetId: null, takes, ...change }, more);
const moves = (before: readonly string[], after: readonly string[]): Partial<DraftChange> => ({
  fields: [{ name: 'addresses', before, after }],
  takes: after.filter((one) => !before.includes(one)),
  releases: before.filter((one) => !after.includes(one)),
});

/** Every settled change in a word or two, by source id. */
function verdicts(settled: readonly SettledChange[]): Record<string, string> {
  return Object.fromEntries(
    settled
      .filter((one) => !one.firstPart)
      .map(({ change }) => [
        change.orphan ? `${change.sourceId}'` : change.sourceId,
        change.change === 'skip' ? change.reason : change.change,
      ]),
  );
}

describe('who gets an address that two entries want (contract, "Whose entry is it")', () => {
  it.each<[string, Claimant, Claimant]>([
    ['the owner of the domain', create('9', [X], { owns: A, routeOrder: 9 }, { kind: 'contact' }), create('1', [X])],
    ['then anybody before a contact', create('9', [X], { routeOrder: 9 }), create('1', [X], {}, { kind: 'contact' })],
    ['then the existing link', claimant('9', moves(['o@a.example'], ['o@a.example', X]), { routeOrder: 9 }), create('1', [X])],
    ['then the order of routes', create('9', [X]), create('1', [X], { routeOrder: 1 })],
    ['then the id', create('1', [X]), create('9', [X])],
  ])('%s', (_what, winner, loser) => {
    for (const order of [
      [winner, loser],
      [loser, winner],
    ]) {
      const settled = settleClaims(order, true);
      const lost = settled.find((one) => one.change.sourceId === loser.change.sourceId)!;
      expect(lost.change).toMatchObject({
        change: 'skip',
        reason: 'claimed',
        owner: { id: winner.change.sourceId, displayName: winner.change.displayName },
      });
      expect(settled.find((one) => one.change.sourceId === winner.change.sourceId)!.change.change).toBe(winner.change.change);
    }
  });

  it('a loser that is dropped claims nothing else', () => {
    const settled = settleClaims([create('1', [X]), create('2', [X, 'y@a.example']), create('3', ['y@a.example'])], true);
    expect(verdicts(settled)).toEqual({ 1: 'create', 2: 'claimed', 3: 'create' });
  });

  it('a linked loser is updated without that address; if nothing else changes it writes nothing', () => {
    const owner = create('1', [X], { owns: A });
    const held = ['p@a.example'];
    const settled = settleClaims([owner, claimant('2', { ...moves(held, [...held, X, 'z@a.example']) })], true);
    expect(settled.find((one) => one.change.sourceId === '2')!.change).toMatchObject({
      change: 'update',
      takes: ['z@a.example'],
      fields: [{ name: 'addresses', before: held, after: ['p@a.example', 'z@a.example'] }],
    });
    expect(verdicts(settleClaims([owner, claimant('2', moves(held, [...held, X]))], true))).toEqual({ 1: 'create', 2: 'claimed' });
  });

  it('a linked loser to whom no address is left is claimed, and its object goes first', () => {
    const settled = settleClaims([create('1', [X], { owns: A, linked: false }), claimant('2', moves(['old@a.example'], [X]))], true);
    expect(verdicts(settled)).toEqual({ 1: 'create', 2: 'claimed', "2'": 'delete' });
    expect(settled.find((one) => one.change.orphan)!.change).toMatchObject({
      reason: 'addressClaimed',
      countedBefore: false,
      releases: ['old@a.example'],
    });
  });
});

describe('what our own objects hold', () => {
  const holders = [{ key: X, targetId: 't-2' }];
  const taker = create('1', [X], {}, { holders });
  const leaver = (change: Partial<DraftChange>): Claimant => claimant('2', { orphan: true, ...change });

  it.each([
    ['hide', 'gone', 'create', 'delete'],
    ['keep', 'grace', 'create', 'delete'],
    ['keep', 'policy', 'create', 'delete'],
    ['delete', 'gone', 'create', 'delete'],
    ['keep', 'staleSource', 'claimed', 'keep'],
    ['keep', 'unconfirmed', 'claimed', 'keep'],
    ['update', 'released', 'collision', 'update'],
  ] as const)('a leaver that would be %s (%s): taker %s, leaver %s', (change, reason, first, second) => {
    // A release takes the stamp away: its row carries none.
    const settled = settleClaims([taker, leaver({ change, reason, ...(reason === 'released' ? { stamp: '' } : {}) })], true);
    expect(verdicts(settled)).toEqual({ 1: first, "2'": second });
    const order = (orphan: boolean): number => settled.find((one) => one.change.orphan === orphan)!.order;
    if (first === 'create') expect(order(true)).toBeLessThan(order(false));
  });
  it('it is not counted again, and does not go for somebody who gets nothing', () => {
    const gone = settleClaims([taker, leaver({ change: 'hide', reason: 'gone' })], true).find((one) => one.change.orphan)!;
    expect(gone.change).toMatchObject({ reason: 'addressClaimed', countedBefore: true, fields: [] });
    const loser = create('1', [X, 'y@a.example'], {}, { holders });
    const settled = settleClaims([loser, create('0', ['y@a.example']), leaver({ change: 'hide', reason: 'gone' })], true);
    expect(verdicts(settled)).toEqual({ 0: 'create', 1: 'claimed', "2'": 'hide' });
  });
  it('a living object that nobody speaks for keeps its address; an adopted one makes a collision', () => {
    expect(settleClaims([taker], true)[0]!.change).toMatchObject({ reason: 'claimed', owner: { id: 't-2' } });
    const adopted = { ...holders[0]!, stamp: 'galsync-adopted:a-to-b:2' };
    expect(settleClaims([create('1', [X], { owns: A }, { holders: [adopted] })], true)[0]!.change.reason).toBe('collision');
  });
  it('a better claim strips a living object, also one whose plan writes nothing', () => {
    const target = aContact('t-2', '2', { addresses: ['p@a.example', X] });
    const standing: Claimant = {
      change: standingChange(aLink(target, '2')),
      owns: NONE,
      linked: true,
      routeOrder: 1,
      addresses: target.addresses,
      unchanged: true,
    };
    const settled = settleClaims([create('1', [X], { owns: A }, { holders }), standing], true);
    const stripped = settled.find((one) => one.change.sourceId === '2')!;
    expect(stripped).toMatchObject({
      wasUnchanged: true,
      change: { change: 'update', releases: [X], fields: [{ name: 'addresses', before: ['p@a.example', X], after: ['p@a.example'] }] },
    });
    expect(stripped.order).toBeLessThan(settled.find((one) => one.change.sourceId === '1')!.order);
    const weaker = settleClaims([create('1', [X], {}, { holders }), standing], true);
    expect(verdicts(weaker)).toEqual({ 1: 'claimed' });
    expect(weaker[0]!.change.owner).toMatchObject({ id: '2', displayName: 'Ada Berg' });
  });
  it('the same person under a new id: the re-link wins, the removal of the old link is none', () => {
    const relink = claimant('new', { targetId: 't-2', relinkFrom: '2' });
    expect(verdicts(settleClaims([relink, leaver({ change: 'hide' })], true))).toEqual({ new: 'update' });
  });
});

describe('the order of changes', () => {
  const orders = (settled: readonly SettledChange[]): readonly string[] =>
    [...settled].sort((a, b) => a.order - b.order).map((one) => `${one.change.sourceId}${one.firstPart ? '!' : ''}`);
  it('R19 who gives an address up goes before who takes it', () => {
    const a = claimant('A', moves(['desk@a.example'], ['al@a.example']));
    const b = claimant('B', moves(['bo@a.example'], ['bo@a.example', 'desk@a.example']));
    expect(orders(settleClaims([b, a], true))).toEqual(['A', 'B']);
    expect(settleClaims([b, a], false).every((one) => one.order === 0)).toBe(true);
  });
  it('a ring is cut at its lowest id, not at who merely waits for it', () => {
    const ring = [
      claimant('B', moves(['b@x.y'], ['c@x.y'])),
      claimant('C', moves(['c@x.y', 'spare@x.y'], ['b@x.y'])),
      claimant('A', moves(['a@x.y'], ['spare@x.y'])),
    ];
    expect(orders(settleClaims(ring, true))).toEqual(['B!', 'C', 'A', 'B']);
    expect(settleClaims(ring, true).find((one) => one.firstPart)!.change.fields).toEqual([
      { name: 'addresses', before: ['b@x.y'], after: ['al.B@galsync.invalid'] },
    ]);
  });
  it('the first part keeps another own address where there is one, and gives a delivery address up', () => {
    const a = claimant('A', {
      fields: [
        { name: 'addresses', before: ['a@x.y'], after: ['a@x.y', 'b@x.y'] },
        { name: 'deliveryAddress', before: 'd@x.y', after: 'b@x.y' },
      ],
      takes: ['b@x.y'],
      releases: ['d@x.y'],
    });
    const settled = settleClaims([a, claimant('B', moves(['b@x.y'], ['d@x.y']))], true);
    expect(settled.find((one) => one.firstPart)!.change.fields).toEqual([
      { name: 'addresses', before: ['a@x.y'], after: ['a@x.y'] },
      { name: 'deliveryAddress', before: 'd@x.y', after: null },
    ]);
  });
});

describe('as properties', () => {
  const names = ['a@x.y', 'b@x.y', 'c@x.y', 'd@z.y', 'e@z.y'];
  const one = fc.record({
    held: fc.subarray(names),
    wanted: fc.subarray(names, { minLength: 1 }),
    owns: fc.constantFrom(NONE, new Set(['x.y']), new Set(['z.y'])),
    routeOrder: fc.nat(1),
  });
  /** A world in which no two objects hold one address: each name goes to the first who claims to hold it. */
  const world = fc.array(one, { minLength: 2, maxLength: 6 }).map((people) => {
    const taken = new Map<string, string>();
    const links = people.map(({ held }, n) => held.filter((name) => !taken.has(name) && taken.set(name, `t-${n}`)));
    return people.map(({ wanted, owns, routeOrder }, n): Claimant => {
      const own = links[n]!;
      const takes = wanted.filter((name) => !own.includes(name));
      const holders = takes.flatMap((key) => (taken.has(key) ? [{ key, targetId: taken.get(key)! }] : []));
      if (own.length === 0) return create(String(n), wanted, { owns, routeOrder }, { holders });
      const fields = takes.length + own.filter((name) => !wanted.includes(name)).length > 0 ? moves(own, wanted) : {};
      return claimant(String(n), { ...fields, holders }, { owns, routeOrder, addresses: own });
    });
  });

  it('never depends on the order of its input, and touches none of it', () => {
    fc.assert(
      fc.property(
        world.chain((claimants) => fc.tuple(fc.constant(claimants), fc.shuffledSubarray(claimants, { minLength: claimants.length }))),
        ([claimants, shuffled]) => {
          const before = structuredClone(claimants);
          expect(settleClaims(shuffled, true)).toEqual(settleClaims(claimants, true));
          expect(claimants).toEqual(before);
        },
      ),
    );
  });

  it('carried out in order, no address is ever held twice, and every entry has exactly one row', () => {
    fc.assert(
      fc.property(world, (claimants) => {
        const held = new Map<string, readonly string[]>(
          claimants.filter((row) => row.linked).map((row) => [row.change.sourceId, row.addresses ?? []]),
        );
        const settled = [...settleClaims(claimants, true)].sort((a, b) => a.order - b.order);
        for (const { change } of settled) {
          if (change.change === 'skip') continue;
          const field = change.fields.find((known) => known.name === 'addresses');
          if (change.change === 'delete') held.delete(change.sourceId);
          else if (change.change === 'create') held.set(change.sourceId, change.takes);
          else if (field) held.set(change.sourceId, field.after as readonly string[]);
          const all = [...held.values()].flat().map(addressKey);
          expect(new Set(all).size, `after ${change.sourceId}`).toBe(all.length);
        }
        const rows = settled.filter((row) => !row.firstPart && !row.change.orphan).map((row) => row.change.sourceId);
        expect(rows.sort()).toEqual(claimants.map((row) => row.change.sourceId).sort());
      }),
      { numRuns: 500 },
    );
  });
});

describe('an address that another domain owns', () => {
  const b = (more: Partial<DraftChange>, extra: Partial<Claimant> = {}): Claimant =>
    claimant('9', { address: '9@b.example', kind: 'contact', ...more }, { owns: new Set(['b.example']), routeOrder: 9, ...extra });
  it('goes to the owner of its domain, also where both own the domains of their primary addresses', () => {
    const user = claimant('1', { change: 'create', targetId: null, takes: ['1@a.example', 'x@b.example'] }, { owns: A });
    const owner = b({ change: 'create', targetId: null, takes: ['9@b.example', 'x@b.example'] });
    expect(verdicts(settleClaims([user, owner], true))).toEqual({ 1: 'claimed', 9: 'create' });
  });
  it('two newcomers in each other’s way on two addresses: one of them comes, whatever the order', () => {
    const both = ['x@a.example', 'x@b.example'];
    const one = claimant('1', { change: 'create', targetId: null, takes: both }, { owns: A });
    const two = b({ change: 'create', targetId: null, takes: both });
    for (const order of [
      [one, two],
      [two, one],
    ])
      expect(verdicts(settleClaims(order, true))).toEqual({ 1: 'create', 9: 'claimed' });
  });
  it('held as the delivery address it is given up, held as a user principal name it is not', () => {
    const holders = [{ key: X, targetId: 't-9' }];
    const taker = create('1', [X], { owns: A }, { holders });
    const standing = b({ kind: 'user' }, { unchanged: true, addresses: ['9@b.example'], delivery: X });
    const settled = settleClaims([taker, standing], true);
    expect(settled.find((row) => row.change.sourceId === '9')!.change).toMatchObject({
      fields: [{ name: 'deliveryAddress', before: X, after: null }],
      releases: [X],
    });
    const { delivery: _d, ...byName } = standing;
    expect(verdicts(settleClaims([taker, byName], true))).toEqual({ 1: 'claimed' });
  });
});
