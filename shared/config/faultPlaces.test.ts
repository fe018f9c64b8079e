import { describe, expect, it } from 'vitest';
import { checkConfiguration } from './checkConfiguration.ts';
import { sampleDocument } from './sampleDocument.ts';

function check(changes: Parameters<typeof sampleDocument>[0]) {
  return checkConfiguration(sampleDocument(changes), { local: false, allowedHosts: [] });
}
function told(changes: Parameters<typeof sampleDocument>[0]) {
  const checked = check(changes);
  return checked.ok ? [] : checked.faults.map(({ path, message, fix }) => `${path} ${message} ${fix}`);
}
const test = { attribute: 'city', operator: 'Equals', value: 'x' };

describe('a fault is told where it was written, once', () => {
  it('in defaults', () => {
    expect(told({ top: { defaults: { route: { enabled: 'yes' } } } })).toEqual([expect.stringMatching(/^\/defaults\/route\/enabled /)]);
    expect(told({ top: { defaults: { route: { push: { emptyField: 'own' } } } } })).toEqual([
      expect.stringMatching(/^\/defaults\/route\/push\/emptyField .*"emptyFields"/),
    ]);
  });

  it('in a mesh', () => {
    const meshes = [{ id: 'm', connectors: ['contoso', 'fabrikam'], route: { push: { as: 'contact' }, enabledd: true } }];
    expect(told({ top: { meshes, routes: [] } })).toEqual([expect.stringMatching(/^\/meshes\/0\/route\/enabledd .*"enabled"/)]);
    expect(told({ top: { meshes: [{ id: 'm', connector: [], routes: {} }] } })).toHaveLength(3);
  });

  it('without further faults about what stands in for it', () => {
    expect(told({ out: { from: undefined } })).toEqual([expect.stringMatching(/^\/routes\/0\/from "from" is missing/)]);
    expect(told({ out: { schedule: { cron: '0 3 * * *' } } })).toEqual([expect.stringMatching(/timeZone" is missing/)]);
    expect(told({ out: { id: 'a b' }, back: { id: 'c d', push: { as: 'contact' } } })).toHaveLength(2);
    expect(told({ back: { push: { as: 'contcat' } } })).toHaveLength(1);
  });

  it('with the place in a list as written, whatever else is wrong in that list', () => {
    const where = { any: [{ attribute: 'city' }, { ...test, attribute: 'colour' }] };
    const paths = told({ contoso: { pull: { where, withhold: [{}, { attributes: ['colour'] }] } } }).map((text) => text.split(' ')[0]);
    expect(paths).toEqual(
      expect.arrayContaining([
        '/connectors/0/pull/where/any/0/operator',
        '/connectors/0/pull/where/any/0/value',
        '/connectors/0/pull/where/any/1/attribute',
        '/connectors/0/pull/withhold/0/attributes',
        '/connectors/0/pull/withhold/1/attributes/0',
      ]),
    );
  });

  it('beside a credential that is missing', () => {
    expect(told({ contoso: { credential: undefined, stamp: 'x', endpoints: { graph: 'http://x' } } })).toHaveLength(3);
  });
});

describe('a fix that helps', () => {
  it('never proposes the key that was refused', () => {
    expect(told({ fabrikam: { tenant: 'x' } })[0]).not.toMatch(/mean/);
    expect(told({ out: { cron: '0 3 * * *' } })[0]).toMatch(/schedule\/cron/);
  });

  it('names what a condition lacks', () => {
    const { value: _, ...without } = test;
    expect(told({ contoso: { pull: { where: without } } })).toEqual([expect.stringMatching(/where\/value "value" is missing/)]);
    expect(told({ contoso: { pull: { where: { ...test, value: 5 } } } })).toEqual([expect.stringMatching(/where\/value /)]);
    expect(told({ contoso: { pull: { where: { usr: test } } } })).toEqual([expect.stringMatching(/"user"/)]);
  });

  it('refuses domains that could never match', () => {
    expect(told({ contoso: { owns: ['@contoso.example'] } })).toEqual([expect.stringMatching(/^\/connectors\/0\/owns\/0 /)]);
    expect(told({ contoso: { owns: ['*.contoso.example'] } })).toHaveLength(1);
    expect(told({ contoso: { pull: { domains: { include: ['*.corp.example', 'münchen.example'] } } } })).toEqual([]);
  });
});

describe('defaults leave out what does not fit a kind', () => {
  it('at every depth, push types too', () => {
    const defaults = {
      connector: { endpoints: { login: 'https://login.microsoftonline.com' }, credential: { clientId: 'shared' } },
      route: { push: { as: 'contact' } },
    };
    const checked = check({ contoso: { credential: { kind: 'clientSecret', secret: 'A_SECRET' } }, back: { push: {} }, top: { defaults } });
    expect(checked).toMatchObject({
      ok: true,
      configuration: {
        connectors: [{ endpoints: defaults.connector.endpoints, credential: { clientId: 'shared' } }, { endpoints: {} }],
        routes: [{ push: { as: 'sharedContact' } }, { push: { as: 'contact' } }],
      },
    });
  });
});

describe('nothing is silently ignored', () => {
  it('a condition or text over a value that is withheld from everybody is a warning', () => {
    const reads = (attribute: string) => ({ attribute, operator: 'Equals', value: 'x' });
    const withhold = [{ attributes: ['city', 'notes'] }, { attributes: ['department'], where: reads('city') }];
    const checked = check({
      contoso: { pull: { withhold, where: reads('city') } },
      out: {
        filter: { where: { user: reads('department') } },
        push: { set: { companyName: '{notes}' }, existing: 'adopt', existingWhere: reads('raw.x') },
      },
    });
    expect(checked).toMatchObject({
      ok: true,
      warnings: [
        expect.stringMatching(/"pull\/where" reads "city"/),
        expect.stringMatching(/"push\/set" reads "notes"/),
        expect.stringMatching(/existingWhere" reads "raw\.x"/),
      ],
    });
  });

  it('options of another push type or policy are warnings', () => {
    const condition = { attribute: 'city', operator: 'Equals', value: 'x' };
    const checked = check({ back: { push: { as: 'contact', mailUser: { signIn: 'allowed' }, existingWhere: condition } } });
    expect(checked).toMatchObject({ ok: true, warnings: [expect.stringContaining('mailUser'), expect.stringContaining('existingWhere')] });
    for (const push of [
      { as: 'mailUser', mailUser: { signIn: 'allowed' } },
      { as: 'contact', existing: 'adopt', existingWhere: condition },
    ])
      expect(check({ back: { push } })).toMatchObject({ ok: true, warnings: [] });
  });

  it('a brace or bracket of a template that stands alone is a warning', () => {
    const warned = (displayName: string): number => {
      const checked = check({ out: { push: { set: { displayName } } } });
      return checked.ok ? checked.warnings.length : -1;
    };
    for (const slip of ['{displayName', 'displayName}', '{displayName}[ ({companyName})', '{displayName} x]', '[a [{city}] b]', '{'])
      expect(warned(slip), slip).toBe(1);
    for (const right of ['{displayName}[ ({companyName})]', '{{x}} [[y]]', 'Plain', '', '{{{city}}}', '[{city}][{state}]'])
      expect(warned(right), right).toBe(0);
  });

  it('a ceiling under which a read may not come to its end is a warning', () => {
    const warnings = (requestsPerMinute: number): unknown => {
      const checked = check({ fabrikam: { limits: { requestsPerMinute } } });
      return checked.ok ? checked.warnings : checked.faults;
    };
    expect(warnings(5)).toEqual([expect.stringMatching(/"fabrikam".*requestsPerMinute": 5 .*use 6 or more/)]);
    expect(warnings(6)).toEqual([]);
  });

  it('hiding where nothing can be hidden is a warning', () => {
    const checked = check({ out: { push: { addressList: 'hidden' }, leavers: { gone: { policy: 'hide' } } } });
    expect(checked).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('addressList'), expect.stringContaining('leavers/gone')],
    });
  });
});
