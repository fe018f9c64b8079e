import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { Change } from '../../shared/model/plan.ts';
import { createOrganisations, type Organisations, resultOf } from './organisations.ts';
import { person } from './world.ts';

const ROUTES = [
  { id: 'b-to-t', from: 'b', to: 't' },
  { id: 'a-to-t', from: 'a', to: 't' },
];

/** Two sources that write into one target; `b` comes first in the configuration. */
function world(): Organisations {
  return createOrganisations(['a', 'b', 't'], { routes: ROUTES });
}

function one(id: string, addresses: readonly string[], more: Partial<Entry> = {}): Entry {
  return person(id[0]!, 1, { id, addresses, attributes: { displayName: `Person ${id}` }, ...more });
}

async function rowsOf(of: Organisations, job: string, route: string): Promise<readonly Change[]> {
  const rows: Change[] = [];
  for await (const batch of of.store.plans.batches({ job, round: 1, route })) rows.push(...batch.changes);
  return rows;
}

describe('who gets an address, over all routes of a target (contract, "Whose entry is it")', () => {
  it('the owner of the domain takes it from an object that changes nothing, which is written first', async () => {
    const of = world();
    of.put('b', one('b1', ['b1@b.example', 'boss@a.example']));
    await of.run({ action: 'sync' });
    of.put('a', one('a1', ['boss@a.example']));
    for (const action of ['simulate', 'sync'] as const) {
      const record = await of.run({ action, fresh: true });
      expect(resultOf(record, 'a-to-t')).toMatchObject({ created: 1, skipped: 0, failed: 0, state: 'completed' });
      expect(resultOf(record, 'b-to-t')).toMatchObject({ pulled: 1, updated: 1, unchanged: 0, state: 'completed' });
    }
    expect(of.ours('t')).toEqual({ 'galsync:b-to-t:b1': ['b1@b.example'], 'galsync:a-to-t:a1': ['boss@a.example'] });
    const { writes } = of.directories['t']!;
    const quiet = await of.run({ action: 'sync' });
    expect(resultOf(quiet, 'a-to-t')).toMatchObject({ unchanged: 1 });
    expect(resultOf(quiet, 'b-to-t')).toMatchObject({ skipped: 1, skippedBecause: { claimed: 1 } });
    expect(of.directories['t']!.writes).toBe(writes);
  });

  it('nobody takes anything from the owner of the domain, however it is linked', async () => {
    const of = world();
    of.put('a', one('a1', ['boss@a.example']));
    await of.run({ action: 'sync' });
    of.put('b', one('b1', ['b1@b.example', 'boss@a.example']));
    const record = await of.run({ action: 'sync' });
    expect(resultOf(record, 'b-to-t').skippedBecause).toEqual({ claimed: 1 });
    expect((await rowsOf(of, record.job.id, 'b-to-t'))[0]!.owner).toMatchObject({ id: 'a1', displayName: 'Person a1' });
    expect(of.ours('t')).toEqual({ 'galsync:a-to-t:a1': ['boss@a.example'] });
  });

  it('a user takes it from a contact that stands; what the contact is called by otherwise stays', async () => {
    const of = world();
    of.put('b', one('b1', ['own@free.example', 'x@free.example'], { kind: 'contact', type: 'MailContact' }));
    await of.run({ action: 'sync' });
    of.put('a', one('a1', ['x@free.example']));
    const record = await of.run({ action: 'sync' });
    expect(resultOf(record, 'b-to-t')).toMatchObject({ updated: 1, unchanged: 0 });
    expect(of.ours('t')).toEqual({ 'galsync:b-to-t:b1': ['own@free.example'], 'galsync:a-to-t:a1': ['x@free.example'] });
  });

  it('between equals the standing link keeps it; the newcomer is told who has it', async () => {
    const of = world();
    of.put('a', one('a1', ['x@free.example']));
    await of.run({ action: 'sync' });
    of.put('b', one('b1', ['x@free.example']));
    const record = await of.run({ action: 'sync' });
    expect(resultOf(record, 'a-to-t').unchanged).toBe(1);
    expect((await rowsOf(of, record.job.id, 'b-to-t'))[0]).toMatchObject({ reason: 'claimed', owner: { id: 'a1', kind: 'user' } });
  });

  it('one that is updated for another reason gives it up as well', async () => {
    const of = world();
    of.put('b', one('b1', ['b1@b.example', 'boss@a.example']));
    await of.run({ action: 'sync' });
    of.put('b', one('b1', ['b1@b.example', 'boss@a.example'], { attributes: { displayName: 'Married Name' } }));
    of.put('a', one('a1', ['boss@a.example']));
    const record = await of.run({ action: 'sync' });
    expect(resultOf(record, 'b-to-t')).toMatchObject({ updated: 1, failed: 0 });
    expect(resultOf(record, 'a-to-t')).toMatchObject({ created: 1, failed: 0 });
    expect(of.ours('t')).toEqual({ 'galsync:b-to-t:b1': ['b1@b.example'], 'galsync:a-to-t:a1': ['boss@a.example'] });
  });

  it('who loses the last address is claimed, and the object goes before the winner comes; breakers count it', async () => {
    const of = world();
    for (let n = 0; n < 9; n += 1)
      of.put('b', one(`b${n}`, [n === 0 ? 'boss@free.example' : `b${n}@b.example`], { kind: n === 0 ? 'contact' : 'user' }));
    await of.run({ action: 'sync' });
    of.put('a', one('a1', ['boss@free.example']));
    const record = await of.run({ action: 'sync' });
    expect(resultOf(record, 'b-to-t')).toMatchObject({
      unchanged: 8,
      skippedBecause: { claimed: 1 },
      leavers: { orphaned: 1, deleted: 1 },
    });
    expect(resultOf(record, 'a-to-t')).toMatchObject({ created: 1, failed: 0 });
    expect((await of.store.links.get('b-to-t', 'b0'))!).toMatchObject({ state: 'ended', endedBecause: 'addressClaimed' });
    expect((await of.store.routes.get('b-to-t')).removals.at(-1)).toMatchObject({ count: 1 });
    const { writes } = of.directories['t']!;
    expect(resultOf(await of.run({ action: 'sync' }), 'b-to-t')).toMatchObject({ unchanged: 8, skippedBecause: { claimed: 1 } });
    expect(of.directories['t']!.writes).toBe(writes);
  });

  it('an object that was adopted keeps what it holds: a collision', async () => {
    const of = world();
    of.put('b', one('b1', ['b1@b.example', 'boss@a.example']));
    await of.run({ action: 'sync' });
    const link = (await of.store.links.get('b-to-t', 'b1'))!;
    const held = of.directories['t']!.entries.get(link.targetId!)!;
    of.put('t', { ...held, stamp: 'galsync-adopted:b-to-t:b1' });
    await of.store.links.put({ ...link, adopted: true });
    of.put('a', one('a1', ['boss@a.example']));
    const record = await of.run({ action: 'sync' });
    expect(resultOf(record, 'b-to-t')).toMatchObject({ unchanged: 1 });
    expect(resultOf(record, 'a-to-t').skippedBecause).toEqual({ collision: 1 });
  });

  it('what a route that is not in the job holds stays; the job says so, and one over both routes settles it', async () => {
    const of = world();
    of.put('b', one('b1', ['b1@b.example', 'boss@a.example']));
    await of.run({ action: 'sync' });
    of.put('a', one('a1', ['boss@a.example']));
    const before = await of.store.links.get('b-to-t', 'b1');
    const alone = await of.run({ action: 'sync', routes: ['a-to-t'] });
    expect(resultOf(alone, 'a-to-t')).toMatchObject({ created: 0, skippedBecause: { claimed: 1 } });
    expect(resultOf(alone, 'a-to-t').warnings.join()).toMatch(/"b-to-t".*not in this job/);
    expect(await of.store.links.get('b-to-t', 'b1')).toEqual(before);
    expect(of.ours('t')).toEqual({ 'galsync:b-to-t:b1': ['b1@b.example', 'boss@a.example'] });
    const both = await of.run({ action: 'sync' });
    expect([resultOf(both, 'a-to-t').created, resultOf(both, 'b-to-t').updated]).toEqual([1, 1]);
  });

  it('a job over named entries takes nothing from others', async () => {
    const of = world();
    of.put('b', one('b1', ['b1@b.example', 'boss@a.example']));
    await of.run({ action: 'sync' });
    of.put('a', one('a1', ['boss@a.example']));
    const record = await of.run({ action: 'sync', only: ['a1'] });
    expect(resultOf(record, 'a-to-t').skippedBecause).toEqual({ claimed: 1 });
    expect(resultOf(record, 'b-to-t')).toMatchObject({ pulled: 0, updated: 0 });
  });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ] as const)('two people of two routes swap their addresses (%s first)', async (first, second) => {
    const of = createOrganisations(['a', 'b', 't'], { routes: [first, second].map((from) => ({ id: `${from}-to-t`, from, to: 't' })) });
    of.put('a', one('a1', ['x@free.example']));
    of.put('b', one('b1', ['y@free.example']));
    await of.run({ action: 'sync' });
    of.put('a', one('a1', ['y@free.example']));
    of.put('b', one('b1', ['x@free.example']));
    const record = await of.run({ action: 'sync' });
    for (const id of ['a-to-t', 'b-to-t'])
      expect(resultOf(record, id)).toMatchObject({ updated: 1, failed: 0, skipped: 0, state: 'completed' });
    expect(of.ours('t')).toEqual({ 'galsync:a-to-t:a1': ['y@free.example'], 'galsync:b-to-t:b1': ['x@free.example'] });
    expect(resultOf(await of.run({ action: 'sync' }), 'a-to-t').unchanged).toBe(1);
  });

  it.each([
    ['a', 'b'],
    ['b', 'a'],
  ] as const)('an address moves from one route to another, whichever comes first (%s)', async (first, second) => {
    const of = createOrganisations(['a', 'b', 't'], { routes: [first, second].map((from) => ({ id: `${from}-to-t`, from, to: 't' })) });
    of.put('a', one('a1', ['a1@a.example', 'desk@free.example']));
    of.put('b', one('b1', ['b1@b.example']));
    await of.run({ action: 'sync' });
    of.put('a', one('a1', ['a1@a.example']));
    of.put('b', one('b1', ['b1@b.example', 'desk@free.example']));
    const record = await of.run({ action: 'sync' });
    for (const id of ['a-to-t', 'b-to-t']) expect(resultOf(record, id)).toMatchObject({ updated: 1, failed: 0, skipped: 0 });
    expect(of.ours('t')['galsync:b-to-t:b1']).toEqual(['b1@b.example', 'desk@free.example']);
  });
});
