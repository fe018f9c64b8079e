import { Cron } from 'croner';
import type { AppModule, Binding, RegisteredFunction } from './appModule.ts';
import type { HubStore } from './hubStore.ts';

export interface Timers {
  /** Runs a timer function now and waits for it; false when there is none of that name. */
  runNow(name: string): Promise<boolean>;
  stop(): void;
}

interface TimerFunction {
  readonly name: string;
  readonly cron: Cron;
  run(pastDue: boolean): Promise<void>;
}

/**
 * Timer functions: NCRONTAB in UTC, `%SETTING%` indirection. The last run is kept once it has ended, so that a tick that was missed or cut
 * off by a crash comes again as past due. One run of a function at a time. A schedule that cannot be read ends the start with its name.
 */
export async function startTimers(
  app: AppModule,
  store: HubStore,
  settings: Readonly<Record<string, string | undefined>>,
  clientBinding: () => string,
  log: (level: string, message: string) => void,
): Promise<Timers> {
  const timers = new Map<string, TimerFunction>();
  for (const one of app.functions) {
    const trigger = Object.values(one.bindings).find((binding) => binding.type === 'timerTrigger');
    if (trigger) timers.set(one.name, timerOf(one, trigger, { app, store, settings, clientBinding, log }));
  }
  for (const timer of timers.values()) await arm(timer, store);
  return {
    async runNow(name) {
      await timers.get(name)?.run(false);
      return timers.has(name);
    },
    stop() {
      for (const { cron } of timers.values()) cron.stop();
    },
  };
}

interface Surroundings {
  readonly app: AppModule;
  readonly store: HubStore;
  readonly settings: Readonly<Record<string, string | undefined>>;
  readonly clientBinding: () => string;
  readonly log: (level: string, message: string) => void;
}

function timerOf(one: RegisteredFunction, trigger: Binding, around: Surroundings): TimerFunction {
  let last: Promise<void> = Promise.resolve();
  let busy = 0;
  const run = (pastDue: boolean): Promise<void> => {
    busy += 1;
    last = last
      .then(() => runOnce(one, cron, pastDue, around))
      .finally(() => {
        busy -= 1;
      });
    return last;
  };
  const cron = cronOf(one.name, trigger, around.settings, () => (busy > 0 ? undefined : run(false)));
  return { name: one.name, cron, run };
}

function cronOf(
  name: string,
  trigger: Binding,
  settings: Readonly<Record<string, string | undefined>>,
  tick: () => Promise<void> | undefined,
): Cron {
  const given = String(trigger.schedule);
  const setting = /^%(.+)%$/.exec(given)?.[1];
  const schedule = setting === undefined ? given : settings[setting];
  if (schedule === undefined) throw new Error(`Timer function "${name}" takes its schedule from the setting ${setting}, which is not set.`);
  try {
    return new Cron(schedule, { mode: '5-or-6-parts', domAndDow: true, timezone: 'UTC', paused: true }, async () => void (await tick()));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Timer function "${name}" has the schedule "${schedule}", which is no NCRONTAB expression of six fields: ${why}`);
  }
}

/** Starts the clock; what was missed since the last run (or since the function was first seen) runs at once. */
async function arm({ name, cron, run }: TimerFunction, store: HubStore): Promise<void> {
  const since = (await store.timer(name)) ?? (await store.timer(`${name}.since`));
  if (since === null) await store.putTimer(`${name}.since`, new Date().toISOString());
  cron.resume();
  const due = since === null ? null : cron.nextRun(new Date(since));
  if (due && due.getTime() < Date.now()) void run(true);
}

async function runOnce(one: RegisteredFunction, cron: Cron, pastDue: boolean, around: Surroundings): Promise<void> {
  const { app, store, log } = around;
  const started = new Date().toISOString();
  try {
    const last = (await store.timer(one.name)) ?? '0001-01-01T00:00:00.000Z';
    const info = {
      Schedule: { AdjustForDST: true },
      ScheduleStatus: { Last: last, Next: cron.nextRun()?.toISOString() ?? null, LastUpdated: last },
      IsPastDue: pastDue,
    };
    const inputs = Object.entries(one.bindings)
      .filter(([, binding]) => binding.direction === 'in')
      .map(([name, { type }]) => ({ name, data: { string: type === 'durableClient' ? around.clientBinding() : JSON.stringify(info) } }));
    await app.invoke(one.name, inputs, {});
  } catch (error) {
    log('error', `timer ${one.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  await store
    .putTimer(one.name, started)
    .catch((error: unknown) => log('error', `timer ${one.name}: its run was not noted: ${String(error)}`));
}
