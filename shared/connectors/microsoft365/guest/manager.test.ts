import { describe, expect, it } from 'vitest';
import type { WriteRequest } from '../../connector.ts';
import {
  connector,
  DENIED,
  FIELDS,
  graph,
  graphRefusal,
  HIDDEN_FROM_GRAPH,
  ID,
  NOW,
  request,
  sent,
  stamped,
  tenant,
  withTenant,
  writes,
} from './harness.ts';

withTenant();

const REF = `/users/${ID}/manager/$ref`;
const BOSS = { manager: 'boss@a.example' };
const DONE = { status: 204 };
const UNKNOWN = graphRefusal(
  404,
  'Request_ResourceNotFound',
  "Resource 'm1' does not exist or one of its queried reference-property objects are not present.",
);
const update = (more: Partial<WriteRequest>): WriteRequest => request('update', { manager: { id: 'm1' }, ...more });

describe('the manager of a guest', () => {
  it('is a link of its own, to a user or to a contact by the id of Entra', async () => {
    graph('PUT', REF, DONE);
    expect(await connector.write(update({ fields: BOSS }))).toEqual({ ok: true, targetId: ID, notKept: [], note: null });
    expect(await connector.write(update({ fields: BOSS, manager: { id: 'guid', memberId: 'oc1' } }))).toMatchObject({ ok: true });
    expect(writes()).toEqual(['PUT /users/{id}/manager/$ref', 'PUT /users/{id}/manager/$ref']);
    expect(sent('PUT', REF)).toEqual([
      { '@odata.id': `${tenant.base}/graph/v1.0/users/m1` },
      { '@odata.id': `${tenant.base}/graph/v1.0/contacts/oc1` },
    ]);
  });

  it('is taken away, also if it is away already', async () => {
    graph('DELETE', REF, (n) => (n === 1 ? DONE : UNKNOWN));
    for (let n = 0; n < 2; n += 1)
      expect(await connector.write(update({ fields: { manager: null } }))).toEqual({ ok: true, targetId: ID, notKept: [], note: null });
    expect(writes()).toEqual(['DELETE /users/{id}/manager/$ref', 'DELETE /users/{id}/manager/$ref']);
  });

  it('of a new guest is written after the profile; who is not shown yet waits with the rest', async () => {
    const create = request('create', { fields: { ...FIELDS, ...BOSS }, manager: { id: 'm1' } });
    graph('PUT', REF, DONE);
    expect(await connector.write(create)).toMatchObject({ ok: true, pending: { fields: ['hidden'] } });
    expect(writes()).toEqual(['POST /invitations', 'PATCH /users/{id}', 'PATCH /users/{id}', 'PUT /users/{id}/manager/$ref']);
    graph('PUT', REF, UNKNOWN);
    expect(await connector.write(create)).toMatchObject({ ok: true, pending: { fields: ['hidden', 'manager'] } });
    graph('GET', `/users/${ID}`, HIDDEN_FROM_GRAPH);
    expect(await connector.write(create)).toMatchObject({ ok: true, pending: { fields: expect.arrayContaining(['manager', 'stamp']) } });
  });

  it('who is not shown yet waits; a guest who is gone waits for nobody', async () => {
    graph('PUT', REF, UNKNOWN);
    graph('GET', `/users/${ID}`, { body: stamped() });
    const pending = {
      fields: ['manager'],
      until: NOW + 10_000,
      failure: { code: 'notYetVisible', message: expect.stringContaining('boss@a.example') },
    };
    expect(await connector.write(update({ fields: BOSS }))).toMatchObject({ ok: true, targetId: ID, pending });
    graph('GET', `/users/${ID}`, HIDDEN_FROM_GRAPH);
    expect(await connector.write(update({ fields: BOSS }))).toMatchObject({ ok: false, retry: 'gone' });
  });

  it.each([
    [
      'a group',
      graphRefusal(400, 'Request_BadRequest', "The reference target 'm1' of type 'Group' is invalid for the 'manager' reference."),
      'refused',
    ],
    ['one who may not be set', DENIED, 'permission'],
  ])('that is refused (%s) loses nothing else', async (_what, refusal, code) => {
    graph('PUT', REF, refusal);
    const answer = await connector.write(update({ fields: { ...BOSS, givenName: 'Ada', hidden: 'false' } }));
    expect(answer).toMatchObject({ ok: true, refused: [{ name: 'manager', failure: { code } }] });
    expect(writes()).toEqual(['PATCH /users/{id}', 'PUT /users/{id}/manager/$ref', 'Set-MailUser']);
  });

  it('that the service could not set is tried again, the rest is written', async () => {
    graph('PUT', REF, graphRefusal(500, 'InternalServerError', 'try again'));
    expect(await connector.write(update({ fields: { ...BOSS, hidden: 'false' } }))).toMatchObject({
      ok: false,
      retry: 'later',
      targetId: ID,
    });
    expect(writes().at(-1)).toBe('Set-MailUser');
  });

  it('whom nobody named an object for is a loss', async () => {
    expect(await connector.write(request('update', { fields: BOSS }))).toMatchObject({
      ok: true,
      refused: [{ name: 'manager', absent: true, failure: { code: 'notFound' } }],
    });
    expect(writes()).toEqual([]);
  });
});
