import { beforeEach, describe, expect, it } from 'vitest';
import type { WriteRequest } from '../../connector.ts';
import { cmdlet, connector, contact, NOT_FOUND, request, sent, tenant, withExchange } from '../contact/harness.ts';
import { exchangeRefusal, type Reply } from '../fakeTenant.ts';

withExchange();

const BOSS = 'boss@a.example';
const NO_GROUP = exchangeRefusal(
  400,
  'Microsoft.Exchange.Configuration.Tasks.RecipientTaskException',
  'The manager "Sales" is not a user or a contact.',
);
const NOWHERE = exchangeRefusal(
  404,
  'ManagementObjectNotFoundException',
  "The operation couldn't be performed because object 'm1' couldn't be found on 'DB'.",
);
const OK: Reply = { status: 200, body: '' };

describe.each([
  { as: 'contact', id: 'c1', person: 'Set-Contact', read: 'Get-MailContact' },
  { as: 'mailUser', id: 'u1', person: 'Set-User', read: 'Get-MailUser' },
] as const)('the manager of a $as', ({ as, id, person, read }) => {
  beforeEach(() => {
    for (const name of [person, 'Set-MailUser', 'New-MailUser']) cmdlet(name, OK);
    cmdlet(read, {
      body: { value: [contact({ ExternalDirectoryObjectId: as === 'contact' ? 'oc1' : 'u1', RecipientTypeDetails: 'Mail' })] },
    });
    cmdlet('Get-Recipient', NOWHERE);
  });
  const update = (more: Partial<WriteRequest>): WriteRequest => request('update', { as, targetId: id, ...more });
  const boss = (fields: WriteRequest['fields'] = {}): WriteRequest =>
    update({ fields: { ...fields, manager: BOSS }, manager: { id: 'm1' } });
  /** The cmdlet takes a call by what it says of the manager. */
  const answers = (byManager: (manager: unknown) => Reply): void =>
    cmdlet(person, (parameters) => ('Manager' in parameters ? byManager(parameters.Manager) : OK));

  it('is a reference, written by the cmdlet of the person with what else changes', async () => {
    expect(connector.capability(as).fields.manager).toEqual({ reference: true });
    expect(await connector.write(boss({ jobTitle: 'Countess' }))).toEqual({ ok: true, targetId: id, notKept: [], note: null });
    expect(sent(person)).toEqual([{ Identity: id, Title: 'Countess', Manager: 'm1' }]);
    // By Exchange's own id, also where groups list the contact by another one.
    await connector.write(update({ fields: { manager: BOSS }, manager: { id: 'c9', memberId: 'oc9' } }));
    expect(sent(person)[1]).toEqual({ Identity: id, Manager: 'c9' });
  });

  it('is cleared with null, and left alone by a change that says nothing of it', async () => {
    expect(await connector.write(update({ fields: { manager: null, jobTitle: null } }))).toMatchObject({ ok: true });
    await connector.write(update({ fields: { jobTitle: 'Cook' } }));
    expect(sent(person)).toEqual([
      { Identity: id, Title: null, Manager: null },
      { Identity: id, Title: 'Cook' },
    ]);
  });

  it('who is not taken (a group) loses nothing else', async () => {
    answers(() => NO_GROUP);
    const answer = await connector.write(boss({ jobTitle: 'Countess' }));
    expect(answer).toMatchObject({ ok: true, refused: [{ name: 'manager', failure: { code: 'refused' } }] });
    expect(answer).not.toHaveProperty('pending');
    expect(sent(person).map(({ Identity: _, ...rest }) => rest)).toEqual([
      { Title: 'Countess', Manager: 'm1' },
      { Title: 'Countess' },
      { Manager: 'm1' },
    ]);
  });

  it('whom Exchange does not find yet waits', async () => {
    answers(() => NOWHERE);
    const until = 1e12 + 15_000;
    const pending = { fields: ['manager'], until, failure: { code: 'notYetVisible', message: expect.stringContaining(BOSS) } };
    expect(await connector.write(boss({ jobTitle: 'Countess' }))).toMatchObject({ ok: true, targetId: id, pending });
    expect(sent(person)[1]).toEqual({ Identity: id, Title: 'Countess' });
    answers(() => OK);
    expect(await connector.write(boss())).toEqual({ ok: true, targetId: id, notKept: [], note: null });
  });

  it('is named by Exchange’s own GUID where the id of Entra is not taken', async () => {
    answers((manager) => (manager === 'guid-of-m1' ? OK : NOWHERE));
    cmdlet('Get-Recipient', ({ Identity }) =>
      Identity === 'm1' ? { body: { value: [{ Guid: 'guid-of-m1', ExternalDirectoryObjectId: 'm1' }] } } : undefined,
    );
    expect(await connector.write(boss())).toEqual({ ok: true, targetId: id, notKept: [], note: null });
    expect(sent(person).map((one) => one.Manager)).toEqual(['m1', 'guid-of-m1']);
    // An address or alias that looks like the id is nobody.
    cmdlet('Get-Recipient', { body: { value: [{ Guid: 'guid-of-m1', ExternalDirectoryObjectId: 'm2' }] } });
    expect(await connector.write(boss())).toMatchObject({ ok: true, pending: { fields: ['manager'] } });
  });

  it('waits for nobody if the object itself is gone', async () => {
    cmdlet(person, NOT_FOUND);
    cmdlet(read, { body: { value: [] } });
    expect(await connector.write(boss())).toMatchObject({ ok: false, retry: 'gone' });
  });

  it('is not asked for twice where the call itself is refused', async () => {
    cmdlet(person, exchangeRefusal(403, 'UnauthorizedAccessException', 'no'));
    expect(await connector.write(boss({ jobTitle: 'Countess' }))).toMatchObject({ ok: false, retry: 'permission' });
    expect(sent(person)).toHaveLength(1);
  });

  it('whom nobody named an object for is a loss', async () => {
    const answer = await connector.write(update({ fields: { manager: BOSS, jobTitle: 'Cook' } }));
    expect(answer).toMatchObject({ ok: true, refused: [{ name: 'manager', absent: true }] });
    expect(sent(person)).toEqual([{ Identity: id, Title: 'Cook' }]);
  });

  it('is written when an earlier try had written all the rest', async () => {
    if (as !== 'contact') return;
    cmdlet('Get-Contact', { body: { value: [{ ...contact(), Title: 'Cook' }] } });
    cmdlet(read, { body: { value: [contact({ EmailAddresses: ['SMTP:new@a.example'] })] } });
    cmdlet(
      'Set-MailContact',
      exchangeRefusal(400, 'ProxyAddressExistsException', 'The proxy address "SMTP:new@a.example" is already being used.'),
    );
    const fields = { addresses: ['new@a.example'], manager: BOSS };
    expect(await connector.write(update({ fields, manager: { id: 'm1' } }))).toMatchObject({ ok: true, note: 'verified' });
    expect(sent(person)).toEqual([{ Identity: id, Manager: 'm1' }]);
    answers(() => NOWHERE);
    expect(await connector.write(update({ fields, manager: { id: 'm1' } }))).toMatchObject({ ok: true, pending: { fields: ['manager'] } });
  });

  it('of a new one is set with its person’s fields; who waits leaves it made and marked', async () => {
    if (as !== 'contact') return;
    const create = request('create', {
      fields: { displayName: 'Ada', addresses: ['ada@a.example'], jobTitle: 'Cook', manager: BOSS },
      manager: { id: 'm1' },
    });
    expect(await connector.write(create)).toMatchObject({ ok: true, targetId: 'c1' });
    expect(tenant.cmdlets()).toEqual(['New-MailContact', 'Set-MailContact', 'Set-Contact']);
    answers(() => NOWHERE);
    expect(await connector.write(create)).toMatchObject({ ok: true, targetId: 'c1', pending: { fields: ['manager'] } });
    expect(sent('Set-MailContact')[1]).toHaveProperty('CustomAttribute15');
  });
});
