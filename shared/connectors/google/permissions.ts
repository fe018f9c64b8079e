import type { CallNeed } from '../permission.ts';
import { type Feature, SCOPES } from './token.ts';

/** A call, the scope that it needs, and what the subject must be or may do. */
export interface PermissionNeed extends CallNeed {
  readonly api: 'Admin SDK API' | 'Groups Settings API' | 'Contacts API';
  readonly scope: string;
  readonly role: string;
}

const need = (feature: Feature, of: Omit<PermissionNeed, 'scope' | 'required'>, required = false): PermissionNeed => ({
  ...of,
  scope: SCOPES[feature],
  required,
});

/** developers.google.com/workspace/admin/directory (authorizing, manage-roles); Domain Shared Contacts, overview. */
export const PERMISSIONS: Readonly<Record<Feature, PermissionNeed>> = {
  users: need(
    'users',
    { api: 'Admin SDK API', call: 'GET users', role: 'Users: Read', why: 'Reads people and guests.', neededFor: ['read'] },
    true,
  ),
  groups: need('groups', { api: 'Admin SDK API', call: 'GET groups', role: 'Groups: Read', why: 'Reads groups.', neededFor: ['groups'] }),
  members: need('members', {
    api: 'Admin SDK API',
    call: 'GET groups/{key}/members',
    role: 'Groups: Read',
    why: 'Reads the members of groups that filters name.',
    neededFor: ['members'],
  }),
  groupSettings: need('groupSettings', {
    api: 'Groups Settings API',
    call: 'GET groups/v1/groups/{email}',
    role: 'Groups: Read',
    why: 'Tells which groups refuse mail from outside or are hidden; asked only with "internalOnlyGroups": false.',
    neededFor: ['internalOnlyGroups'],
  }),
  resources: need('resources', {
    api: 'Admin SDK API',
    call: 'GET resources/calendars',
    role: 'Buildings and resources: Read',
    why: 'Reads rooms.',
    neededFor: ['rooms'],
  }),
  domains: need('domains', {
    api: 'Admin SDK API',
    call: 'GET domains',
    role: 'Domain management',
    why: 'Reads the verified domains, which `owns` stands for by default.',
    neededFor: ['owns'],
  }),
  schemas: need(
    'schemas',
    {
      api: 'Admin SDK API',
      call: 'GET schemas',
      role: 'Schema Management: Read',
      why: 'Tells which custom attributes there are: a filter on one that does not exist is refused, instead of reading it as empty.',
      neededFor: ['customSchemas'],
    },
    true,
  ),
  contacts: need('contacts', {
    api: 'Contacts API',
    call: 'm8/feeds/contacts/{domain}/full',
    role: 'Super administrator of that domain',
    why: 'Reads and writes shared contacts: a route into Google needs it.',
    neededFor: ['sharedContact'],
    usefulFor: ['contacts'],
  }),
};
