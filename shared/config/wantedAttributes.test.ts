import { describe, expect, it } from 'vitest';
import { DIRECTORY_SET } from '../model/attributes.ts';
import { checkConfiguration } from './checkConfiguration.ts';
import { sampleDocument } from './sampleDocument.ts';
import { wantedAttributes } from './wantedAttributes.ts';

function wanted(changes: Parameters<typeof sampleDocument>[0], connector: string) {
  const checked = checkConfiguration(sampleDocument(changes), { local: false, allowedHosts: [] });
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return wantedAttributes(checked.configuration, connector);
}
const test = (attribute: string) => ({ attribute, operator: 'Equals', value: 'x' });

describe('wantedAttributes', () => {
  it('is the directory set by default', () => {
    expect(wanted({}, 'contoso')).toEqual({ attributes: [...DIRECTORY_SET].sort(), raw: [], x500: true, groupX500: false });
  });

  it('adds what filters and placeholders of routes from it name, raw ones apart', () => {
    const changes = {
      contoso: { pull: { where: { user: { all: [test('raw.employeeType'), { not: test('employeeId') }] } } } },
      out: {
        filter: { where: { any: [test('customAttribute3'), test('domain')] } },
        push: { set: { companyName: '{notes} {raw.costCentre}' } },
      },
    };
    const { attributes, raw } = wanted(changes, 'contoso');
    expect(attributes).toEqual([...new Set([...DIRECTORY_SET, 'employeeId', 'customAttribute3', 'notes'])].sort());
    expect(raw).toEqual(['costCentre', 'employeeType']);
    expect(wanted(changes, 'fabrikam').raw).toEqual([]);
  });

  it('adds what the sign-in names of mail users name', () => {
    const push = { as: 'mailUser', mailUser: { userPrincipalName: '{employeeId}@<initial domain>' } };
    expect(wanted({ back: { push } }, 'fabrikam').attributes).toContain('employeeId');
    expect(wanted({ back: { push: { ...push, as: 'contact' } } }, 'fabrikam').attributes).not.toContain('employeeId');
  });

  it('wants X500 addresses of both ends of a route whose target holds them', () => {
    const without = { addresses: { x500: false } };
    expect(['contoso', 'fabrikam'].map((id) => wanted({ out: { push: without }, back: { push: without } }, id).x500)).toEqual([
      false,
      false,
    ]);
    const folders = { out: { push: without }, back: { push: { as: 'mailboxContact', mailboxes: { of: ['ada@contoso.example'] } } } };
    expect(wanted(folders, 'contoso').x500).toBe(false);
    expect(['contoso', 'fabrikam'].map((id) => wanted({}, id).groupX500)).toEqual([false, true]);
    expect(wanted({ back: { push: { as: 'contact', groups: false } } }, 'fabrikam').groupX500).toBe(false);
    const users = { out: { push: without }, back: { push: { as: 'mailUser' } } };
    expect(['contoso', 'fabrikam'].map((id) => wanted(users, id).x500)).toEqual([true, true]);
  });

  it('reads of a target what routes into it write', () => {
    const changes = { out: { push: { attributes: { only: ['birthday'] } } }, back: { push: { as: 'contact', attributes: { only: [] } } } };
    expect(wanted(changes, 'fabrikam').attributes).toEqual(['alias', 'birthday', 'displayName']);
  });
});
