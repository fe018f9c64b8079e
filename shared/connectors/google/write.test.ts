import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fields } from '../../model/plan.ts';
import type { WriteAnswer, WriteRequest } from '../connector.ts';
import { connectorOn, entryOf, type FakeWorkspace, feedOf, nextLink, type Reply, ROOT, startFakeWorkspace } from './fakeWorkspace.ts';

let fake: FakeWorkspace;
beforeEach(async () => {
  fake = await startFakeWorkspace();
});
afterEach(() => fake.close());

const STAMP = 'galsync:r1:u-1';
const MARK = `<gd:extendedProperty name='galsync' value='${STAMP}'/>`;
const FIELDS: Fields = { displayName: 'Rob', addresses: ['rob@a.example'], jobTitle: 'Cook' };
const write = (more: Partial<WriteRequest>): Promise<WriteAnswer> =>
  connectorOn(fake).write({
    change: 'update',
    as: 'sharedContact',
    kind: 'contact',
    targetId: 'c1',
    fields: FIELDS,
    current: {},
    stamp: STAMP,
    alias: 'rob.0a0b0c0d',
    ...more,
  });
const create = (more: Partial<WriteRequest> = {}): Promise<WriteAnswer> =>
  write({ change: 'create', targetId: null, setStamp: STAMP, ...more });
const reply = (method: string, answer: Reply | (() => Reply | undefined)): void =>
  fake.on((request) =>
    request.method === method && request.path.startsWith('/m8/') ? (typeof answer === 'function' ? answer() : answer) : undefined,
  );
const contact = (xml = `<gd:name><gd:fullName>Rob</gd:fullName></gd:name>${MARK}`): void =>
  void fake.contacts.set('c1', { xml, version: 1 });
const query = { as: 'sharedContact', stamp: STAMP, alias: '', address: '', since: '2026-11-01T00:00:00Z' } as const;

describe('create', () => {
  it('sends one entry with the stamp in it', async () => {
    expect(await create()).toEqual({ ok: true, targetId: 'c1', notKept: [], note: null });
    const [post] = fake.asked('POST', '/m8/');
    expect(post!.headers).toMatchObject({ 'gdata-version': '3.0', 'content-type': 'application/atom+xml; charset=utf-8' });
    expect(await connectorOn(fake).get('c1', 'sharedContact')).toMatchObject({ id: 'c1', stamp: STAMP, addresses: ['rob@a.example'] });
  });

  it('R31: 201, but an element was dropped: named, with the id of what was made', async () => {
    reply('POST', { status: 201, body: entryOf('c7', { xml: `<gd:name><gd:fullName>Rob</gd:fullName></gd:name>${MARK}`, version: 1 }) });
    expect(await create()).toMatchObject({ ok: true, targetId: 'c7', notKept: ['addresses', 'jobTitle'] });
  });

  it('a stamp that was not kept is named: without it the contact is not ours', async () => {
    reply('POST', { status: 201, body: entryOf('c7', { xml: '<gd:name><gd:fullName>Rob</gd:fullName></gd:name>', version: 1 }) });
    expect(await create({ fields: { displayName: 'Rob' } })).toMatchObject({ ok: true, notKept: ['stamp'] });
  });

  it.each([
    [{ body: null }, 'unknown'],
    [{ status: 500, body: 'x' }, 'unknown'],
    [{ status: 201, body: '<html><body>Sign in</body></html>' }, 'unknown'],
    [{ status: 201, body: '<entry><id>x/c' }, 'unknown'],
    [{ status: 409, body: 'Entity already exists' }, 'unknown'],
    [{ status: 400, body: 'Contact already exists' }, 'unknown'],
    [{ status: 400, body: '<TITLE>Contact data is too large</TITLE>' }, 'never'],
    [{ status: 403, body: '<TITLE>You are not authorized to access this API</TITLE>' }, 'permission'],
  ] as const)('%j is tried again as %s, and sent once', async (answer, retry) => {
    reply('POST', answer as Reply);
    expect(await create()).toMatchObject({ ok: false, retry });
    expect(fake.asked('POST', '/m8/')).toHaveLength(1);
  });
});

