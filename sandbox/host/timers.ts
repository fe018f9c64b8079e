import { Cron } from 'croner';
import type { AppModule, RegisteredFunction } from './appModule.ts';
import type { HubStore } from './hubStore.ts';

export interface Timers {
  runNow(name: string): Promise<boolean>;
  stop(): void;
}

/** Timer functions: NCRONTAB in UTC, `%SETTING%` indirection, the last run kept so that a missed tick comes as past due. */
export async function startTimers(
  app: AppModule,
  store: HubStore,
  settings: Readonly<Record<string, string | undefined>>,
  clientBinding: () => string,
  log: (level: string, message: string) => void,
): Promise<Timers> {
  const crons: Cron[] = [];
  const functions = app.functions.filter((one) => triggerOf(one));
  const run = async (one: RegisteredFunction, cron: Cron, pastDue: boolean): Promise<void> => {
    const last = (await store.timer(one.name)) ?? new Date(0).toISOString();
    await store.putTimer(one.name, new Date().toISOString());
    const info = {
      Schedule: { AdjustForDST: true },
      ScheduleStatus: { Last: last, Next: cron.nextRun()?.toISOString() ?? null, LastUpdated: last },
      IsPastDue: pastDue,
    };
    const inputs = Object.entries(one.bindings)
      .filter(([, binding]) => binding.direction === 'in')
      .map(([name, binding]) => ({ name, data: { string: binding.type === 'durableClient' ? clientBinding() : JSON.stringify(info) } }));
    await app
      .invoke(one.name, inputs, {})
      .catch((error: unknown) =>
        log('error', `timer ${one.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
      );
  };
  const runners = new Map<string, () => Promise<void>>();
  for (const one of functions) {
    const schedule = String(triggerOf(one)!.schedule).replace(/^%(.+)%$/, (_, name: string) => settings[name] ?? '');
    const cron: Cron = new Cron(
      schedule,
      { mode: '5-or-6-parts', legacyMode: false, timezone: 'UTC', protect: true, paused: true },
      (): Promise<void> => run(one, cron, false),
    );
    const last = await store.timer(one.name);
    const missed = last !== null && (cron.nextRun(new Date(last))?.getTime() ?? Number.POSITIVE_INFINITY) < Date.now();
    runners.set(one.name, () => run(one, cron, missed));
    crons.push(cron);
    cron.resume();
    if (missed) setTimeout(() => void run(one, cron, true), 500).unref();
  }
  return {
    async runNow(name) {
      const runner = runners.get(name);
      if (!runner) return false;
      await runner();
      return true;
    },
    stop() {
      for (const cron of crons) cron.stop();
    },
  };
}

function triggerOf(one: RegisteredFunction): { schedule?: string } | undefined {
  return Object.values(one.bindings).find((binding) => binding.type === 'timerTrigger');
}
