import { describe, expect, it } from 'vitest';
import { X500AnswerSchema } from '../../functions/api/answers.ts';
import { findX500, type X500Answer, type X500Query } from '../../shared/sync/x500.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const OLD = '/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=ab12-ada';
const BOUNCED = 'IMCEAEX-_o=ExchangeLabs_ou=Exchange+20Administrative+20Group+20+28FYDIBOHF23SPDLT+29_cn=Recipients_cn=ab12-ada@b.example';

async function ask(world: SyncWorld, query: X500Query): Promise<X500Answer> {
  const answer = await findX500(world.context, query);
  X500AnswerSchema.parse(JSON.parse(JSON.stringify(answer)));
  return answer;
}

async function withAda(): Promise<SyncWorld> {
  const world = createWorld({ a: 3, b: 1 });
  world.a.entries.set(
    'ada',
    person('a', 7, { id: 'ada', addresses: ['ada@a.example'], x500: [OLD], attributes: { displayName: "Ada O'Berg" } }),
  );
  await world.run({ action: 'sync' });
  await world.run({ action: 'simulate' });
  return world;
}

describe('x500', () => {
  it('of somebody whose objects hold it: nothing needs to be added', async () => {
    const world = await withAda();
    const answer = await ask(world, { imceaex: BOUNCED });
    expect(answer).toMatchObject({ x500: [OLD], bouncedAt: 'b.example', add: [], complete: true });
    expect(answer.was).toMatchObject([{ route: 'a-to-b', object: 'ada', state: 'linked', displayName: "Ada O'Berg" }]);
    expect(answer.now.map((one) => [one.connector, one.kind, one.holds])).toEqual([
      ['a', 'user', [OLD]],
      ['b', expect.any(String), [OLD]],
    ]);
    expect(answer.answer).toContain('Nothing needs to be added');
  });

  it('of somebody who was deleted and came back as somebody new: the ended link remembers, and says what to add where', async () => {
    const world = await withAda();
    world.configure((document) => {
      document.routes[0]!['leavers'] = { gone: { policy: 'delete', days: 0 } };
    });
    world.a.entries.delete('ada');
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]!.leavers.deleted).toBe(1);
    world.a.entries.set('ada2', person('a', 8, { id: 'ada2', addresses: ['ada@a.example'], attributes: { displayName: "Ada O'Berg" } }));
    await world.run({ action: 'sync' });
    await world.run({ action: 'simulate' });
    const answer = await ask(world, { imceaex: BOUNCED });
    expect(answer.was).toMatchObject([{ object: 'ada', state: 'ended' }]);
    expect(answer.now.map((one) => one.connector)).toEqual(['a', 'b']);
    expect(answer.now.every((one) => one.lacks[0] === OLD && one.holds.length === 0)).toBe(true);
    // The bounce names b.example: only b's object matters.
    expect(answer.add).toHaveLength(1);
    expect(answer.add[0]).toMatchObject({ connector: 'b', value: `X500:${OLD}` });
    expect(answer.add[0]!.command).toBe(`Set-MailContact -Identity '${answer.add[0]!.object}' -EmailAddresses @{Add='X500:${OLD}'}`);
    expect(answer.answer).toContain('No object of today holds it.');
    const plain = await ask(world, { address: `x500:${OLD.toUpperCase()}` });
    expect(plain.add.map((one) => one.connector)).toEqual(['a', 'b']);
  });

  it('of a person by mail address: all that are known, and who lacks which', async () => {
    const world = await withAda();
    const answer = await ask(world, { address: 'ADA@a.example' });
    expect(answer.x500).toEqual([OLD]);
    expect(answer.answer).toContain('1 X500 address known');
    expect((await ask(world, { address: 'p1@a.example' })).answer).toContain('No X500 address of');
  });

  it("the target's own name for the object is known once it was read, and goes onto the one that is made in its place", async () => {
    const world = createWorld({ a: 3, b: 1 });
    world.b.legacyNames = true;
    await world.run({ action: 'sync' });
    const first = [...world.b.entries.values()].find((one) => one.addresses[0] === 'p1@a.example')!;
    const own = first.x500!.at(-1)!;
    expect(own).toContain('/cn=');
    // The read after the push tells it.
    await world.run({ action: 'sync' });
    world.b.entries.delete(first.id);
    await world.run({ action: 'sync' });
    const again = [...world.b.entries.values()].find((one) => one.addresses[0] === 'p1@a.example')!;
    expect(again.id).not.toBe(first.id);
    expect(again.x500).toContain(own);
    await world.run({ action: 'simulate' });
    const { now } = await ask(world, { address: `x500:${own}` });
    expect(now.find((one) => one.connector === 'b')!.holds).toContain(own);
  });

  it('of nobody: says so, with what the address itself tells', async () => {
    const world = await withAda();
    const answer = await ask(world, { address: '/o=Elsewhere/cn=Recipients/cn=bo' });
    expect(answer).toMatchObject({ was: [], now: [], add: [] });
    expect(answer.answer).toContain('Nobody that galsync knows');
    expect(answer.answer).toContain('"bo"');
  });

  it('refuses what is neither', async () => {
    const world = createWorld({ a: 1 });
    for (const query of [{}, { address: 'x', imceaex: 'y' }, { address: 'no address' }, { imceaex: 'ada@a.example' }])
      await expect(findX500(world.context, query)).rejects.toMatchObject({ status: 400, type: 'invalid' });
  });

  it('cannot be talked out of its quotes in the command', async () => {
    const world = createWorld({ a: 1 });
    const evil = "/o=x/cn='; Remove-Mailbox ada; ’x";
    world.a.entries.set('e', person('a', 9, { id: "e'1", addresses: ['e@a.example'] }));
    world.a.entries.set('f', person('a', 10, { id: 'f', addresses: ['f@a.example', 'e@a.example'], x500: [evil] }));
    await world.run({ action: 'pull' });
    const answer = await ask(world, { address: 'e@a.example' });
    const { command } = answer.add.find((one) => one.object === "e'1")!;
    expect(command).toContain("-Identity 'e''1'");
    // Outside of quotes nothing of it is left.
    expect(command!.replace(/'(?:[^'’]|''|’’)*'/g, "''")).toBe("Set-Mailbox -Identity '' -EmailAddresses @{Add=''}");
  });
});
