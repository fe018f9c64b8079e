/** Tokens are refreshed this long before they end, but never earlier than after four fifths of their life (case R55). */
const MARGIN_MS = 300_000;
const MARGIN_SHARE = 0.2;
/** A platform that hands out the same ageing token again is not asked more often than this. */
const ASK_AGAIN_MS = 30_000;

export interface FreshToken {
  readonly token: string;
  readonly lifetimeMs: number;
}

/** One token shared by all callers of a process: a single request under way however many ask. */
export interface TokenCache {
  /** The `token` function of one HTTP request; called with `true` (after a 401) it asks again unless somebody else already did. */
  source(): (fresh: boolean) => Promise<string>;
  /** Asks now, whatever is kept: rights that were given since show in new tokens only. */
  refresh(): Promise<string>;
}

interface Kept {
  readonly token: string;
  readonly askedAt: number;
  readonly refreshAt: number;
  readonly endsAt: number;
}

/** @param request asks for a new token; what it throws reaches the callers, unless the kept token still lives. */
export function createTokenCache(request: () => Promise<FreshToken>, now: () => number): TokenCache {
  let kept: Kept | null = null;
  let underWay: Promise<Kept> | null = null;
  const ask = (): Promise<Kept> => {
    if (underWay) return underWay;
    const askedAt = now();
    underWay = request()
      .then(({ token, lifetimeMs }) => {
        const refreshAt = askedAt + lifetimeMs - Math.min(MARGIN_MS, lifetimeMs * MARGIN_SHARE);
        kept = { token, askedAt, refreshAt, endsAt: askedAt + lifetimeMs };
        return kept;
      })
      .finally(() => {
        underWay = null;
      });
    return underWay;
  };
  const current = async (): Promise<Kept> => {
    const known = kept;
    const time = now();
    if (known && (time < known.refreshAt || (time < known.endsAt && time - known.askedAt < ASK_AGAIN_MS))) return known;
    return ask().catch((error: unknown) => {
      // A short outage of the token endpoint is no reason to stop with a token that is still good.
      if (known && now() < known.endsAt) return known;
      throw error;
    });
  };
  return {
    source() {
      let given: string | null = null;
      return async (fresh) => {
        const { token } = fresh && (!kept || kept.token === given) ? await ask() : await current();
        given = token;
        return token;
      };
    },
    refresh: async () => (await ask()).token,
  };
}
