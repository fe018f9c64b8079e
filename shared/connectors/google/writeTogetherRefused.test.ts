import { describe, expect, it } from 'vitest';
import { batches, clock, connector, create, fake, isWrite, many, onBatch, onFakeWorkspace, told } from './writeTogetherHarness.ts';

onFakeWorkspace();

describe('an endpoint that takes no batches', () => {
  it.each([400, 404, 405, 501])('%i: one by one for the life of the process, said once', async (status) => {
    onBatch(
      () => undefined,
      () => ({ status, body: 'no' }),
    );
    for (let n = 0; n < 3; n += 1) expect(await many(create(1), create(2))).toEqual([null, null]);
    clock.time += 86_400_000;
    expect(await many(create(1), create(2))).toEqual([null, null]);
    // A question may be repeated where the service may only be down.
    expect(fake.asked('POST', '/batch')).toHaveLength(status === 501 ? 4 : 1);
    expect(told).toMatchObject([{ until: null, cause: `it answered ${status}` }]);
  });

  it('403: rights may come, so it is asked again after ten minutes; nothing is written to find out', async () => {
    onBatch(
      () => undefined,
      () => ({ status: 403, body: 'You are not authorized to access this API' }),
    );
    expect(await many(create(1), create(2))).toEqual([null, null]);
    expect(batches('insert')).toBe(0);
    clock.time += 600_001;
    await many(create(1), create(2));
    expect(fake.asked('POST', '/batch')).toHaveLength(2);
  });

  it('an endpoint that goes away between question and change did nothing', async () => {
    fake.on((seen) => (seen.body.includes('insert') ? { status: 404, body: 'no' } : undefined));
    expect(await many(create(1), create(2))).toEqual([null, null]);
    expect(fake.contacts.size).toBe(0);
  });
});

describe('too fast', () => {
  it.each([
    [
      'the whole',
      () =>
        onBatch(
          () => undefined,
          () => ({ status: 429, headers: { 'retry-after': '120' }, body: 'x' }),
        ),
    ],
    ['every operation', () => onBatch(() => ({ status: 403, reason: 'Request rate higher than configured' }))],
  ])('%s: a wait, and nothing was done', async (_, arrange) => {
    await many(create(1), create(2));
    arrange();
    await expect(many(create(3), create(4))).rejects.toMatchObject({ name: 'ThrottledError' });
    expect(fake.contacts.size).toBe(2);
  });

  it('a part: what was done counts, everybody waits before the rest', async () => {
    onBatch((asked) => (isWrite(asked) && asked.id === '1' ? { status: 429, reason: 'Too Many Requests' } : undefined));
    const before = clock.time;
    expect(await many(create(1), create(2))).toMatchObject([{ ok: true }, null]);
    expect(clock.time).toBe(before);
    expect(await connector.write(create(2))).toMatchObject({ ok: true });
    expect(clock.time).toBeGreaterThanOrEqual(before + 1_000);
  });
});
