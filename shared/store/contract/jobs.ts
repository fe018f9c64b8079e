import { expect, it } from 'vitest';
import { type LogLine, type Store, StoreConflict } from '../store.ts';
import { sampleJob } from './samples.ts';

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

function logContract(store: () => Store, _job: () => string): void {
  const line = (at: string, message: string, level: LogLine['level'] = 'info'): LogLine => ({ at, level, message, data: { n: 1 } });
  const messages = async (id: string): Promise<string[]> => (await store().log.list(id, null, 100, null)).items.map((item) => item.message);

  it('purges the lines of old jobs', async () => {
    const { log } = store();
    const [old, young] = ['20200101T000000Z-aa', '20200103T000000Z-aa'];
    for (const id of [old, young]) await log.append(id, 'k', [line('2020-01-01T00:00:00.000Z', id)]);
    expect(await log.purge(new Date('2020-01-02T00:00:00Z'))).toBe(1);
    expect([await messages(old), await messages(young)]).toEqual([[], [young]]);
  });
}
