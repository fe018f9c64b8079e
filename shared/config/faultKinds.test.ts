import { describe, expect, it } from 'vitest';
import { type CheckOptions, checkConfiguration } from './checkConfiguration.ts';
import { sampleDocument } from './sampleDocument.ts';

type Changes = Parameters<typeof sampleDocument>[0];
const AZURE: CheckOptions = { local: false, allowedHosts: ['proxy.example'] };

function faultsFor(changes: Changes, options = AZURE) {
  const checked = checkConfiguration(sampleDocument(changes), options);
  return checked.ok ? [] : checked.faults;
}

/** Path → pattern of the message and fix, one case for every fault kind of the reference. */
const CASES: readonly (readonly [name: string, changes: Changes, path: string, says: RegExp])[] = [
  ['unknown key at the top', { top: { conectors: [] } }, '/conectors', /connectors/],
  ['misspelt key, nearest known one', { contoso: { pull: { hiddenEntry: true } } }, '/connectors/0/pull/hiddenEntry', /hiddenEntries/],
  ['misspelt key of a route', { out: { enable: false } }, '/routes/0/enable', /enabled/],
  ['wrong type', { out: { enabled: 'yes' } }, '/routes/0/enabled', /boolean/i],
  ['wrong value', { out: { push: { emptyFields: 'sometimes' } } }, '/routes/0/push/emptyFields', /never, own, always/],
  ['wrong version', { top: { version: 2 } }, '/version', /1/],
  ['bad id', { out: { id: 'a b' } }, '/routes/0/id', /id/],
  ['connector id twice, whatever its case', { fabrikam: { id: 'CONTOSO' } }, '/connectors/1/id', /already/],
  ['route id twice', { back: { id: 'contoso-to-fabrikam' } }, '/routes/1/id', /already/],
  ['reference to nothing', { out: { to: 'tailspin' } }, '/routes/0/to', /tailspin/],
  ['mesh naming nothing', { top: { meshes: [{ id: 'm', connectors: ['contoso', 'x'] }] } }, '/meshes/0/connectors/1', /"x"/],
  ['two routes for one ordered pair', { back: { from: 'contoso', to: 'fabrikam', push: {} } }, '/routes/1', /already/],
  ['from = to', { out: { to: 'contoso', push: { as: 'contact' } } }, '/routes/0/to', /two different/],
  ['push type that the target does not have', { out: { push: { as: 'guest' } } }, '/routes/0/push/as', /sharedContact/],
  ['option that does not fit the kind', { fabrikam: { stamp: 'customAttribute1' } }, '/connectors/1/stamp', /stamp/],
  [
    'organisational units in Microsoft 365',
    { contoso: { pull: { orgUnits: { include: ['/A'] } } } },
    '/connectors/0/pull/orgUnits',
    /no organis/,
  ],
  [
    'organisational unit without its slash',
    { fabrikam: { pull: { orgUnits: { exclude: ['/A', 'Sales'] } } } },
    '/connectors/1/pull/orgUnits/exclude/1',
    /"\/Sales"/,
  ],
  ['the same in a filter', { back: { filter: { orgUnits: { include: ['Sales'] } } } }, '/routes/1/filter/orgUnits/include/0', /begin with/],
  [
    'one sign-in name for everybody',
    { back: { push: { as: 'mailUser', mailUser: { userPrincipalName: 'galsync@<initial domain>' } } } },
    '/routes/1/push/mailUser/userPrincipalName',
    /same sign-in name/,
  ],
  ['id of a connector whose kind is unknown', { contoso: { id: 'a b', kind: 'exchange' } }, '/connectors/0/id', /letters/],
  [
    'one folder for two routes, whatever its case',
    {
      top: {
        routes: ['Abroad', 'abroad'].map((folder, n) => ({
          id: `r${n}`,
          from: 'fabrikam',
          to: 'contoso',
          push: { as: 'mailboxContact', mailboxes: { of: ['all@contoso.example'], folder } },
        })),
      },
    },
    '/routes/1',
    /own folder/,
  ],
  ['cron that does not exist', { out: { schedule: { cron: '99 * * * *', timeZone: 'UTC' } } }, '/routes/0/schedule/cron', /no cron/],
  ['six-field cron', { out: { schedule: { cron: '0 30 3 * * *', timeZone: 'UTC' } } }, '/routes/0/schedule/cron', /"30 3 \* \* \*"/],
  ['one cron of a list', { out: { schedule: { cron: ['0 3 * * *', 'daily'], timeZone: 'UTC' } } }, '/routes/0/schedule/cron/1', /no cron/],
  [
    'time zone that does not exist',
    { out: { schedule: { cron: '0 3 * * *', timeZone: 'Europe/Pari' } } },
    '/routes/0/schedule/timeZone',
    /Pari/,
  ],
  [
    'regular expression that does not compile',
    { out: { filter: { where: { attribute: 'city', operator: 'MatchRegex', value: '(?=x)' } } } },
    '/routes/0/filter/where/value',
    /RE2/,
  ],
  [
    'unknown operator',
    { out: { filter: { where: { attribute: 'city', operator: 'Like', value: 'x' } } } },
    '/routes/0/filter/where/operator',
    /Equals/,
  ],
  [
    'unknown attribute in a condition',
    { contoso: { pull: { where: { group: { attribute: 'colour', operator: 'Equals', value: 'x' } } } } },
    '/connectors/0/pull/where/group/attribute',
    /colour/,
  ],
  [
    'text too long in a condition',
    { contoso: { pull: { where: { attribute: 'city', operator: 'Equals', value: 'x'.repeat(1025) } } } },
    '/connectors/0/pull/where/value',
    /1024/,
  ],
  [
    'no date',
    { contoso: { pull: { where: { attribute: 'createdAt', operator: 'DateAfter', value: 'yesterday' } } } },
    '/connectors/0/pull/where/value',
    /date/,
  ],
  ['reserved name', { contoso: credential('AzureWebJobsStorage') }, '/connectors/0/credential/secret', /reserved/],
  ['reserved name, another case', { contoso: credential('website_auth_key') }, '/connectors/0/credential/secret', /reserved/],
  ['secret in place of a name', { contoso: credential('qX8~secret.value') }, '/connectors/0/credential/secret', /Key Vault/],
  ['endpoint that is not allowed', endpoint('https://evil.example'), '/connectors/0/endpoints/graph', /evil\.example/],
  [
    "another of the vendor's hosts in place of the login service",
    { contoso: { endpoints: { login: 'https://graph.microsoft.com' } } },
    '/connectors/0/endpoints/login',
    /graph\.microsoft\.com/,
  ],
  [
    "another vendor's host in place of the token service",
    { fabrikam: { endpoints: { sts: 'https://login.microsoftonline.com' } } },
    '/connectors/1/endpoints/sts',
    /login\.microsoftonline\.com/,
  ],
  ['plain http', endpoint('http://127.0.0.1:8080'), '/connectors/0/endpoints/graph', /http/],
  ['final slash', endpoint('https://graph.microsoft.com/'), '/connectors/0/endpoints/graph', /slash/],
  ['user in an endpoint', endpoint('https://u:p@graph.microsoft.com'), '/connectors/0/endpoints/graph', /user/],
  ['stamp attribute that set writes', { back: set({ customAttribute15: 'x' }) }, '/routes/1/push/set/customAttribute15', /stamp/],
  ['placeholder of nothing', { back: set({ companyName: '{organisation}' }) }, '/routes/1/push/set/companyName', /organisation/],
  ['attribute that does not exist', { back: set({ colour: 'x' }) }, '/routes/1/push/set/colour', /colour/],
  ['sign-in name without a domain', { back: signInName('{alias}') }, '/routes/1/push/mailUser/userPrincipalName', /domain/],
  ['sign-in name of nothing', { back: signInName('{shoe}@x.example') }, '/routes/1/push/mailUser/userPrincipalName', /shoe/],
  ['retention', { top: { retention: { jobs: '1y' } } }, '/retention/jobs', /days/],
];

