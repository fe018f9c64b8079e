import { describe, expect, it } from 'vitest';
import { createTokenCache } from './tokenCache.ts';

describe('a token that many share', () => {
  it('is asked for once, however many wait, and refreshed before its end', async () => {
    let [time, asked] = [0, 0];
    const cache = createTokenCache(
      async () => {
        asked += 1;
        return { token: `t${asked}`, lifetimeMs: 3_600_000 };
      },
      () => time,
    );
    const callers = Array.from({ length: 8 }, () => cache.source());
    expect(new Set(await Promise.all(callers.map((ask) => ask(false))))).toEqual(new Set(['t1']));
    time = 3_299_000;
    expect(await cache.source()(false)).toBe('t1');
    time = 3_301_000;
    expect(await cache.source()(false)).toBe('t2');
  });

  it('after a 401 those who were refused together share the new one', async () => {
    let asked = 0;
    const cache = createTokenCache(
      async () => {
        asked += 1;
        return { token: `t${asked}`, lifetimeMs: 3_600_000 };
      },
      () => 0,
    );
    const [one, two, three] = [cache.source(), cache.source(), cache.source()];
    await Promise.all([one(false), two(false), three(false)]);
    expect(await one(true)).toBe('t2');
    expect(await Promise.all([two(true), three(true)])).toEqual(['t2', 't2']);
    expect(await cache.refresh()).toBe('t3');
  });

  it('serves on through an outage of its source while it lives, and not a second longer', async () => {
    let [time, down] = [0, false];
    const cache = createTokenCache(
      async () => {
        if (down) throw new Error('down');
        return { token: 'old', lifetimeMs: 3_600_000 };
      },
      () => time,
    );
    await cache.source()(false);
    down = true;
    time = 3_500_000;
    expect(await cache.source()(false)).toBe('old');
    time = 3_600_000;
    await expect(cache.source()(false)).rejects.toThrow('down');
  });
});
