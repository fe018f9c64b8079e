import { describe, expect, it } from 'vitest';
import { explain, step } from './explaining.ts';
import { createWorld, person } from './world.ts';

describe('explain: who is, and what the next run would do', () => {
  it('tells the whole way of somebody who is up to date, and writes nothing', async () => {
    const world = createWorld({ a: 5 });
    await world.run({ action: 'sync' });
    const writes = world.b.writes;
    const told = await explain(world, { address: 'P2@A.example' });
    expect(told).toMatchObject({ found: 'entry', object: 'a-2', kind: 'user', address: 'p2@a.example' });
    expect(told.target).toMatch(/^m-/);
    expect(told.steps.map((one) => one.step)).toEqual([
      'pull',
      'entry',
      'select',
      'owner',
      'project',
      'match',
      'target',
      'diff',
      'claims',
      'waits',
      'history',
    ]);
    expect(told.next).toContain('by hand');
    expect(told.next).toContain('write nothing');
    expect(step(told, 'history').data['jobs']).toMatchObject([{ change: { change: 'create', result: 'done' } }]);
    expect(world.b.writes).toBe(writes);
  });

  it('agrees with what the next job then does', async () => {
    const world = createWorld({ a: 6 });
    await world.run({ action: 'sync' });
    world.a.entries.set('a-1', person('a', 1, { attributes: { displayName: 'Person 1', jobTitle: 'Director' } }));
    world.a.entries.set('a-2', person('a', 2, { enabled: false }));
    world.a.entries.delete('a-3');
    world.a.entries.set('n', person('a', 50, { id: 'n' }));
    await world.run({ action: 'pull' });
    const said = Object.fromEntries(
      await Promise.all(
        ['a-0', 'a-1', 'a-2', 'a-3', 'n'].map(async (object) => [object, (await explain(world, { object })).next] as const),
      ),
    );
    expect(said['a-0']).toContain('would write nothing');
    expect(said['a-1']).toContain('would update object');
    expect(said['a-1']).toContain('jobTitle from "Engineer" to "Director"');
    expect(said['a-2']).toContain('would hide object');
    expect(said['a-3']).toContain('would hide object');
    expect(said['n']).toContain('would create "Person 50" <p50@a.example>');
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 1, updated: 1, unchanged: 3, leavers: { hidden: 2 } });
  });

  it('gives every test of select its verdict, and the tests of a condition', async () => {
    const world = createWorld({ a: 2 });
    world.configure((document) => {
      document.routes[0]!['filter'] = {
        users: true,
        domains: { include: ['other.example'] },
        where: {
          all: [
            { not: { attribute: 'jobTitle', operator: 'Equals', value: 'Clerk' } },
            { attribute: 'city', operator: 'Equals', value: 'Oslo' },
          ],
        },
      };
    });
    world.a.entries.set(
      'x',
      person('a', 9, { id: 'x', enabled: false, attributes: { displayName: 'X', jobTitle: 'Clerk', city: 'Oslo' } }),
    );
    await world.run({ action: 'sync' });
    const told = await explain(world, { object: 'x' });
    const select = step(told, 'select');
    expect(select.verdict).toBe('stop');
    expect(select.text).toMatch(/^It is left out \(disabled\)/);
    expect(select.text).toContain('2 more tests would keep it out too');
    expect(select.text).toContain('jobTitle Equals "Clerk" holds: jobTitle is "Clerk"');
    expect(select.text).not.toContain('city');
    const tests = select.data['tests'] as { rule: string; verdict: string; condition?: { parts: unknown[] } }[];
    expect(tests.filter((test) => test.verdict !== 'passes').map((test) => test.rule)).toEqual([
      'pull.disabledUsers',
      'filter.domains',
      'filter.where',
    ]);
    expect(tests.length).toBeGreaterThan(15);
    expect(tests.find((test) => test.rule === 'filter.where')!.condition!.parts).toHaveLength(2);
    expect(told.next).toContain('Enable the account');
  });

  it('never shows a withheld value, only that it is withheld', async () => {
    const world = createWorld({ a: 1 });
    const { configuration, version } = await world.context.configuration();
    const withhold = [{ attributes: ['mobilePhone'], where: null }];
    const connectors = configuration.connectors.map((one) => ({ ...one, pull: { ...one.pull, withhold } }));
    const context = { ...world.context, configuration: async () => ({ configuration: { ...configuration, connectors }, version }) };
    world.a.entries.set('a-0', person('a', 0, { attributes: { displayName: 'P', mobilePhone: '+49 secret' } }));
    await world.run({ action: 'pull', connectors: ['a', 'b'] });
    const told = await explain({ ...world, context }, { object: 'a-0' });
    expect(JSON.stringify(told)).not.toContain('secret');
    expect(step(told, 'entry').data['withheld']).toEqual(['mobilePhone']);
    expect(step(told, 'entry').text).toContain('mobilePhone');
  });

  it('says why fields that differ are left: drift, empty fields', async () => {
    const world = createWorld({ a: 1 });
    world.configure((document) => {
      document.routes[0]!['push'] = { as: 'contact', emptyFields: 'never', drift: { default: 'leave' } };
    });
    world.a.entries.set('a-0', person('a', 0, { attributes: { displayName: 'P', jobTitle: 'Engineer', city: 'Oslo' } }));
    await world.run({ action: 'sync' });
    const object = [...world.b.entries.values()].find((entry) => entry.stamp)!;
    world.b.entries.set(object.id, { ...object, attributes: { ...object.attributes, jobTitle: 'Edited there' } });
    world.a.entries.set('a-0', person('a', 0, { attributes: { displayName: 'P', jobTitle: 'Engineer' } }));
    await world.run({ action: 'sync' });
    const diff = step(await explain(world, { object: 'a-0' }), 'diff');
    expect(diff.verdict).toBe('note');
    const fields = Object.fromEntries(
      (diff.data['fields'] as { name: string; verdict: string }[]).map((field) => [field.name, field.verdict]),
    );
    expect(fields).toMatchObject({ displayName: 'same', jobTitle: 'drift', city: 'notCleared' });
    expect(diff.text).toContain('edited in the target');
    expect(diff.text).toContain('emptyFields is "never"');
  });

  it('names the owner of an address that collides', async () => {
    const world = createWorld({ a: 3, b: 1 });
    world.b.entries.set('b-x', person('b', 9, { id: 'b-x', addresses: ['p1@a.example'] }));
    await world.run({ action: 'sync' });
    const told = await explain(world, { object: 'a-1' });
    expect(step(told, 'match')).toMatchObject({ verdict: 'stop', data: { match: 'collision', owner: { id: 'b-x' } } });
    expect(told.answer).toContain('skipped (collision)');
    expect(told.next).toContain('b-x');
  });
});
