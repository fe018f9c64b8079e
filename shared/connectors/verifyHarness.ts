import { failureOf } from '../model/failure.ts';
import type { Check, Probe } from './verification.ts';

/** Runs probes one after the other as `verify` does, for the tests of the rooms: what is thrown is a failed check. */
export async function runProbes(probes: readonly Probe[]): Promise<Readonly<Record<string, Check>>> {
  const checks: Record<string, Check> = {};
  for (const { name, after, run } of probes) {
    const names = probes.map((probe) => probe.name);
    if (after.some((before) => names.includes(before) && (checks[before]?.result ?? 'fail') === 'fail')) continue;
    const finding = await run().catch((error: unknown) => {
      const { message, nextStep } = failureOf(error);
      return { result: 'fail' as const, detail: message, fix: nextStep };
    });
    checks[name] = { name, ...finding };
  }
  return checks;
}
