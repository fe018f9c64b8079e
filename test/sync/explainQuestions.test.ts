import { describe, expect, it } from 'vitest';
import { explainRoute } from '../../shared/sync/explain.ts';
import type { Explanation } from '../../shared/sync/explanation.ts';
import { explain, step } from './explaining.ts';
import { createWorld, person } from './world.ts';

const DAILY = { cron: '0 2 * * *', timeZone: 'Europe/Paris' };

describe('explain: the questions people ask', () => {
  it('an address that several entries hold: the primary one first, the others with what becomes of them', async () => {
    const world = createWorld({ a: 3 });
    world.a.entries.set('zz', person('a', 77, { id: 'zz', addresses: ['p77@a.example', 'p1@a.example'] }));
    await world.run({ action: 'sync' });
    const told = await explain(world, { address: 'p1@a.example' });
    expect(told.object).toBe('a-1');
    expect(told.others).toMatchObject([{ object: 'zz', connector: 'a' }]);
    expect(told.others[0]!.text).toContain('skip it (claimed): "Person 1"');
    // Nothing is to be written for who holds it, and still the rival is named.
    expect(step(told, 'claims')).toMatchObject({ verdict: 'note', data: { others: [{ object: 'zz', how: 'claims' }] } });
    expect(told.next).toContain('write nothing');
    const other = await explain(world, { object: 'zz' });
    expect(step(other, 'claims')).toMatchObject({ verdict: 'stop' });
    expect(step(other, 'claims').data['others']).toMatchObject([{ object: 'a-1', how: 'holds', address: 'p1@a.example' }]);
  });

  it('two new people over two routes: who gets the address', async () => {
    const world = createWorld({ a: 1, b: 0 });
    const told = async (): Promise<Explanation> => explain(world, { object: 'a-0' });
    world.a.entries.set('twin', person('a', 5, { id: 'twin', addresses: ['p0@a.example'] }));
    await world.run({ action: 'pull', connectors: ['a', 'b'] });
    expect(step(await told(), 'claims')).toMatchObject({ verdict: 'note', data: { others: [{ object: 'twin', how: 'claims' }] } });
    expect((await explain(world, { object: 'twin' })).next).toContain('skip it (claimed)');
  });

  it('somebody who is gone: hidden when, deleted when, by which policy, in the route’s zone', async () => {
    const world = createWorld({ a: 5 });
    world.configure((document) => {
      document.routes[0]!['schedule'] = { ...DAILY, timeZone: 'Pacific/Auckland' };
    });
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-1');
    await world.run({ action: 'pull' });
    const before = await explain(world, { address: 'p1@a.example' });
    expect(before).toMatchObject({ found: 'leaver', object: 'a-1', displayName: 'Person 1' });
    expect(before.next).toContain('would hide object');
    expect(step(before, 'leaver').data).toMatchObject({ policy: 'hideThenDelete', days: 30, change: 'hide', estimated: true });
    await world.run({ action: 'sync' });
    const after = await explain(world, { address: 'p1@a.example' });
    // Hidden on 25 November 22:09 in Auckland: 30 calendar days there.
    expect(step(after, 'leaver').data).toMatchObject({
      deleteOn: '2026-12-25',
      hidden: true,
      estimated: false,
      timeZone: 'Pacific/Auckland',
    });
    expect(after.answer).toContain('deleted by the first job on or after 2026-12-25 (Pacific/Auckland)');
    world.clock.now = Date.parse('2026-12-24T10:30:00Z'); // 23:30 on the 24th in Auckland
    const early = await world.run({ action: 'sync' });
    expect(early.job.routes[0]!.leavers).toMatchObject({ deleted: 0, kept: 1 });
    world.clock.now = Date.parse('2026-12-24T11:30:00Z'); // 00:30 on the 25th
    expect((await explain(world, { object: 'a-1' })).next).toContain('would delete object');
    const late = await world.run({ action: 'sync' });
    expect(late.job.routes[0]!.leavers).toMatchObject({ deleted: 1 });
    const gone = await explain(world, { address: 'p1@a.example' });
    expect(gone).toMatchObject({ found: 'history', object: 'a-1' });
    expect(gone.answer).toContain('has ended');
    expect(gone.next).toContain('do nothing');
  });

  it('an id of a target object: whose it is; the target’s own; somebody else’s', async () => {
    const world = createWorld({ a: 3, b: 1, both: true });
    world.b.entries.set('foreign', person('b', 44, { id: 'foreign', stamp: 'galsync:elsewhere:9' }));
    await world.run({ action: 'sync' });
    const ours = [...world.b.entries.values()].find((entry) => entry.stamp === 'galsync:a-to-b:a-2')!;
    await world.run({ action: 'simulate' });
    expect(await explain(world, { object: ours.id })).toMatchObject({ found: 'entry', object: 'a-2', target: ours.id });
    const own = await explain(world, { object: 'b-0' });
    expect(own).toMatchObject({ found: 'targetObject', object: null, target: 'b-0' });
    expect(own.answer).toContain('without a galsync stamp');
    expect((await explain(world, { object: 'foreign' })).answer).toContain('not configured');
    const stamped = await explain(world, { route: 'b-to-a', object: ours.id });
    expect(step(stamped, 'select').text).toContain('galsync stamp');
    expect(stamped.next).toContain('exported from its own directory only');
  });

  it('an address that nobody has here: says so, and who has it elsewhere', async () => {
    const world = createWorld({ a: 2, b: 2, both: true });
    world.configure((document) => {
      document.connectors.push({ ...document.connectors[0]!, id: 'c', tenant: 'c.example', pull: {} });
    });
    await world.run({ action: 'sync' });
    const nobody = await explain(world, { address: 'nobody@x.example' });
    expect(nobody).toMatchObject({ found: 'nothing', object: null });
    expect(nobody.answer).toContain('No other directory');
    const there = await explain(world, { address: 'p1@b.example' });
    expect(there).toMatchObject({ found: 'targetObject', target: 'b-1' });
  });

  it('what waits: pause, disabled route, held plan with this very change', async () => {
    const world = createWorld({ a: 20 });
    await world.run({ action: 'sync' });
    for (let n = 0; n < 12; n += 1) world.a.entries.delete(`a-${n}`);
    const { job } = await world.run({ action: 'sync' });
    expect(job.state).toBe('held');
    const told = await explain(world, { object: 'a-3' });
    expect(step(told, 'waits').text).toContain(`approve or reject it at job ${job.id}`);
    expect(step(told, 'waits').text).toContain("This object's change is one of those held.");
    expect(told.next).toContain('But: ');
    world.configure((document) => {
      document['paused'] = true;
      document.routes[0]!['enabled'] = false;
    });
    const { text } = step(await explain(world, { object: 'a-3' }), 'waits');
    expect(text).toContain('paused');
    expect(text).toContain('disabled');
  });

  it('a write that failed: with its cause, and when it is tried again', async () => {
    const world = createWorld({ a: 2 });
    world.b.onWrite = (request) =>
      request.stamp.endsWith(':a-1')
        ? {
            ok: false,
            failure: { code: 'addressInUse', message: 'The address is not free yet.', nextStep: 'Wait.' },
            retry: 'later',
            targetId: null,
            owner: null,
          }
        : null;
    await world.run({ action: 'sync' });
    const told = await explain(world, { object: 'a-1' });
    expect(told.answer).toContain('writing it failed before');
    expect(step(told, 'waits').text).toMatch(/tried again after 2026-/);
    expect(step(told, 'history').text).toContain('addressInUse: The address is not free yet.');
  });

  it('a route that cannot be planned, a source that was never read', async () => {
    const world = createWorld({ a: 1 });
    const never = await explain(world, { address: 'p0@a.example' });
    expect(never.answer).toContain('never read completely');
    await world.run({ action: 'pull' });
    const half = await explain(world, { address: 'p0@a.example' });
    expect(half).toMatchObject({ found: 'entry', object: 'a-0' });
    expect(half.answer).toContain('cannot be planned now: noSnapshot');
    await expect(explainRoute(world.context, { route: 'nowhere', address: 'x@y.example' })).rejects.toMatchObject({ status: 404 });
    await expect(explainRoute(world.context, { route: 'a-to-b' })).rejects.toMatchObject({ status: 400 });
    await expect(explainRoute(world.context, { route: 'a-to-b', address: 'a@b.example', object: 'x' })).rejects.toMatchObject({
      status: 400,
    });
  });

  it('R57 · texts of people are data: literal in the JSON, cut in sentences', async () => {
    const name = '<img src=q onerror=alert(7)>';
    const world = createWorld({ a: 1 });
    world.a.entries.set(
      'a-0',
      person('a', 0, { attributes: { displayName: name, jobTitle: `[click](javascript:alert(1))\r\n${'x'.repeat(500)}` } }),
    );
    await world.run({ action: 'pull', connectors: ['a', 'b'] });
    const told = await explain(world, { object: 'a-0' });
    expect(told.displayName).toBe(name);
    expect(told.answer).toContain(`"${name}"`);
    expect(JSON.parse(JSON.stringify(told)).displayName).toBe(name);
    for (const text of [told.answer, told.next, ...told.steps.map((one) => one.text)]) {
      expect(text).not.toMatch(/[\r\n]/);
      expect(text.length).toBeLessThan(1_500);
    }
  });
});
