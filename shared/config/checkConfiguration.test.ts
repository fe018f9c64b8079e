import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Configuration } from '../model/configuration.ts';
import { checkConfiguration } from './checkConfiguration.ts';
import { sampleDocument } from './sampleDocument.ts';

const OPTIONS = { local: false, allowedHosts: [] };

function expanded(document: unknown): Configuration {
  const checked = checkConfiguration(document, OPTIONS);
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults, null, 1));
  return checked.configuration;
}

describe('the smallest document', () => {
  const configuration = expanded(sampleDocument({}));
  const [out, back] = configuration.routes;

  it('gets every default of the reference', () => {
    expect(configuration).toMatchObject({ version: 1, paused: false, retention: { jobs: '400d', changes: '90d', logs: '90d' } });
    expect(configuration.connectors[0]).toMatchObject({
      name: 'contoso',
      cloud: 'global',
      owns: null,
      endpoints: {},
      stamp: 'customAttribute15',
    });
    expect(configuration.connectors[1]).toMatchObject({ customer: 'my_customer', limits: { lanes: null, requestsPerMinute: null } });
    expect(configuration.connectors[0]?.pull).toMatchObject({
      users: true,
      contacts: false,
      disabledUsers: false,
      internalOnlyGroups: true,
      nestedGroups: true,
      domains: { include: [], exclude: [], of: 'primary' },
      where: null,
    });
    expect(out?.filter).toMatchObject({ users: true, contacts: true });
    expect(out?.breakers).toEqual({
      removals: { count: 10, percent: 5, max: 500 },
      creations: 500,
      clearedPercent: 5,
      addressChangesPercent: 20,
      sourceShrinkPercent: 10,
      firstRun: 'auto',
      approvalHours: 168,
    });
    expect(out?.push.addresses).toMatchObject({
      secondary: true,
      except: ['*.onmicrosoft.com', '*.test-google-a.com'],
      sip: false,
      x500: true,
    });
    expect(out?.schedule).toBeNull();
    expect(back?.schedule).toEqual({ cron: '0 3 * * *', timeZone: 'Europe/Paris', automatic: true, pullTargetEvery: 1 });
  });

  it('takes push type and leavers from what the target can', () => {
    expect(out?.push.as).toBe('sharedContact');
    expect(out?.leavers).toEqual({ gone: { policy: 'delete', days: 30 }, outOfScope: { policy: 'delete', days: 30 } });
    expect(back?.leavers.gone).toEqual({ policy: 'hideThenDelete', days: 30 });
  });

  it('makes guests in Microsoft 365 where nothing else is said', () => {
    const checked = checkConfiguration(sampleDocument({ back: { push: {} } }), OPTIONS);
    expect(checked.ok && checked.configuration.routes[1]!.push.as).toBe('guest');
  });
});

