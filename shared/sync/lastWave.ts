import type { LanePosition } from './pushBatch.ts';

/** How long a lane waits in all for what the target does not show yet; then the next job goes on with it (design §3). */
const LAST_WAVE_MS = 15 * 60_000;

export interface Wave {
  /** Epoch ms. */
  readonly at: number;
  readonly position: Pick<LanePosition, 'sequence' | 'deferredUntil'> & { readonly lastWaveEnds: number };
}

/**
 * When a lane that is through goes over its batches once more, or null if nothing was deferred or the time for it is over.
 * @param state `lastWaveEnds` is 0 before the first wave
 */
export function nextWave(state: Pick<LanePosition, 'deferredUntil'> & { readonly lastWaveEnds: number }, now: number): Wave | null {
  const ends = state.lastWaveEnds || now + LAST_WAVE_MS;
  if (state.deferredUntil === null || Math.max(now, state.deferredUntil) > ends) return null;
  return {
    at: Math.max(state.deferredUntil, now + 1_000),
    position: { sequence: 0, deferredUntil: null, lastWaveEnds: ends },
  };
}
