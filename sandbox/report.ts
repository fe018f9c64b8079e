import type { Job, RouteResult } from '../shared/model/job.ts';

/** What a finished job came to, for a person: per connector what was read, per route what became of whom, and why. */
export function reportJob(job: Job, url: string): readonly string[] {
  const lines = [
    '',
    `Job ${job.id} (${job.action}): ${job.state}${job.cause ? `, ${job.cause}` : ''}, ${((job.durationMs ?? 0) / 1000).toFixed(1)} s`,
  ];
  for (const connector of job.connectors) {
    const cause = connector.cause ? `: ${connector.cause}` : '';
    lines.push(
      `  read  ${connector.id}: ${connector.pulled} entries (${connector.read} received, ${connector.mode}, ${connector.calls} calls) ${connector.state}${cause}`,
    );
  }
  for (const route of job.routes) lines.push(...reportRoute(route));
  lines.push('', `Look closer:  ${url}/api/jobs/${job.id}   …/changes   …/log      all jobs: ${url}/api/jobs`);
  return lines;
}

function reportRoute(route: RouteResult): readonly string[] {
  const lines = [`  route ${route.id}: ${route.state}${route.cause ? `, ${route.cause}` : ''}`];
  lines.push(`        ${counted(route, ['pulled', 'created', 'updated', 'adopted', 'unchanged', 'skipped', 'failed', 'held'])}`);
  if (route.skipped > 0) lines.push(`        skipped because: ${listed(route.skippedBecause)}`);
  const { leavers } = route;
  if (leavers.orphaned > 0)
    lines.push(
      `        leavers: ${leavers.orphaned} = hidden ${leavers.hidden} + deleted ${leavers.deleted} + kept ${leavers.kept} + failed ${leavers.failed} + held ${leavers.held}${leavers.kept > 0 ? ` (kept because: ${listed(leavers.keptBecause)})` : ''}`,
    );
  for (const trip of route.heldBecause)
    lines.push(`        held: ${trip.breaker}${trip.kind ? ` (${trip.kind})` : ''} ${trip.value} over ${trip.limit}. ${trip.nextStep}`);
  if (Object.keys(route.losses).length > 0) lines.push(`        the target cannot hold: ${listed(route.losses)}`);
  for (const warning of route.warnings) lines.push(`        warning: ${warning}`);
  return lines;
}

function counted(route: RouteResult, names: readonly (keyof RouteResult)[]): string {
  return names.map((name) => `${name} ${route[name] as number}`).join(' · ');
}

function listed(sums: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(sums)
    .sort((a, b) => (b[1] ?? 0) - (a[1] ?? 0))
    .map(([name, n]) => `${name} ${n}`)
    .join(', ');
}