function credential(secret: string) {
  return { credential: { kind: 'clientSecret', clientId: 'x', secret } };
}
function endpoint(graph: string): Changes {
  return { contoso: { endpoints: { graph } } };
}
function signInName(userPrincipalName: string) {
  return { push: { as: 'mailUser', mailUser: { userPrincipalName } } };
}
function set(values: Record<string, string>) {
  return { push: { as: 'contact', set: values } };
}

describe('every fault kind of the reference', () => {
  it.each(CASES)('%s', (_name, changes, path, says) => {
    const found = faultsFor(changes).filter((fault) => fault.path === path);
    expect(found.map((fault) => `${fault.message} ${fault.fix}`).join('\n')).toMatch(says);
    for (const fault of faultsFor(changes))
      expect(fault).toEqual({ path: expect.any(String), message: expect.stringMatching(/./), fix: expect.stringMatching(/./) });
  });

  it('bounds the depth of conditions and the number of their tests', () => {
    const test = { attribute: 'city', operator: 'Equals', value: 'x' };
    const nested = (depth: number): object => (depth === 1 ? test : { not: nested(depth - 1) });
    expect(faultsFor({ contoso: { pull: { where: nested(8) } } })).toEqual([]);
    expect(faultsFor({ contoso: { pull: { where: nested(9) } } })[0]?.message).toMatch(/8 deep/);
    const many = (count: number) => ({ all: [{ any: Array(150).fill(test) }, { any: Array(count - 150).fill(test) }] });
    expect(faultsFor({ contoso: { pull: { where: many(200) } } })).toEqual([]);
    expect(faultsFor({ contoso: { pull: { where: many(201) } } })[0]?.message).toMatch(/201/);
  });

  it('never repeats what may be a secret', () => {
    const value = 'qX8~Very-Secret.value';
    for (const changes of [
      { contoso: credential(value) },
      { fabrikam: { credential: { kind: 'serviceAccountKey', key: value, subject: 'a@b.example' } } },
    ]) {
      expect(faultsFor(changes)).not.toEqual([]);
      expect(JSON.stringify(faultsFor(changes))).not.toContain(value);
    }
  });

  it('allows loopback http on a developer machine, named hosts and the vendors in Azure', () => {
    expect(faultsFor(endpoint('http://127.0.0.1:8080/prefix'), { local: true, allowedHosts: [] })).toEqual([]);
    expect(faultsFor(endpoint('http://10.0.0.1'), { local: true, allowedHosts: [] })).not.toEqual([]);
    expect(faultsFor(endpoint('https://proxy.example/graph'))).toEqual([]);
    expect(faultsFor(endpoint('https://graph.microsoft.us'))).toEqual([]);
  });

  it('tells ten different faults at once', () => {
    const paths = faultsFor({
      contoso: { stamp: 'customAttribute16', ...credential('MSI_SECRET'), endpoints: { graph: 'https://evil.example' } },
      fabrikam: { tenant: 'x' },
      out: { to: 'nobody', enable: true, schedule: { cron: '0 0 3 * * *', timeZone: 'Nowhere/City' } },
      back: set({ colour: '{hue}' }),
      top: { paused: 'no', retention: { logs: 'ever' } },
    }).map((fault) => fault.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        '/connectors/0/stamp',
        '/connectors/0/credential/secret',
        '/connectors/0/endpoints/graph',
        '/connectors/1/tenant',
        '/routes/0/to',
        '/routes/0/enable',
        '/routes/0/schedule/cron',
        '/routes/0/schedule/timeZone',
        '/routes/1/push/set/colour',
        '/paused',
        '/retention/logs',
      ]),
    );
  });
});

