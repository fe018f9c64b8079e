import { describe, expect, it } from 'vitest';
import type { CopyAct } from '../../copies.ts';
import { asked, calls, copies, on, refusal, tenant, withBatches } from './harness.ts';

withBatches();

const create = (n: number): CopyAct => ({
  act: 'create',
  stamp: `galsync:r:${n}`,
  note: 'dn000000',
  fields: { displayName: `Person ${n}`, addresses: [`p${n}@a.example`] },
});

describe('writing contacts', () => {
  it('one call for twenty, answers in the order of the acts, each for itself', async () => {
    on((request) => {
      if (request.id === '3') return refusal(429, 'ApplicationThrottled', { 'Retry-After': '4' });
      if (request.id === '5') return refusal(400, 'ErrorInvalidArgument');
      return { status: 201, body: { id: `c${request.id}`, changeKey: `k${request.id}`, displayName: request.body!.displayName } };
    });
    const answers = await copies.write(
      'u1',
      'f1',
      Array.from({ length: 20 }, (_, n) => create(n)),
    );
    expect(calls).toEqual([20]);
    expect(answers[0]).toMatchObject({ ok: true, id: 'c1', contact: { version: 'k1', fields: { displayName: 'Person 0' } } });
    expect(answers[2]).toEqual({ ok: false, waitMs: 4_000 });
    expect(answers[4]).toMatchObject({ ok: false, waitMs: null, failure: { code: 'refused' } });
    expect(answers.filter((answer) => answer.ok)).toHaveLength(18);
    expect(asked[0]!.headers).toEqual({ Prefer: 'IdType="ImmutableId"', 'Content-Type': 'application/json' });
    await expect(
      copies.write(
        'u1',
        'f1',
        Array.from({ length: 21 }, (_, n) => create(n)),
      ),
    ).rejects.toThrow(RangeError);
  });

  it('a delete of what is gone is done; a 503 without a time waits a little', async () => {
    on((request) => (request.method === 'PATCH' ? { status: 503 } : undefined));
    const update: CopyAct = { act: 'update', id: 'c2', note: '', fields: { city: 'Rome' }, whole: { displayName: 'A', city: 'Rome' } };
    expect(await copies.write('u1', 'f1', [{ act: 'delete', id: 'c1' }, update])).toEqual([
      { ok: true, id: 'c1', contact: null },
      { ok: false, waitMs: 2_000 },
    ]);
    expect(asked.map((request) => request.url)).toEqual([
      '/users/u1/contactFolders/f1/contacts/c1',
      '/users/u1/contactFolders/f1/contacts/c2',
    ]);
  });

  it('an update sends the display name along, and a postal address whole', async () => {
    on(() => ({ body: { id: 'c1' } }));
    const whole = { displayName: 'Ada', streetAddress: '1 Street', city: 'Paris', addresses: ['ada@a.example'] };
    await copies.write('u1', 'f1', [{ act: 'update', id: 'c1', note: 'n', fields: { city: 'Paris', jobTitle: null }, whole }]);
    expect(asked[0]!.body).toMatchObject({
      displayName: 'Ada',
      jobTitle: null,
      businessAddress: { street: '1 Street', city: 'Paris', state: '', postalCode: '', countryOrRegion: '' },
    });
    expect(asked[0]!.body).not.toHaveProperty('emailAddresses');
    expect(JSON.stringify(asked[0]!.body)).not.toContain('GalsyncStamp');
  });

  it('a batch with a create in it is not repeated when its answer is lost; one without is', async () => {
    let lost = 1;
    tenant.on((request) => (request.url.endsWith('$batch') && lost-- > 0 ? { body: null } : undefined));
    await expect(copies.write('u1', 'f1', [create(1)])).rejects.toMatchObject({ failure: { code: 'unreachable' }, answerLost: true });
    lost = 1;
    expect(await copies.write('u1', 'f1', [{ act: 'delete', id: 'c1' }])).toMatchObject([{ ok: true }]);
  });

  it('a batch whose answer leaves a request out proves nothing', async () => {
    tenant.on((request) => (request.url.endsWith('$batch') ? { body: { responses: [{ id: '1', status: 201 }] } } : undefined));
    await expect(copies.write('u1', 'f1', [create(1), create(2)])).rejects.toMatchObject({ failure: { code: 'badAnswer' } });
    tenant.on((request) => (request.url.endsWith('$batch') ? { status: 403, body: { error: { code: 'Forbidden' } } } : undefined));
    await expect(copies.write('u1', 'f1', [create(1)])).rejects.toMatchObject({
      failure: { code: 'permission', nextStep: expect.stringContaining('Contacts.ReadWrite') },
    });
  });
});
