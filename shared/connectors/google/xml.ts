import { XMLParser } from 'fast-xml-parser';

/** An element of the feed by local names: prefixes differ between answers, namespaces are matched by what stands before the colon. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  readonly text: string;
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  trimValues: false,
  parseTagValue: false,
  parseAttributeValue: false,
  // Resolved below: the library leaves numeric entities as they are and follows those that a DOCTYPE declares.
  processEntities: false,
  cdataPropName: '#cdata',
});
type Ordered = Record<string, unknown>;

/** Parses a document; null if it is no XML (HTML error pages, plain text, a cut answer) or declares entities of its own. */
export function parseXml(text: string): Element | null {
  const root = /<[^!?]/.exec(text);
  if (!root || /<!DOCTYPE/i.test(text.slice(0, root.index))) return null;
  try {
    const roots = (parser.parse(text, true) as Ordered[]).map(elementOf).filter((one) => one !== null && !one.name.startsWith('?'));
    return roots.length === 1 ? roots[0]! : null;
  } catch {
    return null;
  }
}

function elementOf(node: Ordered): Element | null {
  const name = Object.keys(node).find((key) => key !== ':@' && !key.startsWith('#'));
  if (name === undefined) return null;
  const inner = (node[name] as Ordered[]) ?? [];
  const attributes = Object.entries((node[':@'] as Record<string, string> | undefined) ?? {});
  return {
    name,
    // A literal line break in an attribute is a space (XML 1.0 §3.3.3); an escaped one is kept.
    attributes: Object.fromEntries(attributes.map(([key, value]) => [key, resolved(value.replace(/[\t\n\r]/g, ' '))])),
    children: inner.map(elementOf).filter((one) => one !== null),
    text: inner.map(textOf).join(''),
  };
}

function textOf(node: Ordered): string {
  if ('#text' in node) return resolved(String(node['#text']).replace(/\r\n?/g, '\n'));
  return '#cdata' in node ? (node['#cdata'] as Ordered[]).map((part) => String(part['#text'] ?? '')).join('') : '';
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function resolved(text: string): string {
  return text.replace(/&(?:#[xX]([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));/g, (whole, hex?: string, decimal?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD';
  });
}

/** Serialises an element; characters that XML 1.0 cannot hold are taken out, lines in attributes are escaped. */
export function buildXml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${written(root)}`;
}

function written(one: Element): string {
  const attributes = Object.entries(one.attributes)
    .map(([name, value]) => ` ${name}="${escaped(value).replace(/[\t\n\r]/g, (line) => `&#${line.charCodeAt(0)};`)}"`)
    .join('');
  const inner = `${escaped(one.text).replaceAll('\r', '&#13;')}${one.children.map(written).join('')}`;
  return inner === '' ? `<${one.name}${attributes}/>` : `<${one.name}${attributes}>${inner}</${one.name}>`;
}

function escaped(text: string): string {
  return legal(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the characters that XML 1.0 has no way to write
const ILLEGAL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

/** The text without what XML 1.0 cannot hold. */
export function legal(text: string): string {
  return text.toWellFormed().replace(ILLEGAL, '');
}

export function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => local(child.name) === name);
}

export function childOf(element: Element, name: string): Element | null {
  return childrenOf(element, name)[0] ?? null;
}

export function textAt(element: Element | null, name: string): string | undefined {
  const text = element ? childOf(element, name)?.text.trim() : undefined;
  return text ? text : undefined;
}

export function element(name: string, attributes: Record<string, string> = {}, children: readonly Element[] = [], text = ''): Element {
  return { name, attributes, children, text };
}
