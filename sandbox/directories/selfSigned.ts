import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate that nobody issued, with its key, both PEM: what an administrator would upload to an application registration. */
export interface SelfSigned {
  readonly certificate: string;
  readonly privateKey: string;
  readonly publicKey: string;
}

const SHA256_WITH_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
const COMMON_NAME = [0x55, 0x04, 0x03];

/** An X.509 v3 certificate (RFC 5280 §4.1) over a new RSA key; Node makes keys, but no certificates. */
export function selfSigned(name: string, from: Date, to: Date): SelfSigned {
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
  const algorithm = der(0x30, der(0x06, Buffer.from(SHA256_WITH_RSA)), der(0x05));
  const subject = der(0x30, der(0x31, der(0x30, der(0x06, Buffer.from(COMMON_NAME)), der(0x0c, Buffer.from(name)))));
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)]);
  const toBeSigned = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    subject,
    der(0x30, time(from), time(to)),
    subject,
    spki,
  );
  const signature = sign('sha256', toBeSigned, keys.privateKey);
  const whole = der(0x30, toBeSigned, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: keys.publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
}

/** Tag, length, contents (X.690 §8.1). */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const inner = Buffer.concat(contents);
  if (inner.length < 0x80) return Buffer.concat([Buffer.from([tag, inner.length]), inner]);
  const bytes = inner.length < 0x100 ? [inner.length] : [inner.length >> 8, inner.length & 0xff];
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), inner]);
}

/** GeneralizedTime, whole seconds. */
function time(at: Date): Buffer {
  return der(0x18, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
}
