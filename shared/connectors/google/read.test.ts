import { describe, expect, it } from 'vitest';
import { connectorOn, feedOf, nextLink } from './fakeWorkspace.ts';
import { directory, failure, fake, feed, onFakeWorkspace, pull, user } from './readHarness.ts';

onFakeWorkspace();

describe('a full pull', () => {
  it('reads every set to its end, in pages, empty ones without a list', async () => {
    for (let n = 1; n <= 1500; n += 1) fake.contacts.set(`c${n}`, { xml: '', version: 1 });
    directory('users', (query) =>
      query.get('pageToken') === 'two'
        ? { body: { users: [{ id: '2', primaryEmail: 'b@fabrikam.example' }] } }
        : { body: { nextPageToken: 'two', users: [{ id: '1', primaryEmail: 'a@fabrikam.example' }] } },
    );
    const pages = await pull();
    expect(pages.map((page) => [page.set, page.parts.length, page.finished?.count ?? null])).toEqual([
      ['contacts', 1000, null],
      ['contacts', 500, 1500],
      ['resources', 0, null],
      ['groups', 0, null],
      ['users', 1, null],
      ['users', 1, null],
    ]);
    expect(pages[0]!.domains).toEqual(['fabrikam.example']);
    expect(pages.filter((page) => page.finished).map((page) => page.set)).toEqual(['contacts', 'resources', 'groups', 'users']);
  });

  it('takes verified domains and aliases only', async () => {
    directory('customer/my_customer/domains', {
      body: {
        domains: [
          {
            domainName: 'a.example',
            verified: true,
            domainAliases: [
              { domainAliasName: 'b.example', verified: true },
              { domainAliasName: 'no.example', verified: false },
            ],
          },
          { domainName: 'nor.example', verified: false },
        ],
      },
    });
    expect((await pull())[0]!.domains).toEqual(['a.example', 'b.example']);
  });

  it('asks for what is mapped or named, and changes its fingerprint with it', async () => {
    directory('customer/my_customer/schemas', { body: { schemas: [{ schemaName: 'hr', fields: [{ fieldName: 'costCentre' }] }] } });
    await pull(connectorOn(fake, ['jobTitle'], ['customSchemas.hr.costCentre', 'recoveryEmail']));
    expect(fake.asked('GET', '/groups')[0]!.query.get('fields')).toBe(
      'nextPageToken,groups(id,email,name,description,aliases,nonEditableAliases)',
    );
    expect(fake.asked('GET', '/calendars')[0]!.query.get('fields')).toMatch(/^nextPageToken,items\(resourceId,.*\)$/);
    const [asked] = fake.asked('GET', '/users');
    expect(asked!.query.get('maxResults')).toBe('500');
    expect(asked!.query.get('projection')).toBe('custom');
    expect(asked!.query.get('fields')).toMatch(
      /^nextPageToken,users\(id,primaryEmail,name,.*creationTime,organizations,customSchemas,recoveryEmail\)$/,
    );
    await pull(connectorOn(fake, []));
    expect(fake.asked('GET', '/users').at(-1)!.query.get('projection')).toBe('basic');
    expect(fake.asked('GET', '/users').at(-1)!.query.get('fields')).not.toMatch(/phones|emails|recovery/);
    expect(connectorOn(fake, ['jobTitle']).fingerprint).not.toBe(connectorOn(fake, ['fax']).fingerprint);
    expect(connectorOn(fake, ['fax']).fingerprint).toBe(connectorOn(fake, ['fax']).fingerprint);
  });
});

