import type { AppModule } from './appModule.ts';
import type { HubStore, Instance } from './hubStore.ts';
import type { HistoryEvent } from './replay.ts';

export interface EngineOptions {
  readonly app: AppModule;
  readonly store: HubStore;
  readonly maxActivities: number;
  readonly log: (level: string, message: string) => void;
  /** The durableClient binding's JSON, for functions that have one. */
  readonly clientBinding: () => string;
}

/** An instance that this process works on. */
export interface Live {
  /** Replaced by each commit, never changed: a commit that failed leaves what was. */
  instance: Instance;
  history: HistoryEvent[];
  inbox: { readonly event: HistoryEvent; readonly key: string | null }[];
  running: boolean;
  /** Task ids that are under way in this process, and timers that are armed. */
  readonly underWay: Set<number>;
  readonly timers: Map<number, NodeJS.Timeout>;
}

export interface EngineState extends EngineOptions {
  readonly live: Map<string, Live>;
  readonly orchestrators: ReadonlySet<string>;
  readonly activities: ReadonlySet<string>;
  readonly queue: (() => Promise<void>)[];
  /** Ids whose start is being written. */
  readonly starting: Set<string>;
  busy: number;
  stopped: boolean;
}

export const RETRY_MS = 500;
const ENDED: ReadonlySet<string> = new Set(['Completed', 'Failed', 'Terminated']);

export function hasEnded(instance: Instance): boolean {
  return ENDED.has(instance.status);
}

export function liveOf(instance: Instance, history: HistoryEvent[]): Live {
  return { instance, history, inbox: [], running: false, underWay: new Set(), timers: new Map() };
}

export function stopTimers(one: Live): void {
  for (const timer of one.timers.values()) clearTimeout(timer);
  one.timers.clear();
}

/**
 * Repeats work that must not be lost when storage hiccups, until it is done or the host ends. `what` is said in the log.
 */
export async function insist(engine: EngineState, what: string, work: () => Promise<void>): Promise<void> {
  while (!engine.stopped) {
    try {
      return await work();
    } catch (error) {
      if (!engine.stopped) engine.log('error', `${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Names of the functions with a trigger of that type. */
export function namesOf(app: AppModule, type: string): ReadonlySet<string> {
  return new Set(
    app.functions.filter((one) => Object.values(one.bindings).some((binding) => binding.type === type)).map((one) => one.name),
  );
}

/** The name of a function's binding of that type. */
export function bindingOf(app: AppModule, name: string, type: string): string {
  const found = app.functions.find((one) => one.name === name)!;
  return Object.entries(found.bindings).find(([, binding]) => binding.type === type)![0];
}
