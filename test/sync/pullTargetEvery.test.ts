import { beforeEach, describe, expect, it } from 'vitest';
import type { JobRecord } from '../../shared/model/job.ts';
import { scheduleTick } from '../../shared/sync/schedule.ts';
import { createOrganisations, type Organisations, resultOf } from './organisations.ts';
import { person } from './world.ts';

const DAILY = { cron: '0 2 * * *', timeZone: 'UTC' };
let of: Organisations;

beforeEach(() => {
  of = createOrganisations(['a', 'b', 't'], {
    routes: ['a', 'b'].map((from) => ({
      id: `${from}-to-t`,
      from,
      to: 't',
      schedule: { ...DAILY, pullTargetEvery: 3 },
      leavers: { gone: { policy: 'delete' } },
    })),
  });
  for (let n = 0; n < 60; n += 1) of.put('a', person('a', n));
  of.put('b', person('b', 0));
});

/** The next night's pass, as the schedule starts it. */
async function pass(): Promise<JobRecord> {
  of.clock.now += 86_400_000;
  const { started } = await scheduleTick(of.context, of.instances);
  expect(started).toBe(1);
  const [newest] = (await of.store.jobs.list({}, 1, null)).items;
  return of.round(newest!.job.id, 1);
}

/** Passes until the one after which the target was read: two more follow on that read. */
async function settled(): Promise<void> {
  await scheduleTick(of.context, of.instances);
  await pass();
}

const target = () => of.directories['t']!;

