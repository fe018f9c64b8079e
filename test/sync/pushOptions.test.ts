import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { RouteResult } from '../../shared/model/job.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const FULL = { displayName: 'Ada', jobTitle: 'Engineer', mobilePhone: '+1 555 0100', employeeId: '77' };

/** One person in a, with a route that pushes as told. */
function pushing(push: object, person0: Partial<Entry> = {}, pull: object = {}): SyncWorld {
  const world = createWorld({ a: 0 });
  give(world, person0);
  configure(world, push, pull);
  return world;
}

function give(world: SyncWorld, more: Partial<Entry>): void {
  world.a.entries.set('p', { ...person('a', 0), id: 'p', addresses: ['p@a.example'], attributes: FULL, ...more });
}

function configure(world: SyncWorld, push: object, pull: object = {}): void {
  world.configure((document) => {
    document.connectors[0]!['pull'] = pull;
    document.routes[0]!['push'] = { as: 'contact', ...push };
  });
}

async function sync(world: SyncWorld): Promise<RouteResult> {
  const [route] = (await world.run({ action: 'sync' })).job.routes;
  expect(route).toMatchObject({ state: 'completed', failed: 0 });
  return route!;
}

const contact = (world: SyncWorld): Entry => [...world.b.entries.values()].find(({ stamp }) => stamp === 'galsync:a-to-b:p')!;

/** Somebody of the target edits the object. */
function edit(world: SyncWorld, attributes: Partial<Entry['attributes']>, more: Partial<Entry> = {}): void {
  const one = contact(world);
  world.b.entries.set(one.id, { ...one, ...more, attributes: { ...one.attributes, ...attributes } });
}

async function quiet(world: SyncWorld): Promise<void> {
  const { writes } = world.b;
  await sync(world);
  expect(world.b.writes).toBe(writes);
}

