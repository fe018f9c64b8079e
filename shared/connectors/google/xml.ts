import { XMLBuilder, XMLParser } from 'fast-xml-parser';

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
  processEntities: true,
  htmlEntities: false,
});
const builder = new XMLBuilder({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  suppressEmptyNode: true,
  processEntities: true,
});

type Ordered = Record<string, unknown>;

/** Parses a document; null if it is no XML (HTML error pages, plain text, a cut answer). */
export function parseXml(text: string): Element | null {
  try {
    const roots = (parser.parse(text, true) as Ordered[]).map(elementOf).filter((one) => one !== null && !one.name.startsWith('?'));
    return roots[0] ?? null;
  } catch {
    return null;
  }
}

function elementOf(node: Ordered): Element | null {
  const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text');
  if (name === undefined) return null;
  const inner = (node[name] as Ordered[]) ?? [];
  const text = inner.map((child) => ('#text' in child ? String(child['#text']) : '')).join('');
  return {
    name,
    attributes: (node[':@'] as Record<string, string> | undefined) ?? {},
    children: inner.map(elementOf).filter((one) => one !== null),
    text,
  };
}

/** Serialises an element; control characters that XML 1.0 forbids are taken out. */
export function buildXml(root: Element): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${builder.build([orderedOf(root)]) as string}`;
}

function orderedOf(element: Element): Ordered {
  const inner: Ordered[] = element.children.map(orderedOf);
  if (element.text !== '') inner.unshift({ '#text': clean(element.text) });
  const attributes = Object.fromEntries(Object.entries(element.attributes).map(([name, value]) => [name, clean(value)]));
  return { [element.name]: inner, ...(Object.keys(attributes).length > 0 ? { ':@': attributes } : {}) };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the characters that XML 1.0 has no way to write
const ILLEGAL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;

function clean(text: string): string {
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
