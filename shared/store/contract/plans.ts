import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { PlanKey, Store } from '../store.ts';
import { all, sampleBatch, sampleChange, sampleOutcome } from './samples.ts';

/** The contract of `PlanStore`. `job` answers an id that no other test uses. */
export function planContract(store: () => Store, job: () => string): void {
  const keyOf = (id: string): PlanKey => ({ job: id, round: 1, route: 'a-to-b' });

  it('keeps drafts by range and replaces them, also by shorter ones', async () => {
    const { plans } = store();
    const key = keyOf(job());
    const many = Array.from({ length: 1000 }, (_, n) => sampleChange(`c${n}`, `s${n}`));
    await plans.putDraft(key, 128, many, { planned: 1000 });
    await plans.putDraft(key, 0, many.slice(0, 3), { planned: 3 });
    expect((await all(plans.draftChanges(key, 128))).flat()).toEqual(many);
    await plans.putDraft(key, 128, many.slice(0, 401), { planned: 401 });
    expect((await all(plans.draftChanges(key, 128))).flat()).toEqual(many.slice(0, 401));
    expect((await all(plans.draftChanges(key, 0))).flat()).toHaveLength(3);
    expect(await plans.draftSummaries(key)).toEqual([
      { from: 0, summary: { planned: 3 } },
      { from: 128, summary: { planned: 401 } },
    ]);
    await plans.putDraft(key, 0, [], { planned: 0 });
    expect(await all(plans.draftChanges(key, 0))).toEqual([]);
    await plans.dropDrafts(key);
    await plans.dropDrafts(key);
    expect(await plans.draftSummaries(key)).toEqual([]);
  });

  it('keeps drafts whose changes are large', async () => {
    const { plans } = store();
    const key = keyOf(job());
    const large = Array.from({ length: 300 }, (_, n) => ({ ...sampleChange(`c${n}`, `s${n}`), stamp: randomBytes(6000).toString('hex') }));
    await plans.putDraft(key, 0, large, {});
    expect((await all(plans.draftChanges(key, 0))).flat()).toEqual(large);
  });

  it('lists batches by lane and sequence, and resumes after one', async () => {
    const { plans } = store();
    const id = job();
    const batches = [0, 1, 9, 10].flatMap((lane) => [0, 1, 2, 10].map((sequence) => sampleBatch(id, lane, sequence)));
    await plans.putBatches([...batches].reverse());
    await plans.putBatches([sampleBatch(id, 0, 0, { route: 'a-to-b-2' }), sampleBatch(id, 0, 0, { round: 10 })]);
    await plans.putSealed(keyOf(id), { sealed: true });
    const places = async (after?: { lane: number; sequence: number }): Promise<number[][]> =>
      (await all(plans.batches(keyOf(id), after))).map((batch) => [batch.lane, batch.sequence]);
    const whole = batches.map((batch) => [batch.lane, batch.sequence]);
    expect(await places()).toEqual(whole);
    expect(await places({ lane: 1, sequence: 2 })).toEqual(whole.slice(7));
    expect(await places({ lane: 10, sequence: 10 })).toEqual([]);
    const some = await all(plans.batchesBetween({ ...keyOf(id), lane: 9 }, 1, 10));
    expect(some.map((batch) => [batch.lane, batch.sequence])).toEqual([
      [9, 1],
      [9, 2],
    ]);
    expect(await all(plans.batchesBetween({ ...keyOf(id), lane: 2 }, 0, 9))).toEqual([]);
    expect(await plans.getBatch({ ...keyOf(id), lane: 9, sequence: 2 })).toEqual(sampleBatch(id, 9, 2));
    expect(await plans.getBatch({ ...keyOf(id), lane: 9, sequence: 3 })).toBeNull();
  });

  it('joins outcomes that several writers bring at once', async () => {
    const { plans } = store();
    const id = job();
    await plans.putBatches([sampleBatch(id, 0, 0)]);
    const key = { ...keyOf(id), lane: 0, sequence: 0 };
    await Promise.all(Array.from({ length: 6 }, (_, n) => plans.putOutcomes(key, { [`c${n}`]: sampleOutcome() })));
    await plans.putOutcomes(key, { c0: sampleOutcome('failed') });
    const { outcomes, changes } = (await plans.getBatch(key))!;
    expect(Object.keys(outcomes).sort()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
    expect([outcomes['c0']?.result, outcomes['c5']?.result, changes.length]).toEqual(['failed', 'done', 1]);
    await expect(plans.putOutcomes({ ...key, sequence: 9 }, {})).rejects.toThrow(/gone/);
  });

  it('keeps what sealing says, and purges by the job that made it', async () => {
    const { plans } = store();
    const [old, young] = ['20200101T000000Z-aa', '20200103T000000Z-bb'];
    for (const id of [old, young]) {
      await plans.putSealed(keyOf(id), { of: id, text: 'ü'.repeat(200_000) });
      await plans.putBatches([sampleBatch(id, 0, 0)]);
    }
    expect(await plans.getSealed(keyOf(old))).toEqual({ of: old, text: 'ü'.repeat(200_000) });
    expect(await plans.getSealed(keyOf('20200101T000000Z-zz'))).toBeNull();
    expect(await plans.purge(new Date('2020-01-02T00:00:00Z'))).toBeGreaterThan(0);
    expect(await plans.getSealed(keyOf(old))).toBeNull();
    expect(await all(plans.batches(keyOf(old)))).toEqual([]);
    expect(await all(plans.batches(keyOf(young)))).toHaveLength(1);
    expect(await plans.purge(new Date('2020-01-02T00:00:00Z'))).toBe(0);
  });
}
