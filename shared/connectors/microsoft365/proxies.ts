/** Addresses of one object by what they are, each without prefix. */
export interface Proxies {
  /** The primary one first. */
  readonly smtp: readonly string[];
  readonly x500: readonly string[];
  readonly sip: readonly string[];
}

/**
 * Splits `SMTP:`/`smtp:`/`X500:`/`SIP:` values; `SMTP:` in capitals is the primary one. A value without prefix counts as `smtp:`.
 * @param values as the directory gives them: a list, one text, or nothing
 */
export function splitProxies(values: unknown): Proxies {
  const smtp: string[] = [];
  const x500: string[] = [];
  const sip: string[] = [];
  for (const value of listOf(values)) {
    const [, prefix = '', rest = ''] = /^(?:([A-Za-z0-9]+):)?(.*)$/s.exec(value) ?? [];
    const kind = prefix.toLowerCase();
    const address = rest.trim();
    if (address === '') continue;
    if (kind === 'x500') x500.push(address);
    else if (kind === 'sip') sip.push(address);
    else if (prefix === 'SMTP') smtp.unshift(address);
    else if (kind === 'smtp' || kind === '') smtp.push(address);
  }
  return { smtp: distinct(smtp), x500: distinct(x500), sip: distinct(sip) };
}

/** What comes after `SMTP:` in an Exchange address property. */
export function withoutPrefix(value: unknown): string {
  return typeof value === 'string' ? value.replace(/^smtp:/i, '').trim() : '';
}

/** Good enough to be an address: one `@`, text on both sides, no blanks. */
export function isAddress(text: string): boolean {
  return /^[^\s@<>]+@[^\s@<>]+$/.test(text);
}

/** A value of any shape as a list of texts, empty ones left out. */
export function listOf(value: unknown): readonly string[] {
  const all = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value];
  return all
    .map((one) => (typeof one === 'string' ? one.trim() : typeof one === 'number' || typeof one === 'boolean' ? String(one) : ''))
    .filter((text) => text !== '');
}

function distinct(values: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = value.toLowerCase();
    return !seen.has(key) && seen.add(key);
  });
}
