import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFabrikam, createKeys } from '../../organisations/fabrikam.ts';
import { makeJwt } from '../jwt.ts';
import type { DirectoryServer } from '../server.ts';
import { startGoogle } from './google.ts';

/** The simulated Workspace refuses what Google refuses: else a connector that asks wrongly would pass here and fail there. */
let google: DirectoryServer;
const keys = createKeys();
const organisation = createFabrikam(30, keys.publicKey);
const tokens = new Map<string, string>();
beforeAll(async () => {
  google = await startGoogle(organisation, {});
  for (const scope of ['auth/admin.directory.user.readonly', 'auth/admin.directory.group.readonly', 'm8/feeds/']) {
    const now = Math.floor(Date.now() / 1000);
    const full = scope.startsWith('m8') ? `https://www.google.com/${scope}` : `https://www.googleapis.com/${scope}`;
    const claims = {
      iss: organisation.serviceAccount,
      sub: organisation.subject,
      aud: `${google.url}/token`,
      scope: full,
      iat: now,
      exp: now + 600,
    };
    const body = new URLSearchParams({ assertion: makeJwt({}, claims, keys.privateKey) });
    tokens.set(
      scope,
      ((await (await fetch(`${google.url}/token`, { method: 'POST', body })).json()) as { access_token: string }).access_token,
    );
  }
});
afterAll(() => google.stop());

const get = async (path: string, scope = 'auth/admin.directory.user.readonly') => {
  const answer = await fetch(`${google.url}/admin/directory/v1/${path}`, { headers: { authorization: `Bearer ${tokens.get(scope)}` } });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> & { users?: Record<string, unknown>[] } };
};
const first = async (path: string): Promise<readonly string[]> => Object.keys((await get(path)).body.users![0]!).toSorted();

describe('Directory API', () => {
  it.each([
    ['users?customer=my_customer&fields=users(id,shoeSize)', 'Invalid field selection shoeSize'],
    ['users?customer=my_customer&fields=users(name(givenNme))', 'Invalid field selection givenNme'],
    ['users?customer=my_customer&fields=users(id', 'Invalid field selection'],
    ['users?customer=my_customer&fields=', 'Invalid field selection'],
    ['users?customer=my_customer&maxResults=501', '[1, 500]'],
    ['users?customer=my_customer&maxResults=0', '[1, 500]'],
    ['users?customer=my_customer&projection=everything', 'projection'],
    ['users?customer=my_customer&projection=custom', 'customFieldMask'],
    ['users?customer=my_customer&projection=custom&customFieldMask=nothing', 'nothing'],
    ['users?customer=my_customer&pagetoken=x', 'pagetoken'],
    ['users?customer=my_customer&showDeleted=yes', 'showDeleted'],
    ['users', 'Bad Request'],
  ])('400: %s', async (path, message) => {
    const { status, body } = await get(path);
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(message)]);
  });

  it('groups give 200 at most, with a scope of their own', async () => {
    expect((await get('groups?customer=my_customer&maxResults=201', 'auth/admin.directory.group.readonly')).status).toBe(400);
    expect((await get('groups?customer=my_customer&fields=groups(id,members)', 'auth/admin.directory.group.readonly')).status).toBe(400);
    expect((await get('groups?customer=my_customer')).status).toBe(403);
  });

  it('gives what is asked for: masks, projections, views', async () => {
    expect(await first('users?customer=my_customer&fields=users(id,name/fullName)')).toEqual(['id', 'name']);
    expect(await first('users?customer=my_customer')).not.toContain('customSchemas');
    expect(await first('users?customer=my_customer&projection=full')).toContain('customSchemas');
    const { users } = (await get('users?customer=my_customer&projection=custom&customFieldMask=hr')).body;
    expect(Object.keys(users![0]!['customSchemas'] as object)).toEqual(['hr']);
    const seen = await first('users?customer=my_customer&viewType=domain_public');
    expect(seen).toContain('primaryEmail');
    for (const name of ['suspended', 'orgUnitPath', 'customSchemas', 'isGuestUser']) expect(seen).not.toContain(name);
    const all = (await get('users?customer=my_customer&maxResults=500')).body.users!;
    const shown = (await get('users?customer=my_customer&maxResults=500&viewType=domain_public')).body.users!;
    expect(all.length - shown.length).toBe(
      all.filter((one) => one['suspended'] || one['archived'] || one['includeInGlobalAddressList'] === false).length,
    );
    expect(all.length).toBeGreaterThan(shown.length);
  });

  it('a page token goes with the call that gave it', async () => {
    const { nextPageToken } = (await get('users?customer=my_customer&maxResults=10')).body;
    const token = encodeURIComponent(String(nextPageToken));
    expect((await get(`users?customer=my_customer&maxResults=10&pageToken=${token}`)).status).toBe(200);
    expect((await get(`users?customer=my_customer&maxResults=20&pageToken=${token}`)).status).toBe(400);
  });
});

