import { ExplanationAnswer } from '../../functions/api/answers.ts';
import { explainRoute } from '../../shared/sync/explain.ts';
import type { Explanation } from '../../shared/sync/explanation.ts';
import type { SyncWorld } from './world.ts';

type Asked = { address?: string; object?: string; route?: string };

/** Explains, and holds the answer against its published schema. */
export async function explain(world: SyncWorld, asked: Asked): Promise<Explanation> {
  const told = await explainRoute(world.context, { route: 'a-to-b', ...asked });
  ExplanationAnswer.parse(JSON.parse(JSON.stringify(told)));
  return told;
}

/** One step of it, by name. */
export function step(told: Explanation, name: string): Explanation['steps'][number] {
  const found = told.steps.find((one) => one.step === name);
  if (!found) throw new Error(`no step "${name}" in ${told.steps.map((one) => one.step).join(' ')}`);
  return found;
}