describe('pullTargetEvery', () => {
  it('reads the target at every third pass; a job by hand always does', async () => {
    await settled();
    const reads = [];
    for (let n = 0; n < 6; n += 1) {
      const record = await pass();
      expect(record.job.state).toBe('completed');
      expect(record.job.connectors.map(({ state, complete }) => `${state} ${complete}`)).toEqual(Array(3).fill('completed true'));
      reads.push(target().reads);
    }
    expect(reads).toEqual([1, 1, 2, 2, 2, 3]);
    const byHand = await of.run({ action: 'push' });
    expect(target().reads).toBe(4);
    // The sources are not read by a push: what counts is their last snapshot, and the job says so.
    expect(byHand.job.connectors[0]).toMatchObject({ id: 'a', state: 'completed', cause: null, pulled: 60, read: 0, calls: 0 });
  });

  it('what we wrote since takes up room, too: a plan that does not fit any more is held', async () => {
    const sizeOf = (): number => 1;
    target().capacity = { what: 'contacts', types: ['MailContact'], objects: 62, bytes: 1e9, sizeOf };
    await settled();
    of.put('a', person('a', 77));
    expect(resultOf(await pass(), 'a-to-t')).toMatchObject({ state: 'completed', created: 1 });
    of.put('a', person('a', 78));
    const { writes } = target();
    const full = resultOf(await pass(), 'a-to-t');
    expect(full.heldBecause).toMatchObject([{ breaker: 'capacity', before: 62, after: 63, limit: 62 }]);
    expect([full.created, target().writes]).toEqual([0, writes]);
    // Read again, it says the same.
    expect(resultOf(await pass(), 'a-to-t').heldBecause).toMatchObject([{ breaker: 'capacity', before: 62, after: 63, limit: 62 }]);
  });

  it('what we wrote since counts as there: no second object, no second write, no call for it', async () => {
    await settled();
    of.put('a', person('a', 3, { addresses: ['married@a.example'], attributes: { displayName: 'Married Name' } }));
    of.put('a', person('a', 77));
    const changed = await pass();
    expect(resultOf(changed, 'a-to-t')).toMatchObject({ created: 1, updated: 1 });
    const { writes, gets } = target();
    const quiet = await pass();
    expect(resultOf(quiet, 'a-to-t')).toMatchObject({ unchanged: 61, created: 0, updated: 0 });
    expect([target().writes, target().gets]).toEqual([writes, gets]);
    const read = await pass();
    expect(resultOf(read, 'a-to-t')).toMatchObject({ unchanged: 61, created: 0, updated: 0 });
  });

  it('an address that an object of ours took since is held by it, one that it gave up is free', async () => {
    target().traits = { uniqueAddresses: false };
    await settled();
    of.put('a', person('a', 3, { addresses: ['desk@free.example'] }));
    await pass();
    of.put('b', person('b', 1, { addresses: ['desk@free.example'] }));
    of.put('b', person('b', 2, { addresses: ['p3@a.example'] }));
    of.configure((document) => {
      for (const connector of document.connectors) connector['owns'] = [];
    });
    const record = await pass();
    expect(resultOf(record, 'b-to-t')).toMatchObject({ created: 1, skippedBecause: { claimed: 1 } });
    expect(of.ours('t')['galsync:b-to-t:b-2']).toEqual(['p3@a.example']);
  });

  it('who was deleted since and returns is created, not looked for', async () => {
    await settled();
    of.directories['a']!.entries.delete('a-5');
    expect(resultOf(await pass(), 'a-to-t').leavers).toMatchObject({ deleted: 1 });
    of.put('a', person('a', 5));
    expect(resultOf(await pass(), 'a-to-t')).toMatchObject({ created: 1, failed: 0 });
    expect(of.ours('t')['galsync:a-to-t:a-5']).toEqual(['p5@a.example']);
  });

  it('before anything is deleted it is asked for: what has become somebody else’s since is left alone', async () => {
    await settled();
    const idOf = async (source: string): Promise<string> => (await of.store.links.get('a-to-t', source))!.targetId!;
    const [mailbox, stamped, gone, plain] = await Promise.all(['a-1', 'a-2', 'a-3', 'a-4'].map(idOf));
    const was = (id: string) => target().entries.get(id)!;
    target().entries.set(mailbox!, { ...was(mailbox!), type: 'UserMailbox' });
    target().entries.set(stamped!, { ...was(stamped!), stamp: 'galsync:other-installation:x' });
    target().entries.delete(gone!);
    for (const id of ['a-1', 'a-2', 'a-3', 'a-4']) of.directories['a']!.entries.delete(id);
    const record = await pass();
    expect(target().reads).toBe(1);
    expect(resultOf(record, 'a-to-t').leavers).toMatchObject({ orphaned: 1, deleted: 1, failed: 0 });
    expect([mailbox, stamped, plain].map((id) => target().entries.has(id!))).toEqual([true, true, false]);
    const ended = await Promise.all(['a-1', 'a-2', 'a-3', 'a-4'].map((id) => of.store.links.get('a-to-t', id)));
    expect(ended.map((link) => `${link!.state} ${link!.endedBecause}`)).toEqual([
      'ended takenOver',
      'ended takenOver',
      'ended alreadyGone',
      'ended gone',
    ]);
  });

  it('a stranger that went away since stands in nobody’s way; one that is still there does', async () => {
    for (const [id, address] of [
      ['s-1', 'x@free.example'],
      ['s-2', 'y@free.example'],
    ] as const)
      of.put('t', person('t', 1, { id, kind: 'contact', type: 'MailContact', addresses: [address] }));
    await settled();
    of.put('a', person('a', 150, { addresses: ['x@free.example'] }));
    of.put('a', person('a', 151, { addresses: ['y@free.example'] }));
    target().entries.delete('s-1');
    const record = await pass();
    expect(target().reads).toBe(1);
    expect(resultOf(record, 'a-to-t')).toMatchObject({ created: 1, skippedBecause: { collision: 1 } });
    expect(of.ours('t')['galsync:a-to-t:a-150']).toEqual(['x@free.example']);
  });

  it('a target that is a source in the same job is read as ever', async () => {
    of.configure((document) => {
      document.routes.push({ id: 't-to-a', from: 't', to: 'a', schedule: DAILY });
    });
    await settled();
    await pass();
    expect(target().reads).toBe(2);
  });
});
