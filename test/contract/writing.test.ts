import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connector } from '../../shared/connectors/connector.ts';
import { FailureError, ThrottledError } from '../../shared/model/failure.ts';
import type { FieldName, Fields, FieldValue } from '../../shared/model/plan.ts';
import { sameValue } from '../../shared/rules/diff.ts';
import { messyFields, projected } from './fields.ts';
import { readAll } from './readAll.ts';
import { googleWorkspace, memory, microsoft365, type Subject } from './subjects.ts';
import { createWriter, OTHER_BOSS, ok, type Writer } from './writer.ts';

/** What every connector promises about writing (`Connector.write`, `get`, `find`), for each of its push types. */
describe.each([
  ['memory', memory],
  ['microsoft365 as contact', () => microsoft365('contact')],
  ['microsoft365 as guest', () => microsoft365('guest')],
  ['microsoft365 as mailUser', () => microsoft365('mailUser')],
  ['googleWorkspace as sharedContact', googleWorkspace],
] as const)('writing %s', (_name, start) => {
  let subject: Subject;
  let connector: Connector;
  let writer: Writer;
  beforeAll(async () => {
    subject = await start();
    writer = createWriter(subject);
    connector = writer.connector;
    await writer.makeBosses();
  });
  afterAll(() => subject.stop());

  it('names every field of which it respells a plain text', () => {
    const { fields, normalise, respells } = connector.capability(subject.as);
    const plain = fc.stringMatching(/^[!-~\u00A1-\u02FF][ -~\u00A0-\u02FF]{0,30}[!-~\u00A1-\u02FF]$/);
    const names = (Object.keys(fields) as FieldName[]).filter((name) => !respells.has(name));
    fc.assert(fc.property(fc.constantFrom(...names), plain, (name, text) => normalise(name, text) === text));
  });

  it('holds every field of its capability, and says the same in a read', async () => {
    const { id, fields, stamp } = await writer.make(writer.person());
    const there = await writer.held(id);
    expect(differing(fields, there)).toEqual([]);
    const entry = (await readAll(subject.connect)).entries.get(id)!;
    expect(differing(fields, writer.told(entry))).toEqual([]);
    expect([entry.stamp, entry.type]).toEqual([stamp, connector.capability(subject.as).types.find((type) => type === entry.type)]);
  });

  it('holds whatever people are called and write, once it was projected', async () => {
    const capability = connector.capability(subject.as);
    await fc.assert(
      fc.asyncProperty(messyFields(), async (messy) => {
        // An address of nobody is left out before it comes to a connector that keeps objects.
        const { manager: _nobody, ...values } = messy;
        const some = capability.fields.manager?.reference ? values : messy;
        const fields = projected(capability, { ...some, addresses: [`messy${writer.number + 1}@elsewhere.example`] });
        const { id } = await writer.make(fields);
        const there = await writer.held(id);
        expect(differing(fields, there)).toEqual([]);
        // Projected again, what came back is what was asked for: the next run writes nothing.
        expect(differing(projected(capability, there), there)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('changes the fields that are named, and no other', async () => {
    const { id, fields } = await writer.make(writer.person());
    ok(await writer.update(id, { jobTitle: 'Somebody else' }));
    expect(differing({ ...fields, jobTitle: 'Somebody else' }, await writer.held(id))).toEqual([]);
  });

  it('clears a field with null, and each one of them', async () => {
    const { id, fields } = await writer.make(writer.person());
    const cleared = (Object.keys(fields) as FieldName[]).filter((name) => !KEPT.has(name));
    ok(await writer.update(id, Object.fromEntries(cleared.map((name) => [name, null]))));
    const there = await writer.held(id);
    expect(cleared.filter((name) => there[name] !== undefined && there[name] !== null)).toEqual([]);
    expect(differing({ displayName: fields.displayName ?? null, addresses: fields.addresses ?? null }, there)).toEqual([]);
  });

  it('keeps a manager as a reference: set and changed alone, and told apart when there is none', async () => {
    if (writer.bosses.size === 0) return;
    const { id, fields } = await writer.make(writer.person());
    ok(await writer.update(id, { manager: OTHER_BOSS }));
    expect(differing({ ...fields, manager: OTHER_BOSS }, await writer.held(id))).toEqual([]);
    ok(await writer.update(id, { manager: null }));
    expect((await writer.held(id)).manager).toBeUndefined();
    ok(await writer.update(id, { manager: null }));
    if (!subject.server) return;
    const changes = { manager: 'nobody@elsewhere.example', jobTitle: 'Written' };
    const nobody = { id: '00000000-0000-4000-8000-00000000dead' };
    const waiting = await connector.write(writer.request('update', id, changes, { current: await writer.held(id), manager: nobody }));
    expect(waiting).toMatchObject({ ok: true, pending: { fields: ['manager'], failure: { code: 'notYetVisible' } } });
    expect(differing({ ...fields, manager: null, jobTitle: 'Written' }, await writer.held(id))).toEqual([]);
    const group = [...(await readAll(subject.connect)).entries.values()].find((entry) => entry.kind === 'group')!;
    const refused = await connector.write(
      writer.request('update', id, { ...changes, jobTitle: 'Again' }, { current: await writer.held(id), manager: { id: group.id } }),
    );
    expect(refused.ok && (refused.refused ?? refused.pending)).toBeTruthy();
    expect(differing({ ...fields, manager: null, jobTitle: 'Again' }, await writer.held(id))).toEqual([]);
  });

  it('takes a new primary address and lets the old one go', async () => {
    const { id } = await writer.make(writer.person());
    const addresses = [`moved${writer.number}@elsewhere.example`];
    ok(await writer.update(id, { addresses }));
    const now = (await writer.held(id)).addresses as readonly string[];
    const { maxValues, keepsOthers } = connector.capability(subject.as).fields.addresses!;
    expect(keepsOthers ? now.slice(0, maxValues) : now).toEqual(addresses);
  });

  it('hides and shows again where it can', async () => {
    if (!connector.capability(subject.as).canHide) return;
    const { id } = await writer.make(writer.person());
    ok(await writer.whole(writer.request('hide', id, { hidden: 'true' }, { current: await writer.held(id) })));
    expect((await writer.held(id)).hidden).toBe('true');
    ok(await writer.update(id, { hidden: 'false' }));
    expect((await writer.held(id)).hidden).toBe('false');
  });

  it('marks what it makes, takes the mark off, and puts it on again', async () => {
    const { id, fields, stamp } = await writer.make(writer.person());
    expect((await connector.get(id, subject.as))?.stamp).toBe(stamp);
    ok(await writer.update(id, {}, { setStamp: '' }));
    expect((await connector.get(id, subject.as))?.stamp).toBeUndefined();
    ok(await writer.whole(writer.request('adopt', id, { jobTitle: 'Adopted' }, { current: await writer.held(id), setStamp: stamp })));
    expect((await connector.get(id, subject.as))?.stamp).toBe(stamp);
    expect(differing({ ...fields, jobTitle: 'Adopted' }, await writer.held(id))).toEqual([]);
  });

  it('removes once and for all; what is gone is said so, and never an error of ours', async () => {
    const { id, stamp, alias, since } = await writer.make(writer.person());
    expect(await connector.write(writer.request('delete', id, {}))).toMatchObject({ ok: true, targetId: id });
    expect(await connector.write(writer.request('delete', id, {}))).toMatchObject({ ok: true, note: 'alreadyGone' });
    expect(await connector.get(id, subject.as)).toBeNull();
    expect(await connector.find({ as: subject.as, stamp, alias, address: 'nobody@elsewhere.example', since })).toBeNull();
    expect(await connector.write(writer.request('update', id, { jobTitle: 'Nobody' }))).toMatchObject({ ok: false, retry: 'gone' });
    expect((await readAll(subject.connect)).entries.has(id)).toBe(false);
  });

  it('names the owner of an address that is taken, and makes nothing', async () => {
    if (!connector.capability(subject.as).uniqueAddresses) return;
    const first = await writer.make(writer.person());
    ok(await writer.update(first.id, {}, { setStamp: '' }));
    writer.newPerson();
    const addresses = first.fields.addresses as readonly string[];
    const answer = await connector.write(
      writer.request(
        'create',
        null,
        { displayName: 'Second', addresses },
        // What is there was made before this was announced.
        { setStamp: `galsync:route:s${writer.number}`, since: new Date(Date.now() + 10_000).toISOString() },
      ),
    );
    expect(answer).toMatchObject({ ok: false, retry: 'collision', owner: { id: first.id } });
    const holders = [...(await readAll(subject.connect)).entries.values()].filter((entry) => entry.addresses.includes(addresses[0]!));
    expect(holders.map((entry) => entry.id)).toEqual([first.id]);
  });

  it('finds a create again whose answer was lost, by its stamp or its name', async () => {
    if (!subject.server) return;
    const fields = writer.person();
    writer.newPerson();
    const sent = writer.request('create', null, fields, { setStamp: `galsync:route:s${writer.number}` });
    const since = new Date(Date.now() - 1_000).toISOString();
    await subject.control({
      faults: { inviteLagMs: 0, loseAnswer: { match: 'New-MailContact|New-MailUser|/invitations|/full POST', times: 1 } },
    });
    const answer = await subject
      .connect()
      .write(sent)
      .catch((error: unknown) => error);
    await subject.control({ faults: {} });
    const lost =
      answer instanceof FailureError ? (answer as { answerLost?: boolean }).answerLost : (answer as { retry?: string }).retry === 'unknown';
    const address = (fields.addresses as readonly string[])[0]!;
    const found = await connector.find({ as: subject.as, stamp: sent.stamp, alias: sent.alias, address, since });
    // Either the connector saw for itself that it was made, or it says that it does not know.
    expect(lost === true || (answer as { ok?: boolean }).ok === true).toBe(true);
    expect(found).not.toBeNull();
    // What the first try did not come to is written on the object that it made.
    ok(await writer.update(found!.id, fields, { setStamp: sent.stamp }));
    expect(differing(fields, await writer.held(found!.id))).toEqual([]);
    const same = [...(await readAll(subject.connect)).entries.values()].filter((entry) => entry.addresses.includes(address));
    expect(same).toHaveLength(1);
  });

  it('does nothing while it is told to wait, and says until when', async () => {
    if (!subject.server) return;
    const fields = writer.person();
    writer.newPerson();
    await subject.control({
      clearLog: true,
      faults: { throttle: { everyNth: 1, retryAfter: 120, match: 'InvokeCommand|/invitations|/m8/' } },
    });
    const refused = await subject
      .connect()
      .write(writer.request('create', null, fields, { setStamp: `galsync:route:s${writer.number}` }))
      .catch((error: unknown) => error);
    await subject.control({ faults: {} });
    expect(refused).toBeInstanceOf(ThrottledError);
    const log = (await (await fetch(`http://127.0.0.1:${subject.server.port}/control/log`)).json()) as { wrote: boolean }[];
    expect(log.filter((one) => one.wrote)).toEqual([]);
  });

  it('tells a missing right from a fault of the object', async () => {
    if (!subject.server) return;
    const { id } = await writer.make(writer.person());
    await subject.control({ faults: { forbidden: ['exchange', 'usersWrite', 'contacts'] } });
    const answer = await subject
      .connect()
      .write(writer.request('update', id, { jobTitle: 'Never' }))
      .catch((error: unknown) => error);
    await subject.control({ faults: {} });
    const code = answer instanceof FailureError ? answer.failure.code : (answer as { retry: string }).retry;
    expect(['permission', 'authentication']).toContain(code);
  });

  it('has no push type of another directory', () => {
    if (subject.server) expect(() => connector.capability(subject.as === 'sharedContact' ? 'guest' : 'sharedContact')).toThrow('push type');
  });
});

/** Not empty in any directory, or not the object's own. */
const KEPT: ReadonlySet<FieldName> = new Set<FieldName>(['displayName', 'addresses', 'hidden', 'x500', 'stamp', 'alias', 'signIn']);

function differing(wanted: Fields, there: Fields): readonly (readonly [FieldName, FieldValue, FieldValue])[] {
  return (Object.keys(wanted) as FieldName[])
    .filter((name) => name !== 'stamp' && !sameValue(name, wanted[name] ?? null, there[name] ?? null))
    .map((name) => [name, wanted[name] ?? null, there[name] ?? null] as const);
}