describe('update', () => {
  it('replaces under the ETag that was read, at the edit link on our host', async () => {
    contact(`<gd:name><gd:fullName>Bob</gd:fullName></gd:name><gContact:userDefinedField key='k' value='v'/>${MARK}`);
    expect(await write({})).toMatchObject({ ok: true, notKept: [] });
    const [put] = fake.asked('PUT', '/m8/');
    expect(put!.path).toBe('/m8/feeds/contacts/fabrikam.example/full/c1/1');
    expect(put!.headers['if-match']).toBe('"v1"');
    expect(fake.contacts.get('c1')!.xml).toContain('userDefinedField');
  });

  it('a weak ETag never goes into If-Match, and without an edit link the entry itself is the place', async () => {
    reply('GET', { body: `<entry ${ROOT} gd:etag='W/"1"'><id>http://x/base/c1</id>${MARK}</entry>` });
    reply('PUT', { status: 200, body: '' });
    expect(await write({})).toMatchObject({ ok: true });
    const [put] = fake.asked('PUT', '/m8/');
    expect(put!.headers['if-match']).toBe('*');
    expect(put!.path).toBe('/m8/feeds/contacts/fabrikam.example/full/c1');
  });

  it('412 is read and written again, once', async () => {
    contact();
    let first = true;
    reply('PUT', () => {
      const stale = first;
      first = false;
      if (stale)
        fake.contacts.set('c1', { xml: `${fake.contacts.get('c1')!.xml}<gContact:nickname>Robby</gContact:nickname>`, version: 5 });
      return stale ? { status: 412, body: 'Precondition Failed' } : undefined;
    });
    expect(await write({})).toMatchObject({ ok: true });
    expect(fake.asked('PUT', '/m8/').map((put) => put.headers['if-match'])).toEqual(['"v1"', '"v5"']);
    expect(fake.contacts.get('c1')!.xml).toContain('Robby');
  });

  it('412 for ever is a conflict after two tries', async () => {
    contact();
    reply('PUT', { status: 412, body: 'Precondition Failed' });
    expect(await write({})).toMatchObject({ ok: false, retry: 'later', failure: { code: 'conflict' } });
    expect(fake.asked('PUT', '/m8/')).toHaveLength(2);
  });

  it.each([
    ['a tombstone', { body: `<entry ${ROOT}><id>http://x/base/c1</id><gd:deleted/></entry>` }, 'gone'],
    ['not there', { status: 404, body: 'no' }, 'gone'],
    ['a well-formed sign-in page', { body: '<html><body>Sign in</body></html>' }, 'later'],
    ['another contact', { body: entryOf('c2', { xml: MARK, version: 1 }) }, 'later'],
  ])('%s is never written over', async (_, answer, retry) => {
    reply('GET', answer);
    expect(await write({})).toMatchObject({ ok: false, retry });
    expect(fake.asked('PUT', '/m8/')).toEqual([]);
  });

  it('gone between reading and writing is gone', async () => {
    contact();
    reply('PUT', { status: 404, body: 'no' });
    expect(await write({})).toMatchObject({ ok: false, retry: 'gone' });
  });
});

describe('R27: "already exists", but the change was made', () => {
  it.each([409, 400])('%i: the contact holds it: done, verified', async (status) => {
    contact();
    reply('PUT', () => {
      fake.contacts.set('c1', {
        xml: `<gd:name><gd:fullName>Rob</gd:fullName></gd:name><gd:email rel='x#work' primary='true' address='rob@a.example'/><gd:organization rel='x#work'><gd:orgTitle>Cook</gd:orgTitle></gd:organization>${MARK}`,
        version: 2,
      });
      return { status, body: 'Entity already exists' };
    });
    expect(await write({})).toMatchObject({ ok: true, note: 'verified' });
    expect(fake.asked('POST', '/m8/')).toEqual([]);
  });

  it.each([
    ['old values', FIELDS],
    ['another primary address', { addresses: ['b@a.example', 'a@a.example'] }],
    ['what should be empty', { jobTitle: null }],
  ] as const)('it holds %s: a conflict', async (_, fields) => {
    contact(
      `<gd:email rel='x#work' primary='true' address='a@a.example'/><gd:email rel='x#other' address='b@a.example'/><gd:organization rel='x#work'><gd:orgTitle>Old</gd:orgTitle></gd:organization>${MARK}`,
    );
    reply('PUT', { status: 409, body: 'Entity already exists' });
    expect(await write({ fields })).toMatchObject({ ok: false, retry: 'later', failure: { code: 'conflict' } });
  });
});

describe('delete, hide and get', () => {
  it('deletes with If-Match, and what is gone already is done', async () => {
    contact();
    expect(await write({ change: 'delete', fields: {} })).toMatchObject({ ok: true, note: null });
    expect(fake.asked('DELETE', '/m8/')[0]!.headers['if-match']).toBe('*');
    expect(await write({ change: 'delete', fields: {} })).toMatchObject({ ok: true, note: 'alreadyGone' });
  });

  it('cannot hide, and says so without a call', async () => {
    expect(await write({ change: 'hide', fields: {} })).toMatchObject({ ok: false, retry: 'never' });
    expect(fake.seen).toEqual([]);
  });

  it('get answers null only for what is not there', async () => {
    expect(await connectorOn(fake).get('c9', 'sharedContact')).toBeNull();
    reply('GET', { body: '<html><body>Sign in</body></html>' });
    await expect(connectorOn(fake).get('c9', 'sharedContact')).rejects.toMatchObject({ failure: { code: 'badAnswer' } });
  });
});

