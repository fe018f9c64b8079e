import { z } from 'zod';
import { FailureError } from '../../../model/failure.ts';
import { type Graph, graphFailure, parseJson } from '../graph.ts';
import { PERMISSIONS } from '../permissions.ts';

const Organization = z.object({
  value: z.array(z.object({ verifiedDomains: z.array(z.object({ name: z.string(), isInitial: z.boolean().nullish() })) })),
});

/** The tenant's first domain (`….onmicrosoft.com`), which it always has; asked for once. learn.microsoft.com graph/api/organization-get */
export function initialDomainOf(graph: Graph): () => Promise<string> {
  let known: Promise<string> | null = null;
  return () => {
    known ??= ask(graph);
    known.catch(() => {
      known = null;
    });
    return known;
  };
}

async function ask(graph: Graph): Promise<string> {
  const what = 'GET /organization';
  const answer = await graph.get({ path: '/organization', query: { $select: 'verifiedDomains' } });
  if (answer.status !== 200) throw graphFailure(answer, what, PERMISSIONS.initialDomain.permission);
  const parsed = Organization.safeParse(parseJson(answer, what));
  const domain = parsed.data?.value.flatMap((one) => one.verifiedDomains).find((one) => one.isInitial)?.name;
  if (domain) return domain;
  throw new FailureError({
    code: 'badAnswer',
    message: 'Microsoft Graph told no initial domain of the tenant: mail users cannot be given a sign-in name.',
    nextStep: 'Write a verified domain instead of <initial domain> in push.mailUser.userPrincipalName of the route.',
  });
}
