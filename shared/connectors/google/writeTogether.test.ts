import { describe, expect, it } from 'vitest';
import { batch, type Reply } from './fakeWorkspace.ts';
import {
  batches,
  clock,
  connector,
  contact,
  create,
  fake,
  isWrite,
  many,
  onBatch,
  onFakeWorkspace,
  remove,
  request,
  singles,
  stampOf,
  told,
} from './writeTogetherHarness.ts';

onFakeWorkspace();

describe('several changes at once', () => {
  it('takes two calls: a last look, then everything; answers come out of order and are told by their ids', async () => {
    contact(1);
    contact(2);
    contact(3);
    expect(await many(create(11), request(1, {}), remove(2), create(12), request(3, {}))).toEqual([
      { ok: true, targetId: expect.stringMatching(/^c\d/), notKept: [], note: null },
      { ok: true, targetId: 'c1', notKept: [], note: null },
      { ok: true, targetId: 'c2', notKept: [], note: null },
      { ok: true, targetId: expect.stringMatching(/^c\d/), notKept: [], note: null },
      { ok: true, targetId: 'c3', notKept: [], note: null },
    ]);
    expect([batches('query'), batches('insert'), singles()]).toEqual([2, 1, []]);
    expect(fake.contacts.has('c2')).toBe(false);
    expect(fake.contacts.get('c1')!.xml).toContain('Rob 1');
    expect(fake.contacts.get('c1')!.xml).toContain('nickname');
  });

  it('the stamp of each create goes with it, and its id is its own', async () => {
    const answers = await many(create(1), create(2));
    for (const [n, answer] of answers.entries()) {
      const entry = await connector.get(answer?.ok ? answer.targetId : '', 'sharedContact');
      expect(entry).toMatchObject({ stamp: stampOf(n + 1), attributes: { displayName: `Rob ${n + 1}` } });
    }
  });

  it('sends each change under the ETag that was looked at, without a condition for all, and the category that contacts have', async () => {
    contact(4);
    contact(5);
    await many(request(4, {}), remove(5), create(6));
    const { headers, body } = fake.asked('POST', '/batch').at(-1)!;
    expect(headers['if-match']).toBeUndefined();
    expect(body).toMatch(/<entry[^>]*gd:etag="&quot;v4&quot;"[^>]*><batch:id>0</);
    expect(body).toMatch(/<entry gd:etag="&quot;v5&quot;"><batch:id>1<\/batch:id><batch:operation type="delete"\/>/);
    expect(body).toContain('term="http://schemas.google.com/contact/2008#contact"');
    expect(body).not.toContain('g/2008#contact');
  });

  it('one change, or one that cannot be, is nothing for a batch', async () => {
    expect(await many(create(1))).toEqual([null]);
    expect(await many(request(1, { change: 'hide' }), create(1))).toEqual([null, null]);
    expect(fake.seen).toEqual([]);
  });
});

describe('the last look', () => {
  it('keeps what it keeps of a single call: another route’s contact, a tombstone, one that is gone', async () => {
    contact(1, 'galsync:r2:u-9');
    contact(4, 'galsync:r2:u-9');
    fake.contacts.set('c2', { xml: '<gd:deleted/>', version: 1 });
    fake.contacts.set('c5', { xml: '<gd:deleted/>', version: 1 });
    expect(await many(request(1, {}), request(2, {}), request(3, {}), remove(4), remove(5), remove(6))).toMatchObject([
      { ok: false, retry: 'collision', owner: { id: 'c1' } },
      { ok: false, retry: 'gone' },
      { ok: false, retry: 'gone' },
      { ok: false, retry: 'collision', owner: { id: 'c4' } },
      { ok: true, note: 'alreadyGone' },
      { ok: true, note: 'alreadyGone' },
    ]);
    expect([batches('update'), batches('delete'), singles()]).toEqual([0, 0, []]);
  });

  it('never writes over what it did not see: no answer, another contact, a weak ETag', async () => {
    for (const n of [1, 2, 3, 4]) contact(n);
    onBatch(({ type, contact: id }) => (type === 'query' && id === 'c1' ? null : undefined));
    fake.on((seen) => {
      if (!seen.path.endsWith('/batch') || !seen.body.includes('type="query"') || !seen.body.includes('/c2')) return undefined;
      const reply = batch(seen, fake.contacts, ({ contact: id }) => (id === 'c1' ? null : undefined));
      return {
        body: String(reply.body)
          .replace('base/c2<', 'base/c9<')
          .replace(/gd:etag='"v3"'/, `gd:etag='W/"v3"'`),
      };
    });
    const answers = await many(request(1, {}), request(2, {}), request(3, {}), request(4, {}));
    expect(answers).toMatchObject([null, null, null, { ok: true, targetId: 'c4' }]);
    for (const n of [1, 2, 3]) expect(fake.contacts.get(`c${n}`)!.xml).toContain(`Old ${n}`);
  });

  it('a contact that changed between look and write is left to the single call, which reads it again', async () => {
    contact(1);
    contact(2);
    onBatch((asked) => {
      if (asked.type === 'update' && asked.contact === 'c1') fake.contacts.set('c1', { ...fake.contacts.get('c1')!, version: 77 });
      return undefined;
    });
    expect(await many(request(1, {}), request(2, {}))).toMatchObject([null, { ok: true }]);
    expect(fake.contacts.get('c1')!.xml).toContain('Old 1');
  });
});

