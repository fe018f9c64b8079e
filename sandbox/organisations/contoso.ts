import type { Tenant } from '../directories/microsoft365/microsoft365.ts';
import type { TenantObject } from '../directories/microsoft365/model.ts';
import { createPeople, type Person } from './people.ts';
import { createRandom, type Random } from './random.ts';

export const CONTOSO = {
  tenant: 'contoso.onmicrosoft.com',
  clientId: '6f0f0a7e-0000-4000-8000-000000000001',
  clientSecret: 'sandbox-only-client-secret',
} as const;
const DOMAIN = 'contoso.example';
const OLD = '/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=';

/** What the sample configuration needs, and nothing else. */
const ROLES = { graph: ['User.Read.All', 'GroupMember.Read.All', 'Organization.Read.All'], exchange: ['Exchange.ManageAsApp'] };

/** Contoso, on Microsoft 365: people of several scripts, groups of each kind, rooms, shared mailboxes, guests, hidden and disabled people, contacts of its own. */
export function createContoso(people: number, credentials: Pick<Tenant, 'certificate' | 'federated'> = {}): Tenant {
  const random = createRandom(20261126);
  const users = createPeople(people, random).map((person, n) => user(person, n, random));
  for (const [n, one] of users.entries()) if (n > 0) one.manager = users[Math.floor(n / 8)]!.id;
  const objects: TenantObject[] = [
    ...users,
    ...groups(random),
    ...rooms(random),
    ...shared(random),
    ...guests(random),
    ...contacts(random),
    securityGroup(createRandom(77)),
  ];
  fillGroups(objects, users);
  return { ...CONTOSO, ...credentials, roles: ROLES, domains: [DOMAIN, CONTOSO.tenant], objects };
}

function base(random: Random, name: string, alias: string): TenantObject {
  return {
    id: random.uuid(),
    type: 'user',
    guid: random.uuid(),
    displayName: name,
    mail: `${alias}@${DOMAIN}`,
    proxyAddresses: [`SMTP:${alias}@${DOMAIN}`, `smtp:${alias}@${CONTOSO.tenant}`],
    alias,
    name: alias,
    recipientType: 'UserMailbox',
    hidden: false,
    createdAt: '2021-03-01T08:00:00Z',
    properties: {},
    custom: {},
  };
}

function user(person: Person, n: number, random: Random): TenantObject {
  const one = base(random, person.displayName, person.alias);
  Object.assign(one, {
    userPrincipalName: `${person.alias}@${DOMAIN}`,
    userType: 'Member',
    accountEnabled: n % 29 !== 3,
    hidden: n % 41 === 5,
    legacyExchangeDN: `${OLD}${one.guid.replaceAll('-', '')}`,
  });
  one.properties = {
    givenName: person.givenName,
    surname: person.surname,
    jobTitle: person.jobTitle,
    companyName: 'Contoso Ltd',
    department: person.department,
    officeLocation: person.office,
    businessPhone: person.phone,
    mobilePhone: person.mobile,
    streetAddress: person.street,
    city: person.city,
    postalCode: person.postalCode,
    country: n % 23 === 9 ? 'UK' : person.country,
  };
  if (n % 11 === 4) one.proxyAddresses.push(`smtp:${person.alias.replace('.', '')}@${DOMAIN}`);
  if (n % 17 === 6) one.proxyAddresses.push(`X500:/o=Legacy/ou=First/cn=Recipients/cn=${person.alias}`);
  if (n % 31 === 8) Object.assign(one, { mail: null, proxyAddresses: [], recipientType: null });
  if (n === 12) one.displayName = '<img src=q onerror=alert(7)>';
  if (n === 13) one.properties['jobTitle'] = '[click](javascript:alert(1))';
  return one;
}

function groups(random: Random): TenantObject[] {
  const kinds = [
    ['MailUniversalDistributionGroup', {}],
    ['MailUniversalSecurityGroup', { securityEnabled: true }],
    ['GroupMailbox', { groupTypes: ['Unified'] }],
    ['DynamicDistributionGroup', {}],
  ] as const;
  return ['All Staff', 'Sales Team', 'Board', 'Project Nile', 'IT Alerts', 'Paris Office', 'Everyone Dynamic', 'Légal'].map((name, n) => {
    const [recipientType, more] = kinds[n % kinds.length]!;
    const one = base(
      random,
      name,
      name
        .normalize('NFKD')
        .toLowerCase()
        .replace(/[^a-z]+/g, '-')
        .replace(/-$/, ''),
    );
    return { ...one, type: 'group', recipientType, internalOnly: n === 4, ...more } as TenantObject;
  });
}

