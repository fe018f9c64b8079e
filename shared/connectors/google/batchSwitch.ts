/** After a batch of which nobody knows what became, the changes go one by one for so long. */
const PAUSE_MS = 10 * 60_000;

/** An event for the log: that this process writes one by one, and why. */
export interface BatchesOff {
  readonly event: 'google.batchesOff';
  readonly connector: string;
  /** ISO; null: for the life of this process. */
  readonly until: string | null;
  readonly cause: string;
  readonly [field: string]: string | null;
}

/** Whether this process sends batches to the feed. No live tenant has shown that the endpoint still works, so it proves itself first. */
export interface BatchSwitch {
  readonly isOpen: () => boolean;
  readonly isProven: () => boolean;
  readonly prove: () => void;
  /** It failed, or may not be used now: one by one for ten minutes, then it proves itself anew. */
  readonly pause: (cause: string) => void;
  /** It is not there: one by one from now on. */
  readonly close: (cause: string) => void;
}

export function createBatchSwitch(connector: string, now: () => number, tell: (event: BatchesOff) => void): BatchSwitch {
  let closedUntil = 0;
  let proven = false;
  const off = (until: number, cause: string): void => {
    if (closedUntil > now()) return;
    closedUntil = until;
    proven = false;
    const time = Number.isFinite(until) ? new Date(until).toISOString() : null;
    tell({ event: 'google.batchesOff', connector, until: time, cause: cause.slice(0, 300) });
  };
  return {
    isOpen: () => now() >= closedUntil,
    isProven: () => proven,
    prove: () => {
      proven = true;
    },
    pause: (cause) => off(now() + PAUSE_MS, cause),
    close: (cause) => off(Number.POSITIVE_INFINITY, cause),
  };
}
