import { describe, expect, it } from 'vitest';
import { claimsOf, connectorOn } from './fakeWorkspace.ts';
import { directory, failure, fake, NOTHING, onFakeWorkspace, pull } from './readHarness.ts';
import { SCOPES } from './token.ts';

onFakeWorkspace();
const asking = (...raw: readonly string[]) => pull(connectorOn(fake, [], raw));
const withSchemas = (schemas: Readonly<Record<string, readonly string[]>>): void =>
  directory('customer/my_customer/schemas', {
    body: {
      schemas: Object.entries(schemas).map(([schemaName, fields]) => ({ schemaName, fields: fields.map((fieldName) => ({ fieldName })) })),
    },
  });

describe('attributes that do not exist', () => {
  it.each([
    'shoeSize',
    'customSchema.hr.costCentre',
    'name.givenNme',
    'organizations',
    'organizations.costCentre',
    'organizations.costCenter.x',
    'emails',
    'orgUnitPath.x',
    'name.constructor',
    'constructor',
  ])('raw.%s fails the pull, naming it, without a call', async (name) => {
    expect(await failure(asking(name))).toMatchObject({ code: 'configuration', message: expect.stringContaining(`raw.${name}`) });
    expect(fake.seen).toEqual([]);
  });

  it.each([
    'customSchemas',
    'customSchemas.hr',
    'customSchemas.hr.costCenter',
    'customSchemas.HR.costCentre',
    'customSchemas.hr.costCentre.x',
    'customSchemas.empty.x',
  ])('raw.%s fails the pull too: the organisation has no such custom attribute, and what it has is named', async (name) => {
    withSchemas({ hr: ['costCentre', 'tags'], empty: [] });
    const told = await failure(asking('orgUnitPath', name));
    expect(told).toMatchObject({ code: 'configuration', message: expect.stringContaining(`raw.${name})`) });
    expect(told.message).toContain('raw.customSchemas.hr.costCentre, raw.customSchemas.hr.tags');
    expect(fake.asked('GET', '/users')).toEqual([]);
  });

  it('an organisation without custom schemas has none of them', async () => {
    directory('customer/my_customer/schemas', { body: {} });
    expect((await failure(asking('customSchemas.hr.costCentre'))).message).toContain('There are no custom attributes');
  });
});

describe('custom attributes that exist', () => {
  it('are asked for with a scope of their own, once a pull, and only their schemas are read', async () => {
    withSchemas({ hr: ['costCentre', 'tags'], payroll: ['iban'], badge: ['number'] });
    await asking('customSchemas.hr.costCentre', 'customSchemas.hr.tags', 'customSchemas.badge.number');
    expect(fake.asked('GET', '/schemas')).toHaveLength(1);
    expect(fake.asked('POST', '/token').map((one) => claimsOf(one.body)['scope'])).toContain(SCOPES.schemas);
    const [users] = fake.asked('GET', '/users');
    expect([users!.query.get('projection'), users!.query.get('customFieldMask')]).toEqual(['custom', 'hr,badge']);
  });

  it('are not asked about where none is named', async () => {
    await asking('orgUnitPath', 'organizations.costCenter');
    expect(fake.asked('GET', '/schemas')).toEqual([]);
    expect(fake.asked('GET', '/users')[0]!.query.get('customFieldMask')).toBeNull();
  });

  it('cannot be used by who may not read the schemas: nothing is read as empty', async () => {
    directory('customer/my_customer/schemas', { status: 403, body: { error: { code: 403, errors: [{ reason: 'forbidden' }] } } });
    const told = await failure(asking('customSchemas.hr.costCentre'));
    expect(told).toMatchObject({ code: 'permission', nextStep: expect.stringContaining(SCOPES.schemas) });
    expect(fake.asked('GET', '/users')).toEqual([]);
  });

  it('the check counts as calls of the page', async () => {
    withSchemas({ hr: ['costCentre'] });
    const page = async (raw: readonly string[]) => (await connectorOn(fake, [], raw).readPage(null, NOTHING)).calls;
    // The call and its token.
    expect((await page(['customSchemas.hr.costCentre'])) - (await page([]))).toBe(2);
  });
});
