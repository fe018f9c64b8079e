import { describe, expect, it } from 'vitest';
import { FailureError } from '../../shared/model/failure.ts';
import type { JobRecord } from '../../shared/model/job.ts';
import { SHARDS } from '../../shared/store/store.ts';
import { approveJob } from '../../shared/sync/decide.ts';
import { startRelink, startRetire, startUndo } from '../../shared/sync/startErrand.ts';
import { type MailboxWorld, mailboxWorld, names, ours, ownContactsAreUntouched, ROUTE, TEAM } from './mailboxWorld.ts';

const ASKED = { trigger: 'api', by: 'test', dryRun: false } as const;

async function retire(world: MailboxWorld, more: { dryRun?: boolean } = {}): Promise<JobRecord> {
  const record = await startRetire(world.context, world.instances, ROUTE, { objects: 'delete' }, { ...ASKED, ...more });
  return world.round(record.job.id, 1);
}

async function approved(world: MailboxWorld, { job }: JobRecord): Promise<JobRecord> {
  await approveJob(world.context, world.instances, job.id, { route: ROUTE, plan: job.routes[0]!.plan! }, 'me');
  return world.round(job.id, 2);
}

const folders = (world: MailboxWorld, mailbox: string): readonly string[] => [...world.mail.mailboxes.get(mailbox)!.folders.keys()];

describe('a route into mailboxes that is retired', () => {
  it('shows what it would take out, and is held like every mass removal', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    const { writes } = world.mail;
    const shown = await retire(world, { dryRun: true });
    expect(shown.job).toMatchObject({ state: 'completed', progress: { phase: 'done', done: 0, total: 0 } });
    expect(shown.job.routes[0]).toMatchObject({ leavers: { deleted: 8 }, copies: { written: 40, left: 5 } });
    expect((await retire(world)).job).toMatchObject({ state: 'held', routes: [{ leavers: { held: 8 }, heldBecause: [{ value: 8 }] }] });
    expect(world.mail.writes).toBe(writes);
    expect(names(ours(world, 'm5'))).toHaveLength(8);
  });

  it('loses its contacts in every mailbox once that is approved, also in those that the configuration names no more', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    world.mail.groups.set('team@b.example', ['m1']);
    const ended = await approved(world, await retire(world));
    expect(ended.job).toMatchObject({
      state: 'completed',
      routes: [{ leavers: { deleted: 8 }, copies: { written: 40, left: 5, failed: 0 } }],
    });
    for (const mailbox of TEAM) expect(folders(world, mailbox)).toEqual(['own']);
    ownContactsAreUntouched(world);
    for await (const link of world.store.links.range(ROUTE, 0, SHARDS))
      expect(link).toMatchObject({ state: 'ended', endedBecause: 'retired' });
  });

  it('is retired again where a mailbox could not be reached', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    const third = world.mail.mailboxes.get('m3')!;
    third.fault = new FailureError({ code: 'permission', message: 'No.', nextStep: 'Grant Contacts.ReadWrite.' });
    const first = await approved(world, await retire(world));
    expect(first.job).toMatchObject({ state: 'completedWithErrors', routes: [{ copies: { failed: 1, left: 4 } }] });
    third.fault = null;
    expect((await retire(world)).job).toMatchObject({ state: 'completed', routes: [{ copies: { failed: 0, left: 1 } }] });
    expect(folders(world, 'm3')).toEqual(['own']);
  });

  it('leaves nothing behind: keeping the contacts is refused, and so are undo and relink, with what to do instead', async () => {
    const world = mailboxWorld();
    const { job } = await world.run({ action: 'sync' });
    const { context, instances } = world;
    await expect(startRetire(context, instances, ROUTE, { objects: 'keep' }, ASKED)).rejects.toThrow('"objects": "delete" takes them out');
    await expect(startUndo(context, instances, job.id, {}, ASKED)).rejects.toThrow('there is no undo');
    await expect(startRelink(context, instances, ROUTE, ASKED)).rejects.toThrow('there is no relink');
  });
});
