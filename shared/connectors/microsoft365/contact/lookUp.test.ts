import { describe, expect, it } from 'vitest';
import { cmdlet, connector, contact, NOT_FOUND, STAMP, sent, withExchange } from './harness.ts';

withExchange();

describe('get and find', () => {
  it('reads both halves by id', async () => {
    cmdlet('Get-MailContact', { body: { value: [contact({ CustomAttribute15: STAMP })] } });
    cmdlet('Get-Contact', { body: { value: [{ Guid: 'c1', Company: 'A Ltd' }] } });
    expect(await connector.get('c1', 'contact')).toMatchObject({
      id: 'c1',
      stamp: STAMP,
      attributes: { companyName: 'A Ltd', displayName: 'Ada Byron' },
    });
  });

  it('is null for "not found" and for another object that the identity leads to', async () => {
    cmdlet('Get-MailContact', { body: { value: [contact({ Guid: 'c2' })] } });
    expect(await connector.get('c1', 'contact')).toBeNull();
    cmdlet('Get-MailContact', NOT_FOUND);
    expect(await connector.get('c1', 'contact')).toBeNull();
    cmdlet('Get-MailContact', { status: 403, body: '' });
    await expect(connector.get('c1', 'contact')).rejects.toMatchObject({ failure: { code: 'permission' } });
  });

  it('finds by stamp, else by alias, else by an address made since the intent', async () => {
    const query = {
      as: 'contact',
      stamp: "galsync:a-to-b:o'brien",
      alias: 'ada.01234567',
      address: 'ada@a.example',
      since: '2026-11-26T10:00:00Z',
    } as const;
    const only = (word: string, row: Record<string, unknown>): void =>
      cmdlet('Get-MailContact', (parameters) =>
        String(parameters.Filter).startsWith(word) ? { body: { value: [row] } } : { body: { value: [] } },
      );
    only('CustomAttribute15', contact({ CustomAttribute15: "galsync:a-to-b:o'brien" }));
    expect(await connector.find(query)).toMatchObject({ id: 'c1' });
    expect(sent('Get-MailContact')[0]!.Filter).toBe("CustomAttribute15 -eq 'galsync:a-to-b:o''brien'");
    only('Alias', contact());
    expect(await connector.find(query)).toMatchObject({ id: 'c1' });
    only('Alias', contact({ CustomAttribute15: 'galsync:x:y' }));
    expect(await connector.find(query)).toBeNull();
    only('EmailAddresses', contact({ WhenCreatedUTC: '2026-11-26T10:00:01Z' }));
    expect(await connector.find(query)).toMatchObject({ id: 'c1' });
    only('EmailAddresses', contact({ WhenCreatedUTC: '2026-11-26T09:00:00Z' }));
    expect(await connector.find(query)).toBeNull();
    only('EmailAddresses', contact({ WhenCreatedUTC: '2026-11-26T10:00:01Z', CustomAttribute15: 'badge 7' }));
    expect(await connector.find(query)).toBeNull();
  });
});

describe('capability', () => {
  it('R17: one spelling of a country, whatever was said', () => {
    const { normalise } = connector.capability('contact');
    expect(['UK', 'GB', 'gb', 'United Kingdom'].map((text) => normalise('country', text))).toEqual(Array(4).fill('United Kingdom'));
    expect(normalise('country', 'Scotland')).toBeNull();
    expect(normalise('businessPhones', '+44 (0)20 5550-100')).toBe('+44 (0)20 5550-100');
  });

  it('never offers the stamp as a field, and no push type of another directory', () => {
    const { fields } = connector.capability('contact');
    expect(fields.customAttribute15).toBeUndefined();
    expect(fields.customAttribute14).toEqual({ maxLength: 1024 });
    expect(() => connector.capability('sharedContact')).toThrow('no push type "sharedContact"');
  });
});
