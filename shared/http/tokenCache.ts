/** Ask again this long before a token ends; a token that lives shorter is used for half its life (case R55). */
const MARGIN_MS = 5 * 60_000;

/**
 * One token shared by all callers: a single request under way however many ask, refreshed in time. `fresh` (after a 401) asks again, but
 * not more often than every 2 s: callers that were refused together share the new one.
 */
export function createTokenCache(
  request: () => Promise<{ token: string; lifetimeMs: number }>,
  now: () => number,
): (fresh: boolean) => Promise<string> {
  let current: { token: string; until: number; at: number } | null = null;
  let underWay: Promise<string> | null = null;
  return (fresh) => {
    if (underWay) return underWay;
    const usable = current && now() < current.until && !(fresh && now() - current.at > 2_000);
    if (usable) return Promise.resolve(current!.token);
    underWay = request()
      .then(({ token, lifetimeMs }) => {
        current = { token, at: now(), until: now() + Math.max(lifetimeMs - MARGIN_MS, lifetimeMs / 2) };
        return token;
      })
      .finally(() => {
        underWay = null;
      });
    return underWay;
  };
}
