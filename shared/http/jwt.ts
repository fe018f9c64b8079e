/**
 * The claims of a JWT that came from its issuer over a connection of ours; the signature is not looked at. Null for opaque tokens.
 * Only for showing and comparing, never for trusting somebody.
 */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | null {
  const part = token.split('.')[1];
  if (!part) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Header, claims and what is to be signed of a new JWT (RFC 7515 §3.1). */
export function signingInput(header: object, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}`;
}

/** The JSON in a text, or null for anything else (pages of proxies, cut answers). */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
