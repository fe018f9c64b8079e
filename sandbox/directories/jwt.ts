import { constants, createPublicKey, sign, verify } from 'node:crypto';

/** A JWT taken apart; nothing of it is trusted yet. */
export interface Jwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly input: string;
  readonly signature: Buffer;
}

export function readJwt(text: string): Jwt | null {
  const [head, body, signature] = text.split('.');
  if (!head || !body || !signature) return null;
  try {
    const part = (one: string): Record<string, unknown> => JSON.parse(Buffer.from(one, 'base64url').toString()) as Record<string, unknown>;
    return { header: part(head), claims: part(body), input: `${head}.${body}`, signature: Buffer.from(signature, 'base64url') };
  } catch {
    return null;
  }
}

/** True if the key signed it, with RS256 or PS256 as its header says. @param key a public key or certificate in PEM */
export function signedBy(jwt: Jwt, key: string): boolean {
  const publicKey = createPublicKey(key);
  const padding =
    jwt.header['alg'] === 'PS256'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { padding: constants.RSA_PKCS1_PADDING };
  return (
    ['RS256', 'PS256'].includes(String(jwt.header['alg'])) &&
    verify('sha256', Buffer.from(jwt.input), { key: publicKey, ...padding }, jwt.signature)
  );
}

export function makeJwt(header: object, claims: object, privateKey: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'RS256', typ: 'JWT', ...header })}.${part(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}
