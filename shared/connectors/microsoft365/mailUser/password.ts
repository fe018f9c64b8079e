import { constants, createPublicKey, publicEncrypt, randomInt } from 'node:crypto';

/** The public key with which Exchange's REST wants SecureString parameters: RSA, modulus and exponent in base64. */
export interface PasswordKey {
  readonly modulus: string;
  readonly exponent: string;
}

/** Shipped in Microsoft's module ExchangeOnlineManagement. Microsoft rotates it; the one before is accepted too. */
export const EXCHANGE_KEY: PasswordKey = {
  modulus:
    'm9YhvUy8aFpjtNTG+8pe50ElKYVI8/bA9hSPuLoXcu370hFOnawFqedEYw4snei8gWq/mdKtjVLKJKP2YeHRPHWWOSviFWrOlE3TDF1+5Kuedeqv6CtxSlo5Z+x32am11y1n9uJhwxWYmNTZ0V9AfxUjR+DxtzCJZVwO5mXC1oReldiJ/Uddym3XEW/YX441/sXvlw6SGJq/08glZy0opsl6oCyKfXVVOOUo08po47CH1B1oVlX52xu7EfRhUfu21uBsFU4R+HSAUl+amAGZLavJ9kwVj4WY3q0M82tdY7QnOeNx5dVWpDcqxnBUKAC3P9aB6nklCKfrcqrGNutcjQ==',
  exponent: 'AQAB',
};

const SETS = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '#%*+-=?_~'] as const;
const LENGTH = 48;

/**
 * A password that nobody knows, as a SecureString parameter: made here, encrypted in the same breath and kept nowhere. 48 characters of four
 * sets, within Entra's bounds (256, three of four sets). learn.microsoft.com entra/identity/authentication/concept-sspr-policy
 */
export function unknownPassword(key: PasswordKey): string {
  const all = SETS.join('');
  const characters = [...SETS, ...Array.from({ length: LENGTH - SETS.length }, () => all)].map((set) => set[randomInt(set.length)]!);
  for (let n = characters.length - 1; n > 0; n -= 1) {
    const other = randomInt(n + 1);
    [characters[n], characters[other]] = [characters[other]!, characters[n]!];
  }
  const url = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  const publicKey = createPublicKey({ key: { kty: 'RSA', n: url(key.modulus), e: url(key.exponent) }, format: 'jwk' });
  return publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(characters.join(''), 'utf8')).toString(
    'base64',
  );
}
