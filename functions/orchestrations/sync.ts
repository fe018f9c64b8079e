import type { OrchestrationContext } from 'durable-functions';
import { z } from 'zod';
import type { RangeStep } from '../../shared/sync/makePlan.ts';
import type { Round } from '../../shared/sync/openJob.ts';
import type { RouteToPlan } from '../../shared/sync/routesToPlan.ts';
import type { SealedTarget } from '../../shared/sync/sealPlan.ts';
import { closeJob, openJob, releaseSources } from '../activities/job.ts';
import { makePlan, routesToPlan, sealPlan } from '../activities/plan.ts';
import { allSettled, errorText, orchestration, type Steps } from '../durable.ts';
import { copyRoute } from './copyRoute.ts';
import { pullConnector } from './pullConnector.ts';
import { pushLane } from './pushLane.ts';

const Input = z.object({ job: z.string(), round: z.number().int() });
type Input = z.infer<typeof Input>;

const RANGES_AT_ONCE = 4;

/** One job over a set of routes: the table of contents of the product (design §3). */
export const sync = orchestration('sync', Input, function* (context, input): Steps<{ ok: boolean }> {
  let failure: string | null = null;
  try {
    const round = yield* openJob.run(context, input);
    if (!round.ok) return { ok: false };
    yield* pullEachConnectorOnce(context, input, round);
    const routes = yield* routesToPlan.run(context, input);
    const failed = yield* planEachRange(context, input, routes);
    const targets = yield* sealEachTarget(context, input, round, failed);
    yield* releaseSources.run(context, input);
    yield* pushEachTarget(context, input, targets);
    yield* copyEachRoute(context, input, targets);
  } catch (error) {
    failure = `internal: ${errorText(error)}`;
  }
  yield* closeJob.run(context, { ...input, failure });
  return { ok: failure === null };
});

/** Whether a read counts stands in the job's row: routes without a complete source and target are left out of the plan. */
function* pullEachConnectorOnce(context: OrchestrationContext, input: Input, round: Round): Steps<void> {
  yield* allSettled(
    context,
    round.pulls.map((connector) => pullConnector.task(context, { ...input, connector }, `${input.job}.${input.round}.pull.${connector}`)),
  );
}

function* planEachRange(context: OrchestrationContext, input: Input, routes: readonly RouteToPlan[]): Steps<Record<string, string>> {
  const failed: Record<string, string> = {};
  const pieces = routes.flatMap((route) => route.ranges.map((range) => ({ route: route.route, range })));
  for (let n = 0; n < pieces.length; n += RANGES_AT_ONCE) {
    const some = pieces.slice(n, n + RANGES_AT_ONCE);
    const settled = yield* allSettled<RangeStep>(
      context,
      some.map((piece) => makePlan.task(context, { ...input, ...piece })),
    );
    for (const [at, result] of settled.entries()) {
      const route = some[at]!.route;
      if (!result.ok) failed[route] = `internal: ${result.error}`;
      else if (!result.value.ok) failed[route] = `${result.value.failure.code}: ${result.value.failure.message}`.slice(0, 500);
    }
  }
  return failed;
}

function* sealEachTarget(
  context: OrchestrationContext,
  input: Input,
  round: Round,
  failed: Record<string, string>,
): Steps<readonly SealedTarget[]> {
  const sealed: SealedTarget[] = [];
  for (const target of round.targets)
    sealed.push(yield* sealPlan.run(context, { ...input, target: target.connector, routes: [...target.routes], failed }));
  return sealed;
}

function* pushEachTarget(context: OrchestrationContext, input: Input, targets: readonly SealedTarget[]): Steps<void> {
  const tasks = targets.flatMap((target) =>
    target.lanes.map((lane) => {
      const instance = `${input.job}.${input.round}.push.${target.target}.${lane}`;
      const start = { sequence: 0, done: 0, refusals: 0, stop: null, deferredUntil: null, waitedMs: 0, lastWaveEnds: 0 };
      return pushLane.task(context, { ...input, target: target.target, lane, instance, routes: [...target.routes], ...start }, instance);
    }),
  );
  for (const result of yield* allSettled(context, tasks)) if (!result.ok) throw new Error(result.error);
}

/**
 * Routes whose objects people see as copies in their mailboxes: brought in step with the link rows, once these are. The routes of one
 * target run one after the other, because they may serve the same mailboxes, and a mailbox bears four calls at a time.
 */
function* copyEachRoute(context: OrchestrationContext, input: Input, targets: readonly SealedTarget[]): Steps<void> {
  const turns = Math.max(0, ...targets.map((target) => target.copies.length));
  for (let n = 0; n < turns; n += 1) {
    const routes = targets.flatMap((target) => target.copies.slice(n, n + 1));
    const tasks = routes.map((route) => {
      const instance = `${input.job}.${input.round}.copies.${route}`;
      return copyRoute.task(context, { ...input, route, instance, late: false }, instance);
    });
    for (const result of yield* allSettled(context, tasks)) if (!result.ok) throw new Error(result.error);
  }
}
