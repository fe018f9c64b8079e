import { describe, expect, it } from 'vitest';
import type { WriteAnswer, WriteRequest } from '../../shared/connectors/connector.ts';
import { type As, expectQuiet, expectWhole, legacy, linked, objects, pushAs } from './conversions.ts';

describe('R29: half a conversion', () => {
  const refuse =
    (kind: WriteRequest['change'], as: As, answer: Partial<Extract<WriteAnswer, { ok: false }>> = {}) =>
    (request: WriteRequest): WriteAnswer | null =>
      request.change === kind && request.as === as
        ? {
            ok: false,
            failure: { code: 'refused', message: "It can't be invited to this directory.", nextStep: 'Ask its administrator.' },
            retry: 'never',
            targetId: null,
            owner: null,
            ...answer,
          }
        : null;

  it.each([
    ['stepped aside: it gets back what it gave up', true],
    ['went first: it is made again', false],
  ])('the new object is refused, the old one %s', async (_name, stepsAside) => {
    const world = await linked(1, 'contact', { stepsAside });
    const [lea] = objects(world);
    world.b.onWrite = refuse('create', 'mailUser');
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    expect(job).toMatchObject({ state: 'completedWithErrors', routes: [{ failed: 1, updated: 0 }] });
    const [now, ...more] = objects(world);
    expect(more).toEqual([]);
    expect(now).toMatchObject({
      type: 'MailContact',
      stamp: lea!.stamp,
      addresses: lea!.addresses,
      hidden: false,
      attributes: lea!.attributes,
    });
    expect(now!.id === lea!.id).toBe(stepsAside);
    expect([legacy(now!), ...(now!.x500 ?? [])]).toContain(legacy(lea!));
    expect((await world.store.links.get('a-to-b', 'a-0'))!).toMatchObject({ as: 'contact', targetId: now!.id, converting: null });
    // Nothing stands in the way any more.
    delete world.b.onWrite;
    world.clock.now += 3_600_000;
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 1, failed: 0 });
    expectWhole(world, 'MailUser', [now!]);
  });

  it('the old object can neither step aside nor change: nothing was done', async () => {
    const world = await linked(1, 'contact');
    const before = objects(world);
    world.b.onWrite = refuse('update', 'contact');
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ failed: 1 });
    expect(objects(world)).toEqual(before);
    expect(await world.store.links.get('a-to-b', 'a-0')).toMatchObject({ as: 'contact', converting: null });
  });

  it('the old object cannot be removed: the next job does', async () => {
    const world = await linked(1, 'contact');
    const contacts = objects(world);
    world.b.onWrite = refuse('delete', 'contact', { retry: 'later' });
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ failed: 1 });
    expect(objects(world)).toHaveLength(2);
    delete world.b.onWrite;
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 1, failed: 0 });
    expectWhole(world, 'MailUser', contacts);
    await expectQuiet(world, 1);
  });

  it('R19: an address that is freed late is waited for', async () => {
    const world = await linked(1, 'contact');
    const contacts = objects(world);
    let refusals = 0;
    const inUse = refuse('create', 'mailUser', { retry: 'later' });
    world.b.onWrite = (request) => {
      const answer = refusals < 3 ? inUse(request) : null;
      if (answer) refusals += 1;
      return answer;
    };
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 1, failed: 0 });
    expectWhole(world, 'MailUser', contacts);
  });

  it('an answer that was lost is asked for, and no second object is made', async () => {
    const world = await linked(1, 'contact');
    const contacts = objects(world);
    const { onWrite: _none, ...plain } = world.b;
    let made = false;
    world.b.onWrite = (request) => {
      if (request.change !== 'create' || made) return null;
      made = true;
      const { fields, alias, stamp } = request;
      const entry = { ...contacts[0]!, id: 'late', type: 'MailUser', kind: 'user' as const, stamp, x500: ['/o=memory/cn=late'] };
      plain.entries.set('late', { ...entry, addresses: fields.addresses as string[], attributes: { ...entry.attributes, alias } });
      return refuse('create', 'mailUser', { retry: 'unknown' })(request);
    };
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 1, failed: 0 });
    expect(objects(world).map(({ id }) => id)).toEqual(['late']);
    expectWhole(world, 'MailUser', contacts);
  });
});
