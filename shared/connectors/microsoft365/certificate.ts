import { constants, createPrivateKey, type KeyObject, randomUUID, sign, X509Certificate } from 'node:crypto';
import { signingInput } from '../../http/jwt.ts';
import { FailureError } from '../../model/failure.ts';

/** Microsoft advises 5 to 10 minutes at most; clocks may differ by one. */
const LIFE_SECONDS = 300;
const BACK_SECONDS = 60;

/** A certificate with its own private key, as the setting holds them. */
export interface Certificate {
  readonly key: KeyObject;
  /** SHA-256 over the DER form, base64url: what `x5t#S256` holds. */
  readonly thumbprint: string;
  /** SHA-1 in hex: what the portal shows. */
  readonly shownThumbprint: string;
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly validFrom: number;
  readonly validTo: number;
}

/**
 * Reads a setting with a certificate and its private key in PEM: PKCS#8 or PKCS#1, not encrypted, RSA of 2,048 bits or more, in any order,
 * with or without the chain (the certificate that belongs to the key is taken). Line breaks may be real, written `\n`, or turned into
 * blanks by a command line; the whole may be base64 once more. Throws `authentication`, never with a part of the text.
 * @param who connector and setting, for the message
 */
export function readCertificate(text: string, who: string): Certificate {
  const blocks = pemBlocks(text, who);
  const keys = blocks.filter((block) => block.label.endsWith('PRIVATE KEY'));
  const certificates = blocks.filter((block) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(block.label));
  if (keys.length === 0)
    throw unusable(who, 'holds no private key', 'Store certificate and private key together, one PEM after the other.');
  if (certificates.length === 0) throw unusable(who, 'holds no certificate', 'Store certificate and private key together in PEM.');
  if (keys.some((block) => block.label.startsWith('ENCRYPTED') || block.encrypted))
    throw unusable(
      who,
      'holds an encrypted private key',
      'Store it without a passphrase (openssl pkey -in key.pem -out plain.pem): the setting itself is the protected place.',
    );
  const key = privateKey(keys[0]!.pem, who);
  const parsed = certificates.map((block) => x509(block.pem, who));
  const own = parsed.find((certificate) => certificate.checkPrivateKey(key));
  if (!own)
    throw unusable(
      who,
      `holds a private key that does not belong to its certificate (${parsed.map((one) => oneLine(one.subject)).join(' · ')})`,
      'Export certificate and key together again, and store both.',
    );
  return {
    key,
    thumbprint: Buffer.from(own.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    shownThumbprint: own.fingerprint.replaceAll(':', ''),
    subject: oneLine(own.subject),
    validFrom: Date.parse(own.validFrom),
    validTo: Date.parse(own.validTo),
  };
}

/** Throws `authentication` for a certificate that is not valid at that time: said before any call is made. */
export function checkValidity(certificate: Certificate, who: string, now: number): void {
  const day = (time: number): string => new Date(time).toISOString();
  if (now > certificate.validTo)
    throw unusable(
      who,
      `holds the certificate ${certificate.subject}, which expired on ${day(certificate.validTo)}`,
      'Make a new one, add it to the application registration, and store it with its key.',
    );
  if (now < certificate.validFrom)
    throw unusable(
      who,
      `holds the certificate ${certificate.subject}, which is valid from ${day(certificate.validFrom)} only`,
      'Check the clock of this host, or wait.',
    );
}

/**
 * The client assertion: signed with PS256, bound to one token endpoint by `aud`, good for minutes.
 * https://learn.microsoft.com/entra/identity-platform/certificate-credentials
 * @param now epoch milliseconds
 */
export function signAssertion(certificate: Certificate, clientId: string, audience: string, now: number): string {
  const at = Math.floor(now / 1000) - BACK_SECONDS;
  const input = signingInput(
    { alg: 'PS256', typ: 'JWT', 'x5t#S256': certificate.thumbprint },
    { aud: audience, iss: clientId, sub: clientId, jti: randomUUID(), iat: at, nbf: at, exp: at + BACK_SECONDS + LIFE_SECONDS },
  );
  const signature = sign('sha256', Buffer.from(input), {
    key: certificate.key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  });
  return `${input}.${signature.toString('base64url')}`;
}

interface Block {
  readonly label: string;
  readonly pem: string;
  readonly encrypted: boolean;
}

function pemBlocks(text: string, who: string): readonly Block[] {
  const pem = text.includes('-----BEGIN ') ? text : Buffer.from(text.trim(), 'base64').toString('latin1');
  if (!pem.includes('-----BEGIN ')) {
    const pfx = pem.startsWith('\x30\x82') || pem.startsWith('\x30\x80');
    throw unusable(
      who,
      pfx ? 'holds a PKCS#12 file (PFX), not PEM' : 'holds no PEM text',
      'Store certificate and private key in PEM (from a PFX: openssl pkcs12 -in file.pfx -nodes).',
    );
  }
  const lines = pem.replace(/\\r/g, '').replace(/\\n/g, '\n');
  return [...lines.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----/gs)].map((match) => {
    const [, label, inner] = match;
    const body = inner!.replace(/^\s*[A-Za-z0-9-]+:[^\n]*$/gm, '').replace(/\s+/g, '');
    const wrapped = (body.match(/.{1,64}/g) ?? []).join('\n');
    return { label: label!, pem: `-----BEGIN ${label}-----\n${wrapped}\n-----END ${label}-----\n`, encrypted: /ENCRYPTED/.test(inner!) };
  });
}

function privateKey(pem: string, who: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw unusable(who, 'holds a private key that cannot be read', 'Store it as exported, whole, in PEM (PKCS#8 or PKCS#1).');
  }
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
    throw unusable(who, 'holds a key that is no RSA key of 2,048 bits or more', 'Make an RSA certificate: Microsoft Entra takes no other.');
  return key;
}

function x509(pem: string, who: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw unusable(who, 'holds a certificate that cannot be read', 'Store it as exported, whole, in PEM.');
  }
}

function oneLine(name: string): string {
  return name.replace(/\s*\n\s*/g, ', ').slice(0, 120);
}

function unusable(who: string, what: string, nextStep: string): FailureError {
  return new FailureError({ code: 'authentication', message: `${who} ${what}.`, nextStep });
}