describe('a contact that another route has stamped since the read', () => {
  it.each(['update', 'adopt', 'delete'] as const)('%s: somebody else’s, nothing is written', async (change) => {
    contact(`<gd:extendedProperty name='galsync' value='galsync:r2:u-9'/>`);
    const answer = await write({ change, ...(change === 'adopt' ? { setStamp: STAMP } : {}) });
    expect(answer).toMatchObject({ ok: false, retry: 'collision', targetId: null, owner: { id: 'c1', attribute: 'galsync' } });
    expect(fake.seen.filter((request) => ['PUT', 'DELETE'].includes(request.method))).toEqual([]);
  });

  it('an adopted one, one with an older source id and an emptied stamp are still ours', async () => {
    for (const stamp of ['galsync-adopted:r1:u-1', 'galsync:r1:u-0', '']) {
      contact(stamp ? `<gd:extendedProperty name='galsync' value='${stamp}'/>` : '');
      expect(await write({ setStamp: STAMP })).toMatchObject({ ok: true });
    }
  });

  it('is not given up for a route that it does not belong to', async () => {
    contact(`<gd:extendedProperty name='galsync' value='galsync:r2:u-9'/>`);
    expect(await write({ fields: {}, setStamp: '' })).toMatchObject({ ok: false, retry: 'collision' });
    expect(fake.asked('PUT', '/full/c1')).toEqual([]);
  });

  it('is given up when asked to: the stamp goes, the rest stays', async () => {
    contact();
    expect(await write({ fields: {}, stamp: '', setStamp: '' })).toMatchObject({ ok: true });
    expect(fake.contacts.get('c1')!.xml).toContain('Rob');
    expect(fake.contacts.get('c1')!.xml).not.toContain('galsync');
  });
});

describe('a contact that holds ten properties of other programs', () => {
  const properties = (n: number): string => Array.from({ length: n }, (_, i) => `<gd:extendedProperty name='p${i}' value='x'/>`).join('');

  it('takes no mark: said before the call, nothing of theirs is thrown out', async () => {
    contact(properties(10));
    const answer = await write({ change: 'adopt', setStamp: STAMP });
    expect(answer).toMatchObject({
      ok: false,
      retry: 'never',
      failure: { message: expect.stringContaining('10 properties of other programs') },
    });
    expect(fake.asked('PUT', '/full')).toEqual([]);
  });

  it.each([
    ['nine leave room for it', properties(9), { setStamp: STAMP }],
    ['ours is among the ten', properties(9) + MARK, { setStamp: STAMP }],
    ['no mark is to be set', properties(10), {}],
    ['the mark goes', properties(9) + MARK, { setStamp: '' }],
  ])('%s', async (_what, xml, more) => {
    contact(xml);
    expect(await write({ change: 'update', ...more })).toMatchObject({ ok: true });
    expect(fake.contacts.get('c1')!.xml).toContain('name="p8"');
  });
});

describe('find, after a lost answer', () => {
  const TWENTY = Array.from({ length: 20 }, (_, n) => entryOf(`d${n}`, { xml: '', version: 1 }, ''));

  it('looks at what changed first, then at everything', async () => {
    contact();
    expect(await connectorOn(fake).find(query)).toMatchObject({ id: 'c1' });
    expect(fake.asked('GET', '/full')).toHaveLength(1);
    expect(fake.seen.at(-1)!.query.get('updated-min')).toBe('2026-10-31T23:59:00.000Z');
    expect(await connectorOn(fake).find({ ...query, stamp: 'galsync:r1:other' })).toBeNull();
  });

  it('a service without the changes feed is read whole', async () => {
    contact();
    fake.on((request) => (request.query.has('updated-min') ? { status: 400, body: 'unknown parameter' } : undefined));
    expect(await connectorOn(fake).find(query)).toMatchObject({ id: 'c1' });
  });

  it.each([
    ['fewer contacts than it counts', () => feedOf('<openSearch:totalResults>500</openSearch:totalResults>')],
    [
      'as many rows as it counts, but the same contacts twice',
      () => feedOf(`<openSearch:totalResults>40</openSearch:totalResults>${[...TWENTY, ...TWENTY].join('')}`),
    ],
    ['the same page for ever', () => feedOf(`${nextLink(1, 1000)}${entryOf('c2', { xml: '', version: 1 }, '')}`)],
  ])('%s proves nothing: it must not be made twice', async (_, answer) => {
    reply('GET', answer);
    await expect(connectorOn(fake).find(query)).rejects.toMatchObject({ failure: { code: 'incompleteRead' } });
  });
});
