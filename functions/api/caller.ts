import type { HttpRequest } from '@azure/functions';
import { z } from 'zod';
import type { Settings } from '../settings.ts';

export const ROLES = ['Reader', 'Operator', 'Approver', 'Agent'] as const;
export type Role = (typeof ROLES)[number];

export interface Caller {
  readonly name: string;
  readonly roles: readonly Role[];
}

const Principal = z.object({ claims: z.array(z.object({ typ: z.string(), val: z.string() })).default([]) });
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;
const NAME_CLAIMS = ['name', 'preferred_username', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress', 'appid', 'azp'];
const ROLE_CLAIMS = ['roles', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'];

/**
 * Who calls: from App Service authentication's `x-ms-client-principal` (believed only where that authentication is on), or, on a
 * developer's machine with GALSYNC_LOCAL_OPERATOR=1, anybody on the loopback address with a loopback `Host`. Null: nobody.
 */
export function callerOf(request: HttpRequest, settings: Settings): Caller | null {
  if (settings.localOperator) {
    const host = request.headers.get('host') ?? new URL(request.url).host;
    const loopback = LOOPBACK.test(host) && !request.headers.get('x-forwarded-for');
    return loopback ? { name: 'local operator', roles: ['Reader', 'Operator', 'Approver'] } : null;
  }
  const header = request.headers.get('x-ms-client-principal');
  if (!settings.platformAuthentication || !header) return null;
  try {
    const { claims } = Principal.parse(JSON.parse(Buffer.from(header, 'base64').toString('utf8')));
    const name = NAME_CLAIMS.map((typ) => claims.find((claim) => claim.typ === typ)?.val).find(Boolean) ?? 'unknown';
    const given = new Set(claims.filter((claim) => ROLE_CLAIMS.includes(claim.typ)).map((claim) => claim.val));
    return { name, roles: withImplied(ROLES.filter((role) => given.has(role))) };
  } catch {
    return null;
  }
}

/** Who may operate or approve may also read. */
function withImplied(roles: readonly Role[]): readonly Role[] {
  return roles.some((role) => role === 'Operator' || role === 'Approver') && !roles.includes('Reader') ? ['Reader', ...roles] : roles;
}
