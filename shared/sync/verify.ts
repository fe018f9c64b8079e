import { usesOf } from '../config/usesOf.ts';
import { type Check, type Finding, fail, type Probe, warning } from '../connectors/verification.ts';
import type { ConnectorSettings } from '../model/configuration.ts';
import { failureOf, ThrottledError } from '../model/failure.ts';
import type { SyncContext } from './context.ts';

/** Each probe may take so long, and all of them: the caller's request ends at 230 s in Azure. */
export const LIMITS: Limits = { eachMs: 20_000, allMs: 120_000 };

interface Limits {
  readonly eachMs: number;
  readonly allMs: number;
}

/**
 * What is wrong with a connector before the first job finds out: every probe of the directory, for what the configuration uses of it.
 * Nothing is written. Probes run side by side, each after those that it needs. Never throws: what cannot be asked is a failed check.
 */
export async function verifyConnector(context: SyncContext, settings: ConnectorSettings, limits = LIMITS): Promise<readonly Check[]> {
  let probes: readonly Probe[];
  try {
    const { configuration } = await context.configuration();
    probes = context.open(settings, configuration).connector.verify(usesOf(configuration, settings.id));
  } catch (error) {
    return [named('connector', failed(error))];
  }
  const over = expiry(limits.allMs);
  const running = new Map<string, Promise<Finding>>();
  for (const probe of probes) {
    const before = probe.after.flatMap((name) => running.get(name)?.then((finding) => ({ name, finding })) ?? []);
    running.set(probe.name, inTurn(probe, before, over, limits, lateWords(settings)));
  }
  const checks = await Promise.all(probes.map(async (probe) => named(probe.name, await running.get(probe.name)!)));
  over.cancel();
  const count = (result: Check['result']): number => checks.filter((check) => check.result === result).length;
  context.log({
    event: 'connector.verified',
    connector: settings.id,
    passed: count('pass'),
    failed: count('fail'),
    warnings: count('warning'),
  });
  return checks;
}

async function inTurn(
  probe: Probe,
  before: readonly Promise<{ readonly name: string; readonly finding: Finding }>[],
  over: Expiry,
  limits: Limits,
  saidLate: (seconds: number) => Finding,
): Promise<Finding> {
  const first = (await Promise.all(before)).find(({ finding }) => finding.result === 'fail' || NOT_TRIED.has(finding));
  if (first) return notTried(first.name);
  const own = expiry(limits.eachMs);
  const unasked = (finding: Finding): Finding =>
    probe.advisory && finding.result === 'fail' ? { ...finding, result: 'warning' } : finding;
  const late = (ms: number) => (): Finding => unasked(saidLate(ms / 1000));
  try {
    return await Promise.race([probe.run(), own.passed.then(late(limits.eachMs)), over.passed.then(late(limits.allMs))]);
  } catch (error) {
    return unasked(failed(error));
  } finally {
    own.cancel();
  }
}

/** So many calls a minute are enough for the probes of one connector in their time. */
const ENOUGH_PER_MINUTE = 120;

/** What an answer that did not come in time means: under a low ceiling the call may not have been made yet. */
function lateWords({ limits: { requestsPerMinute } }: ConnectorSettings): (seconds: number) => Finding {
  const reach = 'Check that the host can be reached from the function app, and its service health.';
  if (requestsPerMinute === null || requestsPerMinute >= ENOUGH_PER_MINUTE)
    return (seconds) => fail(`No answer within ${seconds} s.`, reach);
  const why = `limits.requestsPerMinute (${requestsPerMinute}) may have left no call for it`;
  return (seconds) => warning(`No answer within ${seconds} s; ${why}.`, `Raise it while you verify, with no job running. ${reach}`);
}

/** Findings of probes that were not tried, so that those behind them are not tried either. */
const NOT_TRIED = new WeakSet<Finding>();

function notTried(name: string): Finding {
  const finding = warning(`Not tried, because "${name}" did not pass.`, `Mend "${name}" first, then verify again.`);
  NOT_TRIED.add(finding);
  return finding;
}

function failed(error: unknown): Finding {
  const failure = failureOf(error);
  if (error instanceof ThrottledError) return warning(`The service refuses calls for now: ${failure.message}.`, 'Verify again after that.');
  return fail(failure.message, failure.nextStep);
}

function named(name: string, { result, detail, fix }: Finding): Check {
  return { name, result, detail, ...(fix === undefined ? {} : { fix }) };
}

interface Expiry {
  readonly passed: Promise<void>;
  cancel(): void;
}

/** Real time, not the clock of the context: it bounds how long a caller waits. */
function expiry(ms: number): Expiry {
  let timer: NodeJS.Timeout;
  const passed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { passed, cancel: () => clearTimeout(timer) };
}