describe('what became of one operation', () => {
  it.each([
    [409, 'Entity already exists', { ok: false, retry: 'unknown' }],
    [400, 'Contact already exists', { ok: false, retry: 'unknown' }],
    [500, 'Internal', { ok: false, retry: 'unknown' }],
    [403, 'Not authorized', { ok: false, retry: 'permission' }],
    [400, 'Invalid item', null],
    [401, 'Token invalid', null],
    [501, 'Not Implemented', null],
    [403, 'Request rate higher than configured', null],
    [503, 'Quota exceeded for the current request', null],
    [429, 'Too Many Requests', null],
  ])('a create that is told %i %s', async (status, reason, answer) => {
    onBatch((asked) => (asked.id === '1' && isWrite(asked) ? { status, reason } : undefined));
    const answers = await many(create(1), create(2));
    expect(answers[0]).toMatchObject({ ok: true });
    if (answer) expect(answers[1]).toMatchObject(answer);
    else expect(answers[1]).toBeNull();
    expect(fake.contacts.size).toBe(1);
  });

  it.each([
    [404, 'Not found', { ok: false, retry: 'gone' }, { ok: true, note: 'alreadyGone' }],
    [403, 'Not authorized', { ok: false, retry: 'permission' }, { ok: false, retry: 'permission' }],
    [409, 'Entity already exists', null, null],
    [400, 'Invalid item', null, null],
    [412, 'Precondition Failed', null, null],
    [500, 'Internal', null, null],
  ])('an update and a delete that are told %i %s', async (status, reason, updated, removed) => {
    for (const n of [1, 2, 3]) contact(n);
    onBatch((asked) => (asked.contact !== 'c3' && isWrite(asked) ? { status, reason } : undefined));
    const answers = await many(request(1, {}), remove(2), request(3, {}));
    for (const [n, wanted] of [updated, removed].entries())
      if (wanted) expect(answers[n]).toMatchObject(wanted);
      else expect(answers[n]).toBeNull();
    expect(answers[2]).toMatchObject({ ok: true });
  });

  it('R31: an element that was dropped is named; an answer that repeats nothing of the contact proves nothing', async () => {
    const without = (text: string | RegExp): void =>
      fake.on((seen) => {
        if (!seen.path.endsWith('/batch') || !seen.body.includes('insert')) return undefined;
        return { body: String(batch(seen, fake.contacts).body).replaceAll(text, '') };
      });
    without(/<gd:organization.*?<\/gd:organization>/g);
    expect(await many(create(1), create(2))).toMatchObject([
      { ok: true, notKept: ['jobTitle'] },
      { ok: true, notKept: ['jobTitle'] },
    ]);
    without(/<gd:name>.*?<\/gd:name>|<gd:organization.*?<\/gd:organization>|<gd:[^>]*\/>/g);
    expect(await many(create(3), create(4))).toMatchObject([
      { ok: true, notKept: [] },
      { ok: true, notKept: [] },
    ]);
  });
});

describe('answers that are lost or cut off', () => {
  it.each<[string, Reply]>([
    ['the connection breaks', { body: null }],
    ['a sign-in page', { body: '<html><body>Sign in</body></html>' }],
    ['cut off', { body: '<feed><entry><batch:id>0</batch:id>' }],
    ['a fault without a word', { status: 502, body: 'Bad Gateway' }],
    ['a feed that answers nothing', { body: '<feed/>' }],
  ])('%s: every change is unknown, nothing is sent again, and no batch follows for ten minutes', async (_, reply) => {
    contact(1);
    let sent = 0;
    fake.on((seen) => {
      if (!seen.path.endsWith('/batch') || !/insert|delete/.test(seen.body)) return undefined;
      sent += 1;
      return reply;
    });
    expect(await many(create(7), create(8), remove(1))).toMatchObject([
      { ok: false, retry: 'unknown' },
      { ok: false, retry: 'unknown' },
      { ok: false, retry: 'unknown' },
    ]);
    expect([sent, singles()]).toEqual([1, []]);
    expect(await many(create(7), create(8))).toEqual([null, null]);
    expect(told).toMatchObject([
      { event: 'google.batchesOff', connector: 'fabrikam', until: new Date(clock.time + 600_000).toISOString() },
    ]);
    clock.time += 600_001;
    await many(create(7), create(8));
    expect(sent).toBe(2);
  });

  it('interrupted: what was answered counts, the rest is unknown', async () => {
    onBatch((asked) => (isWrite(asked) && asked.id !== '0' ? null : undefined));
    expect(await many(create(1), create(2), create(3))).toMatchObject([
      { ok: true },
      { ok: false, retry: 'unknown' },
      { ok: false, retry: 'unknown' },
    ]);
    expect(told).toEqual([]);
  });

  it('an id that is answered twice is not answered', async () => {
    fake.on((seen) => {
      if (!seen.path.endsWith('/batch') || !seen.body.includes('insert')) return undefined;
      return { body: String(batch(seen, fake.contacts).body).replaceAll('<batch:id>1<', '<batch:id>0<') };
    });
    expect(await many(create(1), create(2), create(3))).toMatchObject([{ retry: 'unknown' }, { retry: 'unknown' }, { ok: true }]);
  });
});
