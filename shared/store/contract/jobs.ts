import { expect, it } from 'vitest';
import { type JobQuery, type LogLine, type Store, StoreConflict } from '../store.ts';
import { sampleJob, sampleRoute } from './samples.ts';

/** The contract of `JobStore` and `JobLog`. `fresh` answers a store without jobs. */
export function jobContract(store: () => Store, fresh: () => Promise<Store>, job: () => string): void {
  it('creates once, reads, removes', async () => {
    const { jobs } = store();
    const record = sampleJob('2026-11-25T09:15:00.123Z', job());
    await jobs.create(record);
    await expect(jobs.create(record)).rejects.toThrow(StoreConflict);
    expect(await jobs.get(record.job.id)).toEqual(record);
    await jobs.remove(record.job.id);
    await jobs.remove(record.job.id);
    expect(await jobs.get(record.job.id)).toBeNull();
    await expect(jobs.update(record.job.id, (same) => same)).rejects.toThrow(/no job/);
  });

  it('updates of several writers all count; the same object is no write', async () => {
    const { jobs } = store();
    const record = sampleJob('2026-11-25T09:16:00.000Z', job());
    await jobs.create(record);
    const id = record.job.id;
    await Promise.all(
      Array.from({ length: 6 }, (_, n) => jobs.update(id, (current) => ({ ...current, lanes: { ...current.lanes, [`a.${n}`]: n } }))),
    );
    expect(Object.keys((await jobs.get(id))!.lanes)).toHaveLength(6);
    const before = await jobs.get(id);
    expect(await jobs.update(id, (current) => current)).toEqual(before);
  });

  it('lists newest first, page by page, and stays stable while jobs arrive', async () => {
    const { jobs } = await fresh();
    const at = (minute: number): string => `2026-11-25T10:${String(minute).padStart(2, '0')}:00.000Z`;
    for (const minute of [3, 1, 5, 2, 4]) await jobs.create(sampleJob(at(minute), 'aaaaaa'));
    const first = await jobs.list({}, 2, null);
    await jobs.create(sampleJob(at(6), 'aaaaaa'));
    const second = await jobs.list({}, 2, first.next);
    const third = await jobs.list({}, 2, second.next);
    expect([first, second, third].map((page) => page.items.map((item) => item.job.createdAt.slice(14, 16)))).toEqual([
      ['05', '04'],
      ['03', '02'],
      ['01'],
    ]);
    expect([first.next, second.next].every((cursor) => /^[\w-]+$/.test(cursor!))).toBe(true);
    expect(third.next).toBeNull();
  });

  it('filters by route, connector, action, state and time, also in other notations', async () => {
    const { jobs } = await fresh();
    await jobs.create(sampleJob('2026-11-25T10:00:00.250Z', 'one', { action: 'pull', state: 'failed', routes: [] }));
    await jobs.create(sampleJob('2026-11-25T11:00:00.000Z', 'two', { routes: [sampleRoute('b-to-a')] }));
    await jobs.create(sampleJob('2026-11-25T12:00:00.000Z', 'three', { connectors: [] }));
    const names = async (query: JobQuery): Promise<string[]> =>
      (await jobs.list(query, 10, null)).items.map((item) => item.job.id.replace(/^.*-/, ''));
    expect(await names({ route: 'b-to-a' })).toEqual(['two']);
    expect(await names({ connector: 'a' })).toEqual(['two', 'one']);
    expect(await names({ action: 'pull' })).toEqual(['one']);
    expect(await names({ state: 'failed' })).toEqual(['one']);
    expect(await names({ state: "x' or RowKey ne '" as never })).toEqual([]);
    expect(await names({ from: '2026-11-25T11:00:00.000Z', to: '2026-11-25T12:00:00.000Z' })).toEqual(['two']);
    expect(await names({ from: '2026-11-25T10:00:00.250Z', to: '2026-11-25T10:00:00.251Z' })).toEqual(['one']);
    expect(await names({ from: '2026-11-25T10:00:00.251Z', to: '2026-11-25T11:00:00Z' })).toEqual([]);
    expect(await names({ from: '2026-11-25T12:30:00+01:00' })).toEqual(['three']);
    expect(await names({ to: '2026-11-25' })).toEqual([]);
  });

  it('purges jobs that began before a time', async () => {
    const { jobs } = await fresh();
    const records = ['01', '02', '03'].map((day) => sampleJob(`2020-01-${day}T00:00:00.000Z`, 'x'));
    for (const record of records) await jobs.create(record);
    expect(await jobs.purge(new Date('2020-01-02T12:00:00Z'))).toBe(2);
    expect((await jobs.list({}, 10, null)).items).toEqual(records.slice(2));
    expect(await jobs.purge(new Date('2020-01-02T12:00:00Z'))).toBe(0);
  });

  logContract(store, job);
}

function logContract(store: () => Store, job: () => string): void {
  const line = (at: string, message: string, level: LogLine['level'] = 'info'): LogLine => ({ at, level, message, data: { n: 1 } });
  const messages = async (id: string): Promise<string[]> => (await store().log.list(id, null, 100, null)).items.map((item) => item.message);

  it('lists oldest first, by level, page by page', async () => {
    const { log } = store();
    const id = job();
    await log.append(id, 'b', [line('2026-11-25T10:00:02.000Z', 'third', 'error')]);
    await log.append(id, 'a', [line('2026-11-25T10:00:00.000Z', 'first'), line('2026-11-25T10:00:01.000Z', 'second', 'error')]);
    await log.append(id, 'a:b', [line('2026-11-25T10:00:03.000Z', 'fourth')]);
    await log.append(id, 'a-b', [line('2026-11-25T10:00:03.000Z', 'fifth')]);
    expect((await messages(id)).slice(0, 3)).toEqual(['first', 'second', 'third']);
    expect((await messages(id)).slice(3).sort()).toEqual(['fifth', 'fourth']);
    const one = await log.list(id, 'error', 1, null);
    const two = await log.list(id, 'error', 1, one.next);
    expect([one.items[0]?.message, two.items[0]?.message, two.next]).toEqual(['second', 'third', null]);
    expect(one.items[0]).toEqual(line('2026-11-25T10:00:01.000Z', 'second', 'error'));
  });

  it('an append that is repeated later takes the place of the first', async () => {
    const { log } = store();
    const id = job();
    await log.append(id, 'other', [line('2026-11-25T10:00:00.000Z', 'other')]);
    await log.append(id, 'k', [line('2026-11-25T10:00:00.000Z', 'one'), line('2026-11-25T10:00:00.000Z', 'two')]);
    await log.append(id, 'k', [line('2026-11-25T10:00:09.000Z', 'one again')]);
    await log.append(id, 'k', [line('2026-11-25T10:00:10.000Z', 'one at last')]);
    expect(await messages(id)).toEqual(['other', 'one at last']);
  });

  it('purges the lines of old jobs', async () => {
    const { log } = store();
    const [old, young] = ['20200101T000000Z-aa', '20200103T000000Z-aa'];
    for (const id of [old, young]) await log.append(id, 'k', [line('2020-01-01T00:00:00.000Z', id)]);
    expect(await log.purge(new Date('2020-01-02T00:00:00Z'))).toBe(1);
    expect([await messages(old), await messages(young)]).toEqual([[], [young]]);
  });
}
