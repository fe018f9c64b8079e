/** An X500 address that a bounce names, and the organisation that could not resolve it. */
export interface DecodedImceaex {
  /** Without the `X500:` prefix. */
  readonly x500: string;
  /** What stands behind the `@`: the organisation of the sender, or `null` if it was not pasted. */
  readonly domain: string | null;
}

const WHOLE = /IMCEAEX-([^@<>"']{3,4000})@([A-Za-z0-9.-]+)/i;
const LOCAL = /IMCEAEX-([^\s@<>"']{3,4000})/i;

/**
 * Decodes the address that Exchange makes of an X500 address when it bounces, found anywhere in a pasted text: `_` is `/`, `+20` a byte in
 * hex (learn.microsoft.com, "IMCEAEX non-delivery report when you send email messages to an internal user"). Line breaks of the bounce are
 * taken out; a `+` that a URL turned into a blank is understood. Null if there is none.
 */
export function decodeImceaex(text: string): DecodedImceaex | null {
  const whole = WHOLE.exec(text);
  const local = whole?.[1] ?? LOCAL.exec(text)?.[1];
  if (local === undefined) return null;
  const encoded = local
    .replace(/=?\r?\n\s*/g, '')
    .replace(/ (?=[0-9A-F]{2})/gi, '+')
    .replace(/\s+/g, '');
  const bytes: number[] = [];
  for (const [piece, hex] of encoded.matchAll(/\+([0-9A-F]{2})|[\s\S]/gi)) {
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16));
    else bytes.push(...new TextEncoder().encode(piece === '_' ? '/' : piece));
  }
  return { x500: textOf(Uint8Array.from(bytes)), domain: whole?.[2]?.toLowerCase() ?? null };
}

/** UTF-8 where it is that, else Latin-1, which older servers wrote. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('latin1').decode(bytes);
  }
}

/** An X500 address as people write it (`X500:/o=…` or `/o=…`), without its prefix; null if it is none. */
export function parseX500(text: string): string | null {
  const bare = text
    .trim()
    .replace(/^x500:/i, '')
    .trim();
  return /^\/o=/i.test(bare) ? bare : null;
}
