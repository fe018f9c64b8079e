import { constants, createPrivateKey, generateKeyPairSync, verify, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../../../sandbox/directories/selfSigned.ts';
import { FailureError } from '../../model/failure.ts';
import { checkValidity, readCertificate, signAssertion } from './certificate.ts';

const NOW = Date.parse('2026-11-26T03:00:00Z');
const own = selfSigned('galsync', new Date(NOW - 86_400_000), new Date(NOW + 86_400_000 * 90));
const other = selfSigned('somebody else', new Date(NOW - 86_400_000), new Date(NOW + 86_400_000));
const whole = own.certificate + own.privateKey;
const WHO = 'Connector "contoso": the setting CONTOSO_PEM';
const thumbprint = Buffer.from(new X509Certificate(own.certificate).fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');

function why(text: string): FailureError['failure'] {
  try {
    readCertificate(text, WHO);
  } catch (error) {
    expect(error).toBeInstanceOf(FailureError);
    return (error as FailureError).failure;
  }
  throw new Error('it was taken');
}

describe('a certificate in a setting', () => {
  const pkcs1 = createPrivateKey(own.privateKey).export({ type: 'pkcs1', format: 'pem' }) as string;
  it.each([
    ['as exported', whole],
    ['key first', own.privateKey + own.certificate],
    ['with a chain', other.certificate + own.certificate + other.certificate + own.privateKey],
    ['with a PKCS#1 key', own.certificate + pkcs1],
    ['with \\n written out', whole.replaceAll('\n', '\\n')],
    ['with \\r\\n written out', whole.replaceAll('\n', '\\r\\n')],
    ['with Windows line ends', whole.replaceAll('\n', '\r\n')],
    ['with blanks for line ends', whole.replaceAll('\n', ' ')],
    ['in one line', whole.replaceAll('\n', '')],
    ['in base64 once more', Buffer.from(whole).toString('base64')],
    ['with attributes between, as openssl pkcs12 writes them', `Bag Attributes\n    localKeyID: 01\nsubject=CN = x\n${whole}`],
  ])('is read %s', (_, text) => {
    const certificate = readCertificate(text, WHO);
    expect(certificate).toMatchObject({ thumbprint, subject: 'CN=galsync', validTo: NOW + 86_400_000 * 90 });
    expect(certificate.shownThumbprint).toMatch(/^[0-9A-F]{40}$/);
  });

  it.each([
    ['no private key', own.certificate, /holds no private key/],
    ['no certificate', own.privateKey, /holds no certificate/],
    ["another certificate's key", other.certificate + own.privateKey, /does not belong to its certificate \(CN=somebody else\)/],
    ['cut in the key', whole.replace(/[A-Za-z0-9+/]{64}\n[A-Za-z0-9+/]{64}\n(?=.*END PRIVATE)/s, ''), /cannot be read|no private key/],
    ['a PFX', Buffer.from([0x30, 0x82, 9, 9, 1, 2, 3]).toString('base64'), /PKCS#12/],
    ['anything else', 'hello', /no PEM/],
    ['nothing', '', /no PEM/],
  ])('%s is said so', (_, text, words) => {
    const failure = why(text);
    expect(failure).toMatchObject({ code: 'authentication', message: expect.stringMatching(words) });
    expect(failure.message).toContain('CONTOSO_PEM');
    expect(JSON.stringify(failure)).not.toContain(own.privateKey.slice(60, 100));
  });

  it('an encrypted key is said so, with the way out', () => {
    const encrypted = createPrivateKey(own.privateKey).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    }) as string;
    const old = createPrivateKey(own.privateKey).export({ type: 'pkcs1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }) as string;
    for (const key of [encrypted, old])
      expect(why(own.certificate + key)).toMatchObject({
        message: expect.stringContaining('encrypted'),
        nextStep: expect.stringContaining('openssl pkey'),
      });
  });

  it('a key that is not RSA is said so', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(why(own.certificate + privateKey.export({ type: 'pkcs8', format: 'pem' }))).toMatchObject({
      message: expect.stringContaining('no RSA key'),
    });
  });

  it('an expired one and one of tomorrow are said so', () => {
    const certificate = readCertificate(whole, WHO);
    expect(() => checkValidity(certificate, WHO, NOW)).not.toThrow();
    expect(() => checkValidity(certificate, WHO, NOW + 86_400_000 * 91)).toThrow(/CN=galsync, which expired on 2027-02-24/);
    expect(() => checkValidity(certificate, WHO, NOW - 86_400_000 * 2)).toThrow(/valid from 2026-11-25/);
  });
});

describe('the client assertion', () => {
  it('is bound to the endpoint and the application, short, signed with PS256 by the key of the named certificate', () => {
    const [head, body, signature] = signAssertion(
      readCertificate(whole, WHO),
      'app-1',
      'https://login.example/t/oauth2/v2.0/token',
      NOW,
    ).split('.');
    const part = (text: string | undefined): Record<string, unknown> =>
      JSON.parse(Buffer.from(text ?? '', 'base64url').toString()) as Record<string, unknown>;
    expect(part(head)).toEqual({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint });
    expect(part(body)).toMatchObject({
      aud: 'https://login.example/t/oauth2/v2.0/token',
      iss: 'app-1',
      sub: 'app-1',
      nbf: NOW / 1000 - 60,
      exp: NOW / 1000 + 300,
    });
    expect(part(body)['jti']).toMatch(/^[0-9a-f-]{36}$/);
    const key = { key: own.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    expect(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature ?? '', 'base64url'))).toBe(true);
  });
});
