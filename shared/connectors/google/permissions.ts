import { type Feature, SCOPES } from './token.ts';

/** One call that the connector makes, and what it needs for it. */
export interface PermissionNeed {
  readonly api: 'Admin SDK API' | 'Groups Settings API' | 'Contacts API';
  readonly call: string;
  readonly scope: string;
  /** What the subject must be or may do. */
  readonly role: string;
  readonly why: string;
  /** False: without it the connector works with a listed loss. */
  readonly required: boolean;
}

const need = (feature: Feature, of: Omit<PermissionNeed, 'scope' | 'required'>, required = false): PermissionNeed => ({
  ...of,
  scope: SCOPES[feature],
  required,
});

/** developers.google.com/workspace/admin/directory (authorizing, manage-roles); Domain Shared Contacts, overview. */
export const PERMISSIONS: Readonly<Record<Feature, PermissionNeed>> = {
  users: need('users', { api: 'Admin SDK API', call: 'GET users', role: 'Users: Read', why: 'Reads people and guests.' }, true),
  groups: need('groups', { api: 'Admin SDK API', call: 'GET groups', role: 'Groups: Read', why: 'Reads groups.' }),
  members: need('members', {
    api: 'Admin SDK API',
    call: 'GET groups/{key}/members',
    role: 'Groups: Read',
    why: 'Reads the members of groups that filters name.',
  }),
  groupSettings: need('groupSettings', {
    api: 'Groups Settings API',
    call: 'GET groups/v1/groups/{email}',
    role: 'Groups: Read',
    why: 'Tells which groups refuse mail from outside or are hidden; asked only with "internalOnlyGroups": false.',
  }),
  resources: need('resources', {
    api: 'Admin SDK API',
    call: 'GET resources/calendars',
    role: 'Buildings and resources: Read',
    why: 'Reads rooms.',
  }),
  domains: need('domains', {
    api: 'Admin SDK API',
    call: 'GET domains',
    role: 'Domain management',
    why: 'Reads the verified domains, which `owns` stands for by default.',
  }),
  contacts: need('contacts', {
    api: 'Contacts API',
    call: 'm8/feeds/contacts/{domain}/full',
    role: 'Super administrator of that domain',
    why: 'Reads and writes shared contacts: a route into Google needs it.',
  }),
};