describe('people', () => {
  it('the primary organization, the first mobile, formatted addresses, blank texts', async () => {
    const entry = await user({
      id: '1',
      primaryEmail: 'ada@fabrikam.example',
      name: { givenName: 'Ada', familyName: 'Byron', fullName: 'Ada Byron', displayName: ' ' },
      aliases: ['a.b@fabrikam.example'],
      nonEditableAliases: ['ada@fabrikam.example.test-google-a.com'],
      emails: [
        { address: 'Ada@fabrikam.example', primary: true },
        { address: 'ada@home.example', type: 'home' },
      ],
      organizations: [
        { name: 'Club', type: 'school' },
        { name: 'Firm', title: 'Countess', location: '', primary: true },
      ],
      locations: [{ area: 'desk 7' }],
      phones: [
        { value: '1', type: 'work' },
        { value: '2', type: 'main', primary: true },
        { value: '3', type: 'mobile' },
        { value: '4', type: 'work_mobile' },
        { value: '5', type: 'custom', customType: 'boat' },
        { value: '6', type: 'home_fax' },
      ],
      addresses: [
        { type: 'work', formatted: '1 Main St\n75001 Paris', streetAddress: '' },
        { type: 'home', locality: 'Kirkby', countryCode: 'GB' },
      ],
      languages: [{ customLanguage: 'Old Norse' }],
      relations: [{ type: 'manager', value: 'boss@fabrikam.example' }],
    });
    expect(entry.addresses).toEqual(['ada@fabrikam.example', 'a.b@fabrikam.example', 'ada@fabrikam.example.test-google-a.com']);
    expect(entry.attributes).toEqual({
      displayName: 'Ada Byron',
      givenName: 'Ada',
      surname: 'Byron',
      alias: 'ada',
      companyName: 'Firm',
      jobTitle: 'Countess',
      officeLocation: 'desk 7',
      businessPhones: ['2', '1'],
      mobilePhone: '3',
      otherPhones: ['4', '5'],
      streetAddress: '1 Main St\n75001 Paris',
      homeCity: 'Kirkby',
      homeCountry: 'GB',
      languages: ['Old Norse'],
      manager: 'boss@fabrikam.example',
      otherAddresses: ['ada@home.example'],
    });
  });

  it.each([
    [{ suspended: true }, { enabled: false }],
    [{ archived: true }, { enabled: false }],
    [{ isGuestUser: true }, { external: true, enabled: true }],
    [{ includeInGlobalAddressList: false }, { hidden: true }],
    [{}, { hidden: false, enabled: true, external: false }],
    [{ orgUnitPath: '/Sales' }, { orgUnit: '/Sales' }],
    [{ primaryEmail: 'no address' }, { invalid: expect.stringContaining('no address') }],
    [{ primaryEmail: undefined }, { incomplete: expect.any(String) }],
  ])('%j is read, and judged later', async (more, expected) => {
    expect(await user({ id: '1', primaryEmail: 'a@fabrikam.example', ...more })).toMatchObject(expected);
  });

  it('its own fields by path; several values are a list, empty ones absent', async () => {
    const customSchemas = { hr: { costCentre: 7, tags: [{ type: 'work', value: 'x' }, { value: 'y' }], none: [], unset: '' } };
    const hr = ['costCentre', 'tags', 'none', 'unset'];
    directory('customer/my_customer/schemas', {
      body: { schemas: [{ schemaName: 'hr', fields: hr.map((fieldName) => ({ fieldName })) }] },
    });
    const organizations = [{ costCenter: 'A' }, { title: 'x' }, { costCenter: 'B' }];
    const one = { id: '1', primaryEmail: 'a@fabrikam.example', isAdmin: false, customSchemas, organizations };
    const more = { name: { fullName: 'Ada Byron' }, phones: [{ value: '1' }, { value: '2' }], notes: { value: 'text' } };
    const raw = [
      ...hr.map((field) => `customSchemas.hr.${field}`),
      'isAdmin',
      'organizations.costCenter',
      'name',
      'name.givenName',
      'phones',
      'notes',
    ];
    const entry = await user({ ...one, ...more }, [], raw);
    expect(entry.raw).toEqual({
      'customSchemas.hr.costCentre': '7',
      'customSchemas.hr.tags': ['x', 'y'],
      isAdmin: 'false',
      'organizations.costCenter': ['A', 'B'],
      name: 'Ada Byron',
      phones: ['1', '2'],
      notes: 'text',
    });
  });
});

