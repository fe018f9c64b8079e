import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WorkspaceObject } from '../../sandbox/directories/google/model.ts';
import type { TenantObject } from '../../sandbox/directories/microsoft365/model.ts';
import type { Job } from '../../shared/model/job.ts';
import { BACK, type FilteredWorld, OUT, result, startFilteredWorld, within, without } from './filteredWorld.ts';

/** Options of pull and filter about kinds, switches and values, over HTTP. What a filter keeps is worked out from the directories' own objects. */
describe('filters by kind and value, on both directories', () => {
  let filtered: FilteredWorld;

  beforeAll(async () => {
    filtered = await startFilteredWorld();
  });
  beforeEach(() => filtered.noFaults());
  afterAll(() => filtered.world.stop());

  it('groupTypes and the kinds', async () => {
    const type = (one: TenantObject): string => one.recipientType ?? '';
    const kept = (accepts: (one: TenantObject) => boolean): Set<string> =>
      new Set(filtered.tenant.filter(accepts).map((one) => (type(one) === 'DynamicDistributionGroup' ? one.guid : one.id)));
    const groupsOnly = { users: false, rooms: false, sharedMailboxes: false };
    for (const [groupType, recipient] of [
      ['distribution', 'MailUniversalDistributionGroup'],
      ['mailSecurity', 'MailUniversalSecurityGroup'],
      ['microsoft365', 'GroupMailbox'],
      ['dynamic', 'DynamicDistributionGroup'],
    ] as const) {
      const job = await filtered.simulate({ contoso: { filter: { ...groupsOnly, groupTypes: [groupType] } } }, OUT);
      expect(await filtered.created(job, OUT), groupType).toEqual(
        within(
          filtered.base.out,
          kept((one) => type(one) === recipient),
        ),
      );
      expect((await filtered.created(job, OUT)).length).toBe(2);
    }
    const google = await filtered.both({
      contoso: { pull: { users: false, groups: false } },
      fabrikam: { pull: { groupTypes: ['microsoft365'], rooms: false } },
    });
    expect(google.out).toEqual(
      within(
        filtered.base.out,
        kept((one) => /^(Room|Equipment|Shared)Mailbox$/.test(type(one))),
      ),
    );
    expect(google.back).toEqual(
      within(filtered.base.back, new Set(filtered.workspace.filter((one) => one.type === 'user').map((one) => one.id))),
    );
  });

  it('orgUnits, with everything below, of Google people only', async () => {
    const unit = (one: WorkspaceObject): string => (one.type === 'user' ? String(one.data['orgUnitPath']) : '/Sales');
    const found = await filtered.both({ fabrikam: { filter: { orgUnits: { include: ['/sales'], exclude: [] } } } });
    expect(found.back).toEqual(
      within(filtered.base.back, new Set(filtered.workspace.filter((one) => unit(one) === '/Sales').map((one) => one.id))),
    );
    expect(found.back.length).toBeLessThan(filtered.base.back.size);
  });

  it('disabledUsers, externalUsers, hiddenEntries let in exactly those', async () => {
    const shown = { accountEnabled: true, hidden: false, userType: 'Member' };
    const mail = (one: TenantObject): boolean => one.type === 'user' && one.recipientType !== null && one.proxyAddresses.length > 0;
    const differs = (one: TenantObject, by: object): boolean =>
      mail(one) &&
      JSON.stringify({ accountEnabled: one.accountEnabled, hidden: one.hidden, userType: one.userType }) ===
        JSON.stringify({ ...shown, ...by });
    const user = (one: WorkspaceObject, by: object): boolean => {
      if (one.type !== 'user') return false;
      const { suspended, archived, includeInGlobalAddressList, isGuestUser } = one.data;
      const is = { off: Boolean(suspended || archived), hidden: includeInGlobalAddressList === false, guest: Boolean(isGuestUser) };
      return JSON.stringify(is) === JSON.stringify({ off: false, hidden: false, guest: false, ...by });
    };
    const more = (of: ReadonlySet<string>, ids: readonly string[]): string[] => [...new Set([...of, ...ids])].sort();
    const cases = [
      ['disabledUsers', { accountEnabled: false }, { off: true }],
      ['hiddenEntries', { hidden: true }, { hidden: true }],
      ['externalUsers', { userType: 'Guest' }, { guest: true }],
    ] as const;
    for (const [option, ms, google] of cases) {
      const found = await filtered.both({ contoso: { pull: { [option]: true } }, fabrikam: { pull: { [option]: true } } });
      const people = filtered.tenant.filter((one) => /^(UserMailbox|GuestMailUser)$/.test(one.recipientType ?? '') && differs(one, ms));
      expect(found.out, option).toEqual(
        more(
          filtered.base.out,
          people.map((one) => one.id),
        ),
      );
      expect(found.back, option).toEqual(
        more(
          filtered.base.back,
          filtered.workspace.filter((one) => user(one, google)).map((one) => one.id),
        ),
      );
    }
    // Guests of Contoso are hidden too: both switches are needed.
    const guests = await filtered.both({ contoso: { pull: { externalUsers: true, hiddenEntries: true } } });
    for (const one of filtered.tenant.filter((other) => other.userType === 'Guest')) expect(guests.out).toContain(one.id);
  });

  it('internalOnlyGroups: false leaves them out; Google tells of hidden groups with it', async () => {
    const found = await filtered.both({
      contoso: { pull: { internalOnlyGroups: false } },
      fabrikam: { pull: { internalOnlyGroups: false } },
    });
    expect(found.out).toEqual(without(filtered.base.out, new Set([filtered.named('IT Alerts').id])));
    expect(found.back).toEqual(without(filtered.base.back, new Set(['all', 'board', 'news'].map((alias) => filtered.group(alias).id))));
    expect(found.job.routes.map((route) => route.skippedBecause['internalOnly'])).toEqual([1, 2]);
    await filtered.world.control('google', { faults: { forbidden: ['groups.settings'] } });
    await fetch(`${filtered.world.api.url}/api/connectors/fabrikam/cache`, { method: 'DELETE' });
    const refused = await filtered.simulate({ fabrikam: { pull: { internalOnlyGroups: false } } }, BACK);
    expect(await filtered.created(refused, BACK)).toEqual([...filtered.base.back].sort());
    expect(result(refused, BACK).warnings.join()).toContain('The source\'s "groupSettings" is not granted');
  });

  it('raw attributes in conditions, on both; one that does not exist fails naming it', async () => {
    await filtered.world.control('microsoft', {
      put: [
        {
          id: [...filtered.base.out].find((id) => filtered.tenant.some((one) => one.id === id && one.type === 'user')),
          properties: { employeeType: 'Contractor' },
        },
      ],
    });
    const where = (attribute: string, value: string) => ({ where: { user: { attribute, operator: 'Equals', value } } });
    const people = { groups: false, rooms: false, sharedMailboxes: false };
    const found = await filtered.both({
      contoso: { filter: { ...people, ...where('raw.employeeType', 'contractor') } },
      fabrikam: { filter: { ...people, ...where('raw.orgUnitPath', '/Engineering') } },
    });
    expect(found.out).toHaveLength(1);
    expect(found.back).toEqual(
      within(
        filtered.base.back,
        new Set(filtered.workspace.filter((one) => one.type === 'user' && one.data['orgUnitPath'] === '/Engineering').map((one) => one.id)),
      ),
    );
    const job = await filtered.simulate({
      contoso: { filter: where('raw.employeTyp', 'x') },
      fabrikam: { filter: where('raw.shoeSize', 'x') },
    });
    expect(job.connectors.map((one) => one.cause)).toEqual([
      expect.stringContaining('raw.employeTyp'),
      expect.stringContaining('raw.shoeSize'),
    ]);
  });

  describe('withheld values', () => {
    afterEach(() => filtered.configure({}));
    it('are in no entry, plan or target; a rule that goes brings them back although the directory has delta', async () => {
      const withhold = [
        { attributes: ['mobilePhone'] },
        { attributes: ['jobTitle'], where: { attribute: 'department', operator: 'Equals', value: 'Sales' } },
      ];
      const phone = /\+\d+ 600 1\d{4}/;
      const seen = async (job: Job): Promise<string> =>
        (
          await Promise.all(
            [`jobs/${job.id}/changes?limit=200`, 'connectors/contoso/entries?limit=200', 'connectors/fabrikam/entries?limit=200'].map(
              async (path) => JSON.stringify(await filtered.world.api.get(path)),
            ),
          )
        ).join();
      expect(await seen(await filtered.simulate({}))).toMatch(phone);
      const held = await filtered.simulate({ contoso: { pull: { withhold } }, fabrikam: { pull: { withhold } } });
      const text = await seen(held);
      expect(text).not.toMatch(phone);
      expect(held.connectors.map((one) => one.mode)).toEqual(['full', 'full']);
      const { items } = await filtered.world.api.get<{ items: { attributes: Record<string, string> }[] }>(
        'connectors/contoso/entries?limit=200&kind=user',
      );
      expect(items.filter((one) => one.attributes['department'] === 'Sales' && one.attributes['jobTitle'])).toEqual([]);
      expect(items.filter((one) => one.attributes['department'] !== 'Sales' && one.attributes['jobTitle']).length).toBeGreaterThan(10);
      const again = await filtered.simulate({ contoso: { pull: { withhold } }, fabrikam: { pull: { withhold } } });
      expect(again.connectors.map((one) => one.mode)).toEqual(['delta', 'full']);
      const back = await filtered.simulate({});
      expect(back.connectors[0]!.mode).toBe('full');
      expect(await seen(back)).toMatch(phone);
    });
  });
});
