import { ThrottledError } from '../model/failure.ts';
import type { Waits } from './http.ts';

/**
 * `limits.requestsPerMinute`: how often a connector is called in all, whatever the host, by every process of the app together. A minute is cut
 * into as many slots; each call takes one, in the order in which it asks. Slots that nobody took are lost: there is no catching up.
 */
export interface Ceiling {
  /** Takes the next slot and waits for it. */
  turn(): Promise<void>;
  /**
   * Asked before a page, a change or a mailbox is begun. Throws `ThrottledError` (`ours`) if the next slot is more than 5 s away: nothing was
   * done, and the wait belongs into a durable timer. What has been begun waits in line, so that it comes to its end.
   */
  ready(): Promise<void>;
}

export interface CeilingDependencies {
  readonly connector: string;
  readonly requestsPerMinute: number;
  readonly waits: Waits;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const SHORT_WAIT_MS = 5_000;

/** See `Ceiling`. One for each connector and process; the row in `Waits` says which slots other processes have taken. */
export function createCeiling(deps: CeilingDependencies): Ceiling {
  const { connector, requestsPerMinute, waits } = deps;
  const slotMs = 60_000 / requestsPerMinute;
  // About a second's worth at once: few rows are written, and no process holds many slots that it may not need.
  const many = Math.max(1, Math.floor(requestsPerMinute / 60));
  // With the number in it: another number counts from its first call.
  const key = `ceiling~${connector.toLowerCase()}~${requestsPerMinute}`;
  let start = 0;
  let used = many;
  let line: Promise<unknown> = Promise.resolve();
  /** The first slot of ours that is free and not over, or `many`. */
  const nextOfOurs = (): number => Math.min(many, Math.max(used, Math.ceil((deps.now() - start) / slotMs)));
  const take = async (): Promise<number> => {
    let slot = nextOfOurs();
    if (slot === many) {
      start = await waits.take(key, deps.now(), many * slotMs);
      slot = 0;
    }
    used = slot + 1;
    return start + slot * slotMs;
  };
  return {
    async turn() {
      const mine = line.then(take);
      line = mine.catch(() => undefined);
      const at = await mine;
      for (let wait = at - deps.now(); wait > 0; wait = at - deps.now()) await deps.sleep(wait);
    },
    async ready() {
      const slot = nextOfOurs();
      const at = slot < many ? start + slot * slotMs : await waits.read(key);
      if (at - deps.now() > SHORT_WAIT_MS) throw new ThrottledError(`limits.requestsPerMinute of connector "${connector}"`, at, true);
    },
  };
}
