import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BACK, type FilteredWorld, OUT, result, startFilteredWorld, within, without } from './filteredWorld.ts';

/** Options of pull and filter about members, over HTTP. What a filter keeps is worked out here from the directories' own objects. */
describe('filters by members, on both directories', () => {
  let filtered: FilteredWorld;

  beforeAll(async () => {
    filtered = await startFilteredWorld();
  });
  beforeEach(() => filtered.noFaults());
  afterAll(() => filtered.world.stop());

  it('onlyMembersOf, by address, nested groups and circles among them; exceptMembersOf by the id of a group without mail', async () => {
    const all = filtered.membersOf(filtered.named('All Staff').id);
    const vpn = filtered.membersOf(filtered.named('SG VPN').id);
    const engineering = filtered.membersOf(filtered.group('engineering').id);
    const found = await filtered.both({
      contoso: { filter: { onlyMembersOf: ['ALL-staff@contoso.example'], exceptMembersOf: [filtered.named('SG VPN').id] } },
      fabrikam: { pull: { onlyMembersOf: ['engineering@fabrikam.example'] } },
    });
    expect(found.out).toEqual(within(new Set(without(filtered.base.out, vpn)), all));
    expect(found.back).toEqual(within(filtered.base.back, engineering));
    expect([found.out.length > 5, found.back.length > 10]).toEqual([true, true]);
    expect(found.job.routes.every((route) => route.warnings.every((text) => !text.includes('completely')))).toBe(true);
  });

  it('nestedGroups: false counts direct members only', async () => {
    const found = await filtered.both({
      contoso: { pull: { onlyMembersOf: ['all-staff@contoso.example'], nestedGroups: false } },
      fabrikam: { filter: { onlyMembersOf: [filtered.group('engineering').id], nestedGroups: false } },
    });
    expect(found.out).toEqual(within(filtered.base.out, filtered.membersOf(filtered.named('All Staff').id, false)));
    expect(found.back).toEqual(within(filtered.base.back, filtered.membersOf(filtered.group('engineering').id, false)));
  });

  it('dynamic distribution groups, and contacts as members; everybody of a Google organisation', async () => {
    const press = filtered.named('Press Agency');
    const everyUser = new Set(filtered.workspace.filter((one) => one.type === 'user').map((one) => one.id));
    const found = await filtered.both({
      contoso: { pull: { contacts: true, onlyMembersOf: ['project-nile@contoso.example'] } },
      fabrikam: { filter: { onlyMembersOf: ['all@fabrikam.example'] } },
    });
    expect(found.out).toEqual([...within(filtered.base.out, filtered.membersOf(filtered.named('Project Nile').id)), press.guid].sort());
    expect(found.back).toEqual(within(filtered.base.back, everyUser));
    const board = await filtered.both({
      contoso: { pull: { contacts: true }, filter: { onlyMembersOf: [filtered.named('Board').id], contacts: true, users: false } },
    });
    expect(board.out).toContain(press.guid);
  });

  it('members that the directory hides: nobody comes, nobody leaves, the plan says why', async () => {
    await filtered.world.control('google', { faults: { emptyGroups: [filtered.group('board').id] } });
    const job = await filtered.simulate({
      contoso: { filter: { onlyMembersOf: [filtered.named('Everyone Dynamic').id] } },
      fabrikam: { filter: { exceptMembersOf: ['board@fabrikam.example'] } },
    });
    expect([result(job, OUT).created, result(job, BACK).created]).toEqual([0, 0]);
    expect(result(job, OUT).warnings.join()).toMatch(/Member\.Read\.Hidden.*Nobody enters or leaves/);
    expect(result(job, BACK).warnings.join()).toMatch(/counts 6 direct members.*Nobody enters or leaves/);
  });

  it.each([
    [
      'an id that is none',
      { contoso: { filter: { onlyMembersOf: ['00000000-0000-4000-8000-000000000000'] } } },
      /configuration: Group "0+-.*knows no such group/,
    ],
    [
      'an address that no group has',
      { contoso: { pull: { exceptMembersOf: ['nobody@contoso.example'] } } },
      /no group with the address "nobody@contoso/,
    ],
    [
      'Google, an id that is none',
      { fabrikam: { filter: { onlyMembersOf: ['ghost'] } } },
      /Group "ghost" \(onlyMembersOf in the filter of route "fabrikam-to-contoso"\)/,
    ],
  ] as const)('%s fails its route alone', async (_what, settings, cause) => {
    const job = await filtered.simulate(settings);
    const failed = 'fabrikam' in settings ? BACK : OUT;
    expect(result(job, failed)).toMatchObject({ state: 'failed', cause: expect.stringMatching(cause) });
    expect(result(job, failed === OUT ? BACK : OUT).state).toBe('completed');
  });

  it('rights on members that are not granted fail the route that needs them, no other, and no pull', async () => {
    await filtered.world.control('microsoft', { faults: { forbidden: ['members'] } });
    await filtered.world.control('google', { faults: { forbiddenGroups: [filtered.group('board').id] } });
    const job = await filtered.simulate({
      contoso: { filter: { onlyMembersOf: [filtered.named('Board').id] } },
      fabrikam: { filter: { onlyMembersOf: ['engineering@fabrikam.example'] } },
    });
    expect(result(job, OUT).cause).toMatch(/configuration: .*cannot be read: .*GroupMember|configuration: .*cannot be read: .*403/);
    // A part that may not be read: those in no list are unknown, those in a list are in.
    expect(result(job, BACK)).toMatchObject({ state: 'completed' });
    expect(await filtered.created(job, BACK)).toEqual(
      within(
        filtered.base.back,
        new Set([...filtered.membersOf(filtered.group('sales').id), ...filtered.membersOf(filtered.group('engineering').id, false)]),
      ),
    );
    expect(job.connectors.map((one) => one.state)).toEqual(['completed', 'completed']);
  });
});
