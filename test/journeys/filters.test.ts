import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GroupObject, WorkspaceObject } from '../../sandbox/directories/google/model.ts';
import type { TenantObject } from '../../sandbox/directories/microsoft365/model.ts';
import type { Job, RouteResult } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface Document {
  connectors: Record<string, unknown>[];
  routes: Record<string, unknown>[];
}
interface Planned {
  readonly change: string;
  readonly object: string;
  readonly kind: string;
}
interface Settings {
  /** `pull` of Contoso and Fabrikam, `filter` of the route from each. */
  readonly contoso?: { readonly pull?: object; readonly filter?: object };
  readonly fabrikam?: { readonly pull?: object; readonly filter?: object };
}

const OUT = 'contoso-to-fabrikam';
const BACK = 'fabrikam-to-contoso';

/** Every option of pull and filter, against both directories, over HTTP. What a filter keeps is worked out here from the directories' own objects. */
describe('filters on both directories', () => {
  let world: World;
  let original: Document;
  let tenant: readonly TenantObject[];
  let workspace: readonly WorkspaceObject[];
  /** Source ids that a plan without any filter creates. */
  let base: { readonly out: ReadonlySet<string>; readonly back: ReadonlySet<string> };

  async function configure(settings: Settings): Promise<void> {
    const document = structuredClone(original);
    for (const [n, id] of (['contoso', 'fabrikam'] as const).entries()) {
      document.connectors[n] = { ...document.connectors[n], ...(settings[id]?.pull ? { pull: settings[id].pull } : {}) };
      document.routes[n] = { ...document.routes[n], ...(settings[id]?.filter ? { filter: settings[id].filter } : {}) };
    }
    const saved = await world.api.send('PUT', 'configuration', document);
    expect([saved.status, saved.body]).toMatchObject([200, {}]);
  }
  async function simulate(settings: Settings, ...routes: string[]): Promise<Job> {
    await configure(settings);
    const job = await world.run('simulate', routes.length > 0 ? { routes } : {});
    expect(bucketFaults(job)).toEqual([]);
    return job;
  }
  async function created(job: Job, route: string): Promise<string[]> {
    const answer = await fetch(`${world.api.url}/api/jobs/${job.id}/changes?route=${route}&change=create`, {
      headers: { accept: 'application/x-ndjson' },
    });
    const lines = (await answer.text()).trim().split('\n').filter(Boolean);
    return lines.map((line) => (JSON.parse(line) as Planned).object).sort();
  }
  const result = (job: Job, route: string): RouteResult => job.routes.find((one) => one.id === route)!;
  const both = async (settings: Settings): Promise<{ out: string[]; back: string[]; job: Job }> => {
    const job = await simulate(settings);
    expect(job.routes.map((route) => route.cause)).toEqual([null, null]);
    return { out: await created(job, OUT), back: await created(job, BACK), job };
  };
  const named = (name: string): TenantObject => tenant.find((one) => one.displayName === name)!;
  const group = (alias: string): GroupObject =>
    workspace.find((one): one is GroupObject => one.type === 'group' && one.data['email'] === `${alias}@fabrikam.example`)!;

  /** Members by walking the directories' own lists. */
  function membersOf(id: string, nested = true): Set<string> {
    const found = new Set<string>();
    const walk = (at: string): void => {
      const ms = tenant.find((one) => one.id === at);
      const google = workspace.find((one) => one.id === at) as GroupObject | undefined;
      for (const member of ms?.members ?? google?.members?.map((one) => one.id ?? '') ?? []) {
        if (found.has(member)) continue;
        found.add(member);
        if (nested) walk(member);
      }
    };
    walk(id);
    found.delete(id);
    return found;
  }
  const within = (of: ReadonlySet<string>, members: ReadonlySet<string>): string[] => [...of].filter((id) => members.has(id)).sort();
  const without = (of: ReadonlySet<string>, members: ReadonlySet<string>): string[] => [...of].filter((id) => !members.has(id)).sort();

  beforeAll(async () => {
    world = await startWorld({ people: { contoso: 60, fabrikam: 50 } });
    original = (await world.api.get('configuration')) as Document;
    tenant = await world.ask('microsoft', 'objects');
    workspace = await world.ask('google', 'objects');
    const plain = await both({});
    base = { out: new Set(plain.out), back: new Set(plain.back) };
    expect([base.out.size > 40, base.back.size > 40]).toEqual([true, true]);
  });
  beforeEach(async () => {
    await world.control('microsoft', { faults: {} });
    await world.control('google', { faults: {} });
  });
  afterAll(() => world.stop());

  it('onlyMembersOf, by address, nested groups and circles among them; exceptMembersOf by the id of a group without mail', async () => {
    const all = membersOf(named('All Staff').id);
    const vpn = membersOf(named('SG VPN').id);
    const engineering = membersOf(group('engineering').id);
    const found = await both({
      contoso: { filter: { onlyMembersOf: ['ALL-staff@contoso.example'], exceptMembersOf: [named('SG VPN').id] } },
      fabrikam: { pull: { onlyMembersOf: ['engineering@fabrikam.example'] } },
    });
    expect(found.out).toEqual(within(new Set(without(base.out, vpn)), all));
    expect(found.back).toEqual(within(base.back, engineering));
    expect([found.out.length > 5, found.back.length > 10]).toEqual([true, true]);
    expect(found.job.routes.every((route) => route.warnings.every((text) => !text.includes('completely')))).toBe(true);
  });

  it('nestedGroups: false counts direct members only', async () => {
    const found = await both({
      contoso: { pull: { onlyMembersOf: ['all-staff@contoso.example'], nestedGroups: false } },
      fabrikam: { filter: { onlyMembersOf: [group('engineering').id], nestedGroups: false } },
    });
    expect(found.out).toEqual(within(base.out, membersOf(named('All Staff').id, false)));
    expect(found.back).toEqual(within(base.back, membersOf(group('engineering').id, false)));
  });

  it('dynamic distribution groups, and contacts as members; everybody of a Google organisation', async () => {
    const press = named('Press Agency');
    const everyUser = new Set(workspace.filter((one) => one.type === 'user').map((one) => one.id));
    const found = await both({
      contoso: { pull: { contacts: true, onlyMembersOf: ['project-nile@contoso.example'] } },
      fabrikam: { filter: { onlyMembersOf: ['all@fabrikam.example'] } },
    });
    expect(found.out).toEqual([...within(base.out, membersOf(named('Project Nile').id)), press.guid].sort());
    expect(found.back).toEqual(within(base.back, everyUser));
    const board = await both({
      contoso: { pull: { contacts: true }, filter: { onlyMembersOf: [named('Board').id], contacts: true, users: false } },
    });
    expect(board.out).toContain(press.guid);
  });

  it('members that the directory hides: nobody comes, nobody leaves, the plan says why', async () => {
    await world.control('google', { faults: { emptyGroups: [group('board').id] } });
    const job = await simulate({
      contoso: { filter: { onlyMembersOf: [named('Everyone Dynamic').id] } },
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
    const job = await simulate(settings);
    const failed = 'fabrikam' in settings ? BACK : OUT;
    expect(result(job, failed)).toMatchObject({ state: 'failed', cause: expect.stringMatching(cause) });
    expect(result(job, failed === OUT ? BACK : OUT).state).toBe('completed');
  });

  it('rights on members that are not granted fail the route that needs them, no other, and no pull', async () => {
    await world.control('microsoft', { faults: { forbidden: ['members'] } });
    await world.control('google', { faults: { forbiddenGroups: [group('board').id] } });
    const job = await simulate({
      contoso: { filter: { onlyMembersOf: [named('Board').id] } },
      fabrikam: { filter: { onlyMembersOf: ['engineering@fabrikam.example'] } },
    });
    expect(result(job, OUT).cause).toMatch(/configuration: .*cannot be read: .*GroupMember|configuration: .*cannot be read: .*403/);
    // A part that may not be read: those in no list are unknown, those in a list are in.
    expect(result(job, BACK)).toMatchObject({ state: 'completed' });
    expect(await created(job, BACK)).toEqual(
      within(base.back, new Set([...membersOf(group('sales').id), ...membersOf(group('engineering').id, false)])),
    );
    expect(job.connectors.map((one) => one.state)).toEqual(['completed', 'completed']);
  });

  it('groupTypes and the kinds', async () => {
    const type = (one: TenantObject): string => one.recipientType ?? '';
    const kept = (accepts: (one: TenantObject) => boolean): Set<string> =>
      new Set(tenant.filter(accepts).map((one) => (type(one) === 'DynamicDistributionGroup' ? one.guid : one.id)));
    const groupsOnly = { users: false, rooms: false, sharedMailboxes: false };
    for (const [groupType, recipient] of [
      ['distribution', 'MailUniversalDistributionGroup'],
      ['mailSecurity', 'MailUniversalSecurityGroup'],
      ['microsoft365', 'GroupMailbox'],
      ['dynamic', 'DynamicDistributionGroup'],
    ] as const) {
      const job = await simulate({ contoso: { filter: { ...groupsOnly, groupTypes: [groupType] } } }, OUT);
      expect(await created(job, OUT), groupType).toEqual(
        within(
          base.out,
          kept((one) => type(one) === recipient),
        ),
      );
      expect((await created(job, OUT)).length).toBe(2);
    }
    const google = await both({
      contoso: { pull: { users: false, groups: false } },
      fabrikam: { pull: { groupTypes: ['microsoft365'], rooms: false } },
    });
    expect(google.out).toEqual(
      within(
        base.out,
        kept((one) => /^(Room|Equipment|Shared)Mailbox$/.test(type(one))),
      ),
    );
    expect(google.back).toEqual(within(base.back, new Set(workspace.filter((one) => one.type === 'user').map((one) => one.id))));
  });

  it('orgUnits, with everything below, of Google people only', async () => {
    const unit = (one: WorkspaceObject): string => (one.type === 'user' ? String(one.data['orgUnitPath']) : '/Sales');
    const found = await both({ fabrikam: { filter: { orgUnits: { include: ['/sales'], exclude: [] } } } });
    expect(found.back).toEqual(within(base.back, new Set(workspace.filter((one) => unit(one) === '/Sales').map((one) => one.id))));
    expect(found.back.length).toBeLessThan(base.back.size);
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
      const found = await both({ contoso: { pull: { [option]: true } }, fabrikam: { pull: { [option]: true } } });
      const people = tenant.filter((one) => /^(UserMailbox|GuestMailUser)$/.test(one.recipientType ?? '') && differs(one, ms));
      expect(found.out, option).toEqual(
        more(
          base.out,
          people.map((one) => one.id),
        ),
      );
      expect(found.back, option).toEqual(
        more(
          base.back,
          workspace.filter((one) => user(one, google)).map((one) => one.id),
        ),
      );
    }
    // Guests of Contoso are hidden too: both switches are needed.
    const guests = await both({ contoso: { pull: { externalUsers: true, hiddenEntries: true } } });
    for (const one of tenant.filter((other) => other.userType === 'Guest')) expect(guests.out).toContain(one.id);
  });

  it('internalOnlyGroups: false leaves them out; Google tells of hidden groups with it', async () => {
    const found = await both({ contoso: { pull: { internalOnlyGroups: false } }, fabrikam: { pull: { internalOnlyGroups: false } } });
    expect(found.out).toEqual(without(base.out, new Set([named('IT Alerts').id])));
    expect(found.back).toEqual(without(base.back, new Set(['all', 'board', 'news'].map((alias) => group(alias).id))));
    expect(found.job.routes.map((route) => route.skippedBecause['internalOnly'])).toEqual([1, 2]);
    await world.control('google', { faults: { forbidden: ['groups.settings'] } });
    await fetch(`${world.api.url}/api/connectors/fabrikam/cache`, { method: 'DELETE' });
    const refused = await simulate({ fabrikam: { pull: { internalOnlyGroups: false } } }, BACK);
    expect(await created(refused, BACK)).toEqual([...base.back].sort());
    expect(result(refused, BACK).warnings.join()).toContain('The source\'s "groupSettings" is not granted');
  });

  it('raw attributes in conditions, on both; one that does not exist fails naming it', async () => {
    await world.control('microsoft', {
      put: [
        {
          id: [...base.out].find((id) => tenant.some((one) => one.id === id && one.type === 'user')),
          properties: { employeeType: 'Contractor' },
        },
      ],
    });
    const where = (attribute: string, value: string) => ({ where: { user: { attribute, operator: 'Equals', value } } });
    const people = { groups: false, rooms: false, sharedMailboxes: false };
    const found = await both({
      contoso: { filter: { ...people, ...where('raw.employeeType', 'contractor') } },
      fabrikam: { filter: { ...people, ...where('raw.orgUnitPath', '/Engineering') } },
    });
    expect(found.out).toHaveLength(1);
    expect(found.back).toEqual(
      within(
        base.back,
        new Set(workspace.filter((one) => one.type === 'user' && one.data['orgUnitPath'] === '/Engineering').map((one) => one.id)),
      ),
    );
    const job = await simulate({ contoso: { filter: where('raw.employeTyp', 'x') }, fabrikam: { filter: where('raw.shoeSize', 'x') } });
    expect(job.connectors.map((one) => one.cause)).toEqual([
      expect.stringContaining('raw.employeTyp'),
      expect.stringContaining('raw.shoeSize'),
    ]);
  });

  describe('withheld values', () => {
    afterEach(() => configure({}));
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
              async (path) => JSON.stringify(await world.api.get(path)),
            ),
          )
        ).join();
      expect(await seen(await simulate({}))).toMatch(phone);
      const held = await simulate({ contoso: { pull: { withhold } }, fabrikam: { pull: { withhold } } });
      const text = await seen(held);
      expect(text).not.toMatch(phone);
      expect(held.connectors.map((one) => one.mode)).toEqual(['full', 'full']);
      const { items } = await world.api.get<{ items: { attributes: Record<string, string> }[] }>(
        'connectors/contoso/entries?limit=200&kind=user',
      );
      expect(items.filter((one) => one.attributes['department'] === 'Sales' && one.attributes['jobTitle'])).toEqual([]);
      expect(items.filter((one) => one.attributes['department'] !== 'Sales' && one.attributes['jobTitle']).length).toBeGreaterThan(10);
      const again = await simulate({ contoso: { pull: { withhold } }, fabrikam: { pull: { withhold } } });
      expect(again.connectors.map((one) => one.mode)).toEqual(['delta', 'full']);
      const back = await simulate({});
      expect(back.connectors[0]!.mode).toBe('full');
      expect(await seen(back)).toMatch(phone);
    });
  });
});