/** A group without mail: usable in filters by its id only. */
function securityGroup(random: Random): TenantObject {
  const one = base(random, 'SG VPN', 'sg-vpn');
  return { ...one, type: 'group', mail: null, proxyAddresses: [], recipientType: null, securityEnabled: true };
}

/** Who is in which group: groups within groups, a circle, a contact and a guest among the members, a membership that is hidden. */
function fillGroups(objects: readonly TenantObject[], users: readonly TenantObject[]): void {
  const named = (name: string): TenantObject => objects.find((one) => one.displayName === name)!;
  const ids = (some: readonly TenantObject[]): string[] => some.map((one) => one.id);
  const every = (n: number, from: number): string[] => ids(users.filter((_, at) => at % n === from));
  const put = (name: string, members: string[]): void => {
    named(name).members = members;
  };
  put('Sales Team', ids(users.filter((one) => one.properties['department'] === 'Sales')));
  put('Paris Office', [...ids(users.filter((one) => one.properties['city'] === 'Paris')), named('All Staff').id]);
  put('Board', [...ids(users.slice(14, 19)), ...ids([named('Press Agency'), named('Gwen Partner'), named('Room London')])]);
  put('All Staff', [...every(10, 1), ...ids([named('Sales Team'), named('Paris Office'), named('Board'), named('All Staff')])]);
  put('Project Nile', [...every(12, 2), named('Press Agency').id, named('Board').id]);
  put('IT Alerts', every(15, 3));
  put('SG VPN', [...every(7, 0), named('Board').id]);
  put('Everyone Dynamic', every(20, 4));
  named('Everyone Dynamic').hiddenMembership = true;
}

function rooms(random: Random): TenantObject[] {
  return ['Room Paris 1', 'Room Paris 2', 'Room London', 'Projector 1'].map((name, n) => ({
    ...base(random, name, name.toLowerCase().replaceAll(' ', '.')),
    recipientType: n === 3 ? 'EquipmentMailbox' : 'RoomMailbox',
    accountEnabled: false,
    userType: 'Member',
    userPrincipalName: `${name.toLowerCase().replaceAll(' ', '.')}@${DOMAIN}`,
  }));
}

function shared(random: Random): TenantObject[] {
  return ['Info', 'Invoices', 'Support'].map((name) => ({
    ...base(random, name, name.toLowerCase()),
    recipientType: 'SharedMailbox',
    accountEnabled: false,
    userType: 'Member',
    userPrincipalName: `${name.toLowerCase()}@${DOMAIN}`,
  }));
}

function guests(random: Random): TenantObject[] {
  return ['Gwen Partner', 'Gert Lieferant'].map((name) => {
    const alias = name.toLowerCase().replace(' ', '.');
    return {
      ...base(random, name, `${alias}_partner`),
      mail: `${alias}@partner.example`,
      proxyAddresses: [`SMTP:${alias}@partner.example`],
      userPrincipalName: `${alias}_partner.example#EXT#@${CONTOSO.tenant}`,
      userType: 'Guest',
      recipientType: 'GuestMailUser',
      hidden: true,
    };
  });
}

/** Contacts that were there before: a press agency, one mastered in AD, and two that clash with people of Fabrikam. */
function contacts(random: Random): TenantObject[] {
  const contact = (name: string, address: string, more: Partial<TenantObject> = {}): TenantObject => ({
    ...base(random, name, address.split('@')[0]!.concat('-c')),
    type: 'contact',
    mail: address,
    proxyAddresses: [`SMTP:${address}`],
    externalEmailAddress: address,
    recipientType: 'MailContact',
    name: `${name} (contact)`,
    ...more,
  });
  return [
    contact('Press Agency', 'press@agency.example'),
    contact('Synced Partner', 'synced@partner.example', { dirSynced: true }),
    contact('Reception Fabrikam', 'reception@fabrikam.example'),
  ];
}