describe('shared contacts feed', () => {
  const NAMES = `xmlns="http://www.w3.org/2005/Atom" xmlns:gd="http://schemas.google.com/g/2005" xmlns:gContact="http://schemas.google.com/contact/2008"`;
  const CATEGORY = '<category scheme="http://schemas.google.com/g/2005#kind" term="http://schemas.google.com/contact/2008#contact"/>';
  const send = async (method: string, path: string, inner?: string, more: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`${google.url}/m8/feeds/contacts/fabrikam.example/full${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokens.get('m8/feeds/')}`,
        'gdata-version': '3.0',
        'content-type': 'application/atom+xml',
        ...more,
      },
      ...(inner === undefined ? {} : { body: `<entry ${NAMES}>${inner}</entry>` }),
    });
    return { status: answer.status, text: await answer.text() };
  };
  const WORK = 'rel="http://schemas.google.com/g/2005#work"';
  const properties = (n: number): string => Array.from({ length: n }, (_, i) => `<gd:extendedProperty name="p${i}" value="x"/>`).join('');

  it.each([
    ['no category', '<gd:email address="a@b.example" rel="http://schemas.google.com/g/2005#work"/>'],
    ['rel and label', `${CATEGORY}<gd:email address="a@b.example" ${WORK} label="x"/>`],
    ['neither', `${CATEGORY}<gd:organization><gd:orgName>x</gd:orgName></gd:organization>`],
    ['a bare word for a rel', `${CATEGORY}<gd:email address="a@b.example" rel="work"/>`],
    [
      'two primary ones',
      `${CATEGORY}<gd:email address="a@b.example" ${WORK} primary="true"/><gd:email address="c@b.example" ${WORK} primary="true"/>`,
    ],
    ['eleven properties', CATEGORY + properties(11)],
    ['2 KB in text', `${CATEGORY}<content>${'é'.repeat(1_100)}</content>`],
    ['2 KB in attributes', `${CATEGORY}<gd:organization ${WORK}><gd:where valueString="${'x'.repeat(2_100)}"/></gd:organization>`],
    ['an illegal character', `${CATEGORY}<content>&#1;</content>`],
  ])('400: %s', async (_name, inner) => {
    expect((await send('POST', '', inner)).status).toBe(400);
  });

  it('takes ten properties and 2 KB; an update needs the tag of what it replaces, and its id', async () => {
    const made = await send('POST', '', CATEGORY + properties(10));
    expect(made.status).toBe(201);
    const [, id] = /\/base\/([0-9a-f]+)</.exec(made.text)!;
    const etag = /gd:etag='([^']+)'/.exec(made.text)![1]!.replaceAll('&quot;', '"');
    expect((await send('PUT', `/${id}`, CATEGORY)).status).toBe(412);
    expect((await send('PUT', `/${id}`, CATEGORY, { 'if-match': `W/${etag}` })).status).toBe(412);
    expect((await send('PUT', `/${id}`, `<id>http://x/base/77</id>${CATEGORY}`, { 'if-match': etag })).status).toBe(400);
    expect((await send('PUT', `/${id}`, CATEGORY, { 'if-match': etag })).status).toBe(200);
    expect((await send('PUT', `/${id}`, CATEGORY, { 'if-match': etag })).status).toBe(412);
    expect((await send('GET', `/${id}`)).text).not.toContain('extendedProperty');
    expect((await send('DELETE', `/${id}`, undefined, { 'if-match': '*' })).status).toBe(200);
  });

  it('version 1, an unknown parameter, another content type are refused', async () => {
    expect((await send('GET', '', undefined, { 'gdata-version': '1.0' })).status).toBe(400);
    expect((await send('GET', '?q=ada@src.example')).status).toBe(400);
    expect((await send('GET', '?max-results=x')).status).toBe(400);
    expect((await send('POST', '', CATEGORY, { 'content-type': 'application/json' })).status).toBe(415);
  });
});
