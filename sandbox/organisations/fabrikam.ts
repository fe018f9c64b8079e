import { generateKeyPairSync } from 'node:crypto';
import type { Workspace } from '../directories/google/google.ts';
import type { GroupMember, WorkspaceObject } from '../directories/google/model.ts';
import { createPeople, type Person } from './people.ts';
import { createRandom, type Random } from './random.ts';

export const FABRIKAM = {
  domain: 'fabrikam.example',
  subject: 'galsync@fabrikam.example',
  serviceAccount: 'galsync@fabrikam-sandbox.iam.gserviceaccount.com',
  audience: '//iam.googleapis.com/projects/4711/locations/global/workloadIdentityPools/azure/providers/galsync',
} as const;

/** A service account's key pair, made anew for each state folder. */
export function createKeys(): { publicKey: string; privateKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** Fabrikam, on Google Workspace: people, groups, rooms, guests, suspended and hidden people, a shared contact of its own that clashes with Contoso's. */
export function createFabrikam(people: number, publicKey: string, more: Pick<Workspace, 'privateKey' | 'pool'> = {}): Workspace {
  const random = createRandom(4711);
  const users = createPeople(people, random).map((person, n) => user(person, n, random));
  const objects: WorkspaceObject[] = [
    ...users,
    special('reception', 'Reception', random),
    ...groups(random, users),
    ...rooms(),
    ...contacts(random),
  ];
  return { ...FABRIKAM, ...more, publicKey, domains: [FABRIKAM.domain], schemas: SCHEMAS, objects };
}

/** Custom attributes: one of HR's, with several values in one field, and one that is nobody's business. */
const SCHEMAS: NonNullable<Workspace['schemas']> = [
  { name: 'hr', fields: [{ name: 'costCentre' }, { name: 'badges', several: true }] },
  { name: 'payroll', fields: [{ name: 'iban' }] },
];

function numeric(random: Random): string {
  return `1${Array.from({ length: 20 }, () => Math.floor(random.next() * 10)).join('')}`;
}

function user(person: Person, n: number, random: Random): WorkspaceObject {
  const primaryEmail = `${person.alias}@${FABRIKAM.domain}`;
  const id = numeric(random);
  const aliases = n % 9 === 2 ? [`${person.alias.replace('.', '-')}@${FABRIKAM.domain}`] : [];
  const data = {
    kind: 'admin#directory#user',
    id,
    etag: `"${random.hex(8)}"`,
    primaryEmail,
    name: {
      givenName: person.givenName,
      familyName: person.surname,
      fullName: `${person.givenName} ${person.surname}`,
      displayName: person.displayName,
    },
    emails: [{ address: primaryEmail, primary: true }, ...aliases.map((address) => ({ address }))],
    ...(aliases.length > 0 ? { aliases } : {}),
    nonEditableAliases: [`${primaryEmail}.test-google-a.com`],
    phones: [{ value: person.phone, type: 'work', primary: true }, ...(person.mobile ? [{ value: person.mobile, type: 'mobile' }] : [])],
    addresses:
      n % 5 === 0
        ? [{ type: 'work', formatted: `${person.street}\n${person.postalCode} ${person.city}` }]
        : [{ type: 'work', streetAddress: person.street, locality: person.city, postalCode: person.postalCode, country: person.country }],
    organizations: [
      { name: 'Old Employer', primary: false, type: 'work' },
      { name: 'Fabrikam Inc', title: person.jobTitle, department: person.department, location: person.office, primary: true, type: 'work' },
    ],
    suspended: n % 31 === 3,
    archived: n % 67 === 8,
    includeInGlobalAddressList: n % 43 !== 6,
    orgUnitPath: n % 2 === 0 ? '/Sales' : '/Engineering',
    isMailboxSetup: true,
    creationTime: '2020-01-01T00:00:00.000Z',
    lastLoginTime: '2026-11-20T10:11:12.000Z',
    ...(n % 89 === 20 ? { isGuestUser: true } : {}),
    ...(n % 3 === 0
      ? {
          customSchemas: {
            payroll: { iban: `XX${n}` },
            hr: {
              costCentre: `CC${n % 4}`,
              ...(n % 6 === 0
                ? {
                    badges: [
                      { type: 'work', value: 'A' },
                      { type: 'work', value: `B${n % 5}` },
                    ],
                  }
                : {}),
            },
          },
        }
      : {}),
  };
  return { id, type: 'user', data };
}

function special(alias: string, name: string, random: Random): WorkspaceObject {
  const id = numeric(random);
  return {
    id,
    type: 'user',
    data: {
      id,
      primaryEmail: `${alias}@${FABRIKAM.domain}`,
      name: { givenName: name, familyName: 'Fabrikam', fullName: `${name} Fabrikam` },
      suspended: false,
      archived: false,
      orgUnitPath: '/',
    },
  };
}

/** Groups within groups and in a circle, somebody from outside, everybody of the organisation; two that refuse mail from outside, one hidden. */
function groups(random: Random, users: readonly WorkspaceObject[]): WorkspaceObject[] {
  const aliases = ['all', 'sales', 'engineering', 'board', 'news'] as const;
  const ids = Object.fromEntries(aliases.map((alias) => [alias, `0${random.hex(14)}`])) as Record<(typeof aliases)[number], string>;
  const member = (one: WorkspaceObject): GroupMember => ({ id: one.id, email: emailOf(one), type: 'USER', role: 'MEMBER' });
  const group = (alias: (typeof aliases)[number]): GroupMember => ({
    id: ids[alias],
    email: `${alias}@${FABRIKAM.domain}`,
    type: 'GROUP',
    role: 'MEMBER',
  });
  const members: Record<(typeof aliases)[number], GroupMember[]> = {
    all: [{ id: 'C0fabrikam', type: 'CUSTOMER', role: 'MEMBER' }],
    sales: [
      ...users.filter((_, n) => n % 6 === 0).map(member),
      { id: '999', email: 'agent@partner.example', type: 'EXTERNAL', role: 'MEMBER' },
    ],
    engineering: [...users.filter((_, n) => n % 7 === 1).map(member), group('board'), group('sales')],
    board: [...users.slice(10, 15).map(member), group('engineering')],
    news: [],
  };
  return aliases.map((alias) => ({
    id: ids[alias],
    type: 'group',
    members: members[alias],
    settings: {
      whoCanPostMessage: { all: 'ALL_IN_DOMAIN_CAN_POST', board: 'ALL_MEMBERS_CAN_POST' }[alias as string] ?? 'ANYONE_CAN_POST',
      includeInGlobalAddressList: String(alias !== 'news'),
    },
    data: {
      kind: 'admin#directory#group',
      id: ids[alias],
      email: `${alias}@${FABRIKAM.domain}`,
      name: `Fabrikam ${alias}`,
      description: `Everybody in ${alias}`,
      directMembersCount: String(members[alias].length),
      adminCreated: true,
      nonEditableAliases: [`${alias}@${FABRIKAM.domain}.test-google-a.com`],
    },
  }));
}

function emailOf(one: WorkspaceObject): string {
  return 'data' in one ? String(one.data['primaryEmail']) : '';
}

function rooms(): WorkspaceObject[] {
  return ['Ada', 'Babbage'].map((name, n) => ({
    id: `room:${n}`,
    type: 'room',
    data: {
      resourceId: String(n),
      resourceEmail: `c_${name.toLowerCase()}@resource.calendar.google.com`,
      resourceName: name,
      generatedResourceName: `HQ-${n}-${name} (8)`,
      buildingId: 'HQ',
      floorName: String(n),
    },
  }));
}

/** Shared contacts of others: a marketplace app's, and one whose address belongs to a person of Contoso. */
function contacts(random: Random): WorkspaceObject[] {
  const contact = (name: string, address: string): WorkspaceObject => ({
    id: random.hex(16),
    type: 'contact',
    etag: `"${random.hex(12)}."`,
    updated: '2026-01-01T00:00:00.000Z',
    version: 1,
    xml: `<gd:name><gd:fullName>${name}</gd:fullName></gd:name><gd:email rel="http://schemas.google.com/g/2005#work" primary="true" address="${address}"/><gd:extendedProperty name="other-app" value="keep me"/>`,
  });
  return [contact('Taxi Central', 'taxi@taxi.example'), contact('Contoso Info (old)', 'info@contoso.example')];
}