describe('credentials', () => {
  it.each([
    { contoso: { credential: { kind: 'certificate', clientId: 'x', certificate: 'CONTOSO_PEM' } } },
    { contoso: { credential: { kind: 'federated', clientId: 'x' } } },
    { contoso: { credential: { kind: 'federated', clientId: 'x', managedIdentityClientId: 'y' } } },
    { fabrikam: { credential: { kind: 'workloadIdentity', audience: 'a', serviceAccount: 's@x.example', subject: 'a@b.example' } } },
  ])('%j is taken', (changes) => {
    expect(faultsFor(changes)).toEqual([]);
  });
});

describe('not available yet', () => {
  const lines: readonly (readonly [string, Changes])[] = [];
  it.each(lines)('%s', (path, changes) => {
    expect(faultsFor(changes)).toContainEqual({ path, message: 'not available yet', fix: expect.any(String) });
  });

  it('every option of pull and filter, and every policy for objects that are there, is', () => {
    const where = { attribute: 'city', operator: 'Equals', value: 'x' };
    const filter = { groupTypes: ['distribution'], onlyMembersOf: ['g@contoso.example'], exceptMembersOf: ['id-1'], nestedGroups: false };
    const pull = { ...filter, internalOnlyGroups: false, withhold: [{ attributes: ['mobilePhone'], where }] };
    const push = { as: 'contact', existing: 'takeOver', existingWhere: where };
    const orgUnits = { include: ['/Sales'], exclude: ['/Sales/Trainees'] };
    expect(
      faultsFor({ contoso: { pull }, fabrikam: { pull: { orgUnits } }, out: { filter }, back: { filter: { orgUnits }, push } }),
    ).toEqual([]);
  });
});
