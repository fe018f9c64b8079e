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
  readonly instance: Instance;
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
  busy: number;
  stopped: boolean;
}

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