describe('defaults and meshes', () => {
  it('merges key by key; lists are replaced; what a kind does not know is left out', () => {
    const { connectors, routes } = expanded(
      sampleDocument({
        contoso: { pull: { domains: { include: ['a.example'] } } },
        out: { breakers: { creations: 7 } },
        top: {
          defaults: {
            connector: { stamp: 'customAttribute3', pull: { users: false, domains: { include: ['x.example', 'y.example'], of: 'any' } } },
            route: { breakers: { creations: 1, removals: { max: 9 } }, push: { set: { companyName: 'Contoso' } } },
          },
        },
      }),
    );
    expect(connectors[0]?.pull).toMatchObject({ users: false, domains: { include: ['a.example'], of: 'any' } });
    expect(connectors[0]).toMatchObject({ stamp: 'customAttribute3' });
    expect(connectors[1]).not.toHaveProperty('stamp');
    expect(routes[0]?.breakers).toMatchObject({ creations: 7, removals: { count: 10, max: 9 } });
    expect(routes[1]?.push).toMatchObject({ as: 'contact', set: { companyName: 'Contoso' } });
  });

  it('keeps a condition whole', () => {
    const where = { attribute: 'city', operator: 'Equals', value: 'Lyon' };
    const { connectors } = expanded(
      sampleDocument({ contoso: { pull: { where } }, top: { defaults: { connector: { pull: { where: { not: where } } } } } }),
    );
    expect(connectors[0]?.pull.where).toEqual(where);
    expect(connectors[1]?.pull.where).toEqual({ not: where });
  });

  it('expands a mesh into every ordered pair; a route written out wins', () => {
    const three = sampleDocument({
      top: { meshes: [{ id: 'group', connectors: ['contoso', 'adatum', 'tailspin'], route: { push: { as: 'contact' }, enabled: false } }] },
    });
    const [contoso] = three['connectors'] as object[];
    const document = {
      ...three,
      connectors: [contoso, { ...contoso, id: 'adatum' }, { ...contoso, id: 'tailspin' }],
      routes: [{ id: 'contoso-to-adatum', from: 'contoso', to: 'adatum', push: { as: 'contact' }, name: 'By hand' }],
    };
    const { routes } = expanded(document);
    expect(routes.map((route) => `${route.id} ${route.enabled} ${route.name}`)).toEqual([
      'contoso-to-adatum true By hand',
      'contoso-to-tailspin false contoso-to-tailspin',
      'adatum-to-contoso false adatum-to-contoso',
      'adatum-to-tailspin false adatum-to-tailspin',
      'tailspin-to-contoso false tailspin-to-contoso',
      'tailspin-to-adatum false tailspin-to-adatum',
    ]);
  });
});

describe('a document with every default written out', () => {
  it('means the same', () => {
    const short = expanded(sampleDocument({}));
    expect(expanded({ ...short, defaults: { connector: {}, route: {} }, meshes: [] })).toEqual(short);
  });

  const flag = fc.boolean();
  const domains = fc.uniqueArray(fc.constantFrom('a.example', '*.b.example', 'c.d.example'), { maxLength: 3 });
  const test = fc.record({
    attribute: fc.constantFrom('department', 'city', 'raw.employeeType', 'addresses'),
    operator: fc.constantFrom('Equals', 'DoesNotContain', 'EndsWith'),
    value: fc.oneof(fc.string({ maxLength: 20 }), fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 })),
  });
  const condition = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      test,
      fc.record({ all: fc.array(tie('node'), { maxLength: 3 }) }),
      fc.record({ any: fc.array(tie('node'), { maxLength: 3 }) }),
      fc.record({ not: tie('node') }),
    ),
  })).node;
  const where = fc.oneof(fc.constant(null), condition, fc.record({ user: condition, group: fc.constant(null) }, { requiredKeys: [] }));
  const filter = fc.record(
    { users: flag, groups: flag, contacts: flag, where, domains: fc.record({ include: domains, exclude: domains }, { requiredKeys: [] }) },
    { requiredKeys: [] },
  );
  const route = fc.record(
    {
      enabled: flag,
      filter,
      leavers: fc.record({ gone: fc.record({ policy: fc.constantFrom('delete', 'hideThenDelete', 'keep') }) }, { requiredKeys: [] }),
      breakers: fc.record(
        { creations: fc.nat(1000), removals: fc.record({ percent: fc.nat(100) }, { requiredKeys: [] }) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
  const top = fc.record(
    { paused: flag, defaults: fc.record({ connector: fc.record({ pull: filter }, { requiredKeys: [] }), route }, { requiredKeys: [] }) },
    { requiredKeys: [] },
  );

  it('for any document: the expanded form, written as a document, expands to itself', () => {
    fc.assert(
      fc.property(fc.record({ contoso: fc.record({ pull: filter }), out: route, back: route, top }), (changes) => {
        const once = expanded(sampleDocument({ ...changes, back: { ...changes.back, push: { as: 'contact' } } }));
        const twice = expanded(JSON.parse(JSON.stringify(once)));
        expect(twice).toEqual(once);
      }),
      { numRuns: 100 },
    );
  });
});