describe('reads that prove nothing', () => {
  it.each([
    ['the same token again', () => ({ body: { nextPageToken: 'A', users: [{ id: '1' }] } }), 3],
    [
      'tokens in a circle',
      (query: URLSearchParams) => ({
        body: { nextPageToken: String((Number(query.get('pageToken') ?? 0) + 1) % 9), users: [{ id: '1' }] },
      }),
      11,
    ],
    [
      'empty pages for ever',
      (query: URLSearchParams) => ({ body: { nextPageToken: String(Number(query.get('pageToken') ?? 0) + 1) } }),
      20,
    ],
  ])('%s: paging is stuck', async (_, reply, calls) => {
    directory('users', reply);
    expect((await failure(pull())).code).toBe('pagingStuck');
    expect(fake.asked('GET', '/users').length).toBeLessThanOrEqual(calls);
  });

  it.each([
    ['HTML', { body: '<html><body>Sign in</body></html>' }],
    ['cut JSON', { body: '{"users":[{"id":"1"' }],
    ['another shape', { body: { users: { id: '1' } } }],
  ])('%s with 200 is a bad answer', async (_, reply) => {
    directory('users', reply);
    expect((await failure(pull())).code).toBe('badAnswer');
  });

  it.each([
    ['HTML', '<html><body>Sign in</body></html>'],
    ['a cut feed', '<feed><entry><id>x/1</id>'],
    ['a contact without id', '<feed><entry/></feed>'],
  ])('the feed with %s is a bad answer', async (_, body) => {
    feed({ body });
    expect((await failure(pull())).code).toBe('badAnswer');
  });

  it('R03: an empty page with a next link is not the end, and the own count is told', async () => {
    feed((query) =>
      feedOf(`${query.get('start-index') ? '' : nextLink(1001, 1000)}<openSearch:totalResults>100</openSearch:totalResults>`),
    );
    const pages = (await pull()).filter((page) => page.set === 'contacts');
    expect(pages.map((page) => page.finished?.count ?? null)).toEqual([null, 100]);
    expect(pages.flatMap((page) => page.parts)).toEqual([]);
  });

  it('an empty page with a next link is the end when everything was read', async () => {
    feed(() => feedOf(`${nextLink(1001, 1000)}<openSearch:totalResults>0</openSearch:totalResults>`));
    expect((await pull()).filter((page) => page.set === 'contacts')).toHaveLength(1);
  });

  it('tombstones are no contacts', async () => {
    feed(feedOf('<entry><id>x/1</id><gd:deleted/></entry><entry><id>x/2</id></entry>'));
    expect((await pull())[0]!.parts.map((part) => part.id)).toEqual(['2']);
  });
});

describe('504 on the feed', () => {
  const sizes = (): readonly number[] => [
    ...new Set(fake.asked('GET', '/full').map((request) => Number(request.query.get('max-results')))),
  ];

  it('is answered with smaller pages, on later pages too', async () => {
    for (let n = 1; n <= 1200; n += 1) fake.contacts.set(`c${n}`, { xml: '', version: 1 });
    feed((query) => (query.has('start-index') && Number(query.get('max-results')) > 300 ? { status: 504 } : (undefined as never)));
    const pages = (await pull()).filter((page) => page.set === 'contacts');
    expect(new Set(pages.flatMap((page) => page.parts.map((part) => part.id))).size).toBe(1200);
    expect(sizes()).toEqual([1000, 500, 250]);
  });

  it('for ever fails the pull at 50', async () => {
    feed({ status: 504 });
    expect((await failure(pull())).code).toBe('unreachable');
    expect(sizes()).toEqual([1000, 500, 250, 125, 62, 50]);
  });
});