describe('options of push over a whole sync', () => {
  it.each([
    ['never', { mobilePhone: '+1 555 0100', city: 'Turin' }],
    ['own', { city: 'Turin' }],
    ['always', {}],
  ])('emptyFields: %s', async (emptyFields, left) => {
    const world = pushing({ emptyFields });
    await sync(world);
    // What we wrote goes in the source; what somebody of the target wrote was never there.
    edit(world, { city: 'Turin' });
    give(world, { attributes: { displayName: 'Ada', jobTitle: 'Engineer' } });
    await sync(world);
    const { alias: _alias, displayName: _name, jobTitle: _title, ...rest } = contact(world).attributes;
    expect(rest).toEqual(left);
    await quiet(world);
  });

  it.each([
    ['own', {}],
    ['never', { mobilePhone: '+1 555 0100' }],
  ])('emptyFields: %s, of a field that is no longer pushed', async (emptyFields, left) => {
    const world = pushing({ emptyFields });
    await sync(world);
    configure(world, { emptyFields, attributes: { except: ['mobilePhone'] } });
    await sync(world);
    const { alias: _alias, displayName: _name, jobTitle: _title, ...rest } = contact(world).attributes;
    expect(rest).toEqual(left);
    await quiet(world);
  });

  // Made from somebody shown, and from somebody hidden; then each was turned round by somebody of the target.
  it.each([
    ['shown', [false, false], [false, false]],
    ['hidden', [true, true], [true, true]],
    ['likeSource', [false, true], [false, true]],
    ['leave', [false, false], [true, true]],
  ])('addressList: %s', async (addressList, made, after) => {
    for (const [n, hidden] of [false, true].entries()) {
      const world = pushing({ addressList }, { hidden }, { hiddenEntries: true });
      await sync(world);
      expect(contact(world).hidden).toBe(made[n]);
      edit(world, {}, { hidden: !contact(world).hidden });
      await sync(world);
      expect(contact(world).hidden).toBe(after[n]);
      await quiet(world);
    }
  });

  it.each([
    [{}, 'Engineer', '+1 555 0100'],
    [{ default: 'leave' }, 'edited', 'edited'],
    [{ except: ['jobTitle'] }, 'edited', '+1 555 0100'],
    [{ default: 'leave', except: ['jobTitle'] }, 'Engineer', 'edited'],
  ])('drift: %j', async (drift, jobTitle, mobilePhone) => {
    const world = pushing({ drift });
    await sync(world);
    edit(world, { jobTitle: 'edited', mobilePhone: 'edited' });
    await sync(world);
    expect(contact(world).attributes).toMatchObject({ jobTitle, mobilePhone });
    await quiet(world);
  });

  it.each([
    [{}, ['jobTitle', 'mobilePhone']],
    [{ attributes: { only: ['jobTitle'] } }, ['jobTitle']],
    [{ attributes: { only: [] } }, []],
    [{ attributes: { only: '*' } }, ['employeeId', 'jobTitle', 'mobilePhone']],
    [{ attributes: { only: '*', except: ['jobTitle', 'displayName', 'addresses'] } }, ['employeeId', 'mobilePhone']],
    [{ attributes: { only: ['jobTitle'] }, set: { employeeId: '{jobTitle}[ of {companyName}]' } }, ['employeeId', 'jobTitle']],
  ])('attributes and set: %j', async (push, names) => {
    const world = pushing(push);
    await sync(world);
    const { alias: _alias, displayName, ...rest } = contact(world).attributes;
    expect([displayName, Object.keys(rest).sort(), contact(world).addresses]).toEqual(['Ada', names, ['p@a.example']]);
    if ('set' in push) expect(rest.employeeId).toBe('Engineer');
    await quiet(world);
  });

  const all = ['p@a.example', 'old@a.example', 'p@a.onmicrosoft.com', 'p@x.test-google-a.com', 'p@lab.example'];
  it.each([
    [{}, ['p@a.example', 'old@a.example', 'p@lab.example']],
    [{ secondary: false }, ['p@a.example']],
    [{ except: [] }, all],
    [{ except: ['lab.example', 'A.example'] }, ['p@a.example', 'p@a.onmicrosoft.com', 'p@x.test-google-a.com']],
    [{ domains: { 'a.example': 'new.example' } }, ['p@new.example', 'old@new.example', 'p@lab.example']],
    [
      { domains: { 'a.example': 'new.example' }, keepOriginal: true },
      ['p@new.example', 'old@new.example', 'p@lab.example', 'p@a.example', 'old@a.example'],
    ],
  ])('addresses: %j', async (addresses, expected) => {
    const world = pushing({ addresses }, { addresses: all });
    await sync(world);
    expect(contact(world).addresses).toEqual(expected);
    await quiet(world);
  });

  it('addresses.except never applies to an only address; addresses.domains leaves filters the original', async () => {
    const world = pushing({ addresses: { domains: { 'a.onmicrosoft.com': 'new.example' } } }, { addresses: ['p@a.onmicrosoft.com'] });
    await sync(world);
    expect(contact(world).addresses).toEqual(['p@new.example']);
    configure(world, {}, { domains: { include: ['*.onmicrosoft.com'] } });
    await sync(world);
    expect(contact(world).addresses).toEqual(['p@a.onmicrosoft.com']);
  });

  it.each([
    [{}, [['/o=one/cn=p'], undefined]],
    [{ x500: false, sip: true }, [undefined, ['p@sip.example']]],
    [{ secondary: false }, [['/o=one/cn=p'], undefined]],
  ])('addresses.x500 and addresses.sip: %j', async (addresses, expected) => {
    const world = pushing({ addresses }, { x500: ['/o=one/cn=p'], sip: ['p@sip.example'] });
    await sync(world);
    const { x500, sip } = contact(world);
    expect([x500, sip]).toEqual(expected);
    await quiet(world);
  });

  it.each([
    [{}, false],
    [{ signIn: 'allowed', userPrincipalName: 'x.{alias}@login.example' }, true],
  ])('mailUser: %j', async (mailUser, enabled) => {
    const world = pushing({ as: 'mailUser', mailUser });
    await sync(world);
    const made = [...world.b.entries.values()][0]!;
    expect(made.enabled).toBe(enabled);
    if ('userPrincipalName' in mailUser) expect(made.userPrincipalName).toBe(`x.${String(made.attributes.alias)}@login.example`);
    // Which domain that is, the directory knows.
    else expect(made.userPrincipalName).toBe(`${String(made.attributes.alias)}@<initial domain>`);
  });
});
