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

/** A text as a literal of OData: single quotes are doubled. */
export function odata(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * `$filter` for who has an address. The primary one stands with `SMTP:` before it, the others with `smtp:`, and whether the one finds the other
 * no page of Microsoft's says: both are asked for. https://learn.microsoft.com/graph/filter-query-parameter
 */
export function addressFilter(address: string): string {
  const proxies = ['smtp', 'SMTP'].map((prefix) => `proxyAddresses/any(p:p eq ${odata(`${prefix}:${address}`)})`);
  return [`mail eq ${odata(address)}`, ...proxies].join(' or ');
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
