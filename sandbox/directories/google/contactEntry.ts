import { XMLBuilder, XMLParser } from 'fast-xml-parser';

type Node = Record<string, unknown>;
const XML = { preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '' } as const;
const parser = new XMLParser({ ...XML, trimValues: false, parseTagValue: false });
const builder = new XMLBuilder({ ...XML, suppressEmptyNode: true });

const KIND = 'http://schemas.google.com/g/2005#kind';
const CONTACT = 'http://schemas.google.com/contact/2008#contact';
/** What the service understands (shared contacts, elements; the Contact kind); anything else vanishes without a word. */
const KNOWN = new Set([
  ...['category', 'content', 'gd:name', 'gd:email', 'gd:phoneNumber', 'gd:im', 'gd:structuredPostalAddress', 'gd:organization', 'gd:where'],
  'gd:extendedProperty',
  ...'billingInformation birthday calendarLink directoryServer event externalId gender hobby initials jot language maidenName mileage nickname'
    .split(' ')
    .map((name) => `gContact:${name}`),
  ...'occupation priority relation sensitivity shortName subject userDefinedField website'.split(' ').map((name) => `gContact:${name}`),
]);
const REL_OR_LABEL = new Set(['gd:email', 'gd:phoneNumber', 'gd:im', 'gd:structuredPostalAddress', 'gd:organization']);
/** Attributes that say what an element is, not what it holds. */
const NO_DATA = new Set(['rel', 'protocol', 'primary', 'scheme', 'term', 'type', 'key', 'name']);
const MOST_BYTES = 2048;
const MOST_PROPERTIES = 10;

/** What the service keeps of an entry that is sent, or why it refuses it. @param id the contact's, for an update; null: a new one */
export function keptOf(body: string, id: string | null): { readonly children: readonly Node[] } | { readonly refused: string } {
  // Not legal in XML 1.0, neither as they are nor as references.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|&#(x0*[0-8bcef]|x0*1[0-9a-f]|0*[0-8]|0*1[124-9]|0*2\d|0*3[01]);/i.test(body))
    return { refused: 'Invalid XML: illegal character' };
  let roots: Node[];
  try {
    roots = parser.parse(body, true) as Node[];
  } catch (error) {
    return { refused: `Invalid XML: ${String(error).slice(0, 100)}` };
  }
  const sent = (roots.find((node) => 'entry' in node)?.['entry'] as Node[] | undefined) ?? [];
  const named = textOf(sent.find((node) => 'id' in node));
  if (id !== null && named !== '' && named.split('/').at(-1) !== id) return { refused: 'Id does not match the entry' };
  const children = sent.filter((node) => KNOWN.has(nameOf(node)));
  const refused = refusalOf(children);
  return refused === null ? { children } : { refused };
}

function refusalOf(children: readonly Node[]): string | null {
  if (!children.some((node) => nameOf(node) === 'category' && attributesOf(node)['scheme'] === KIND)) return 'Missing category';
  for (const node of children) {
    const name = nameOf(node);
    const { rel, label, scheme, term } = attributesOf(node);
    if (name === 'category' && scheme === KIND && term !== CONTACT) return 'Invalid category';
    if (REL_OR_LABEL.has(name) && (rel === undefined) === (label === undefined))
      return `${name}: exactly one of rel and label must be given`;
    if (REL_OR_LABEL.has(name) && rel !== undefined && !rel.startsWith('http://schemas.google.com/g/2005#')) return `${name}: invalid rel`;
    const others = children.filter((one) => nameOf(one) === name && attributesOf(one)['primary'] === 'true');
    if (others.length > 1) return `${name}: only one may be primary`;
  }
  if (children.filter((node) => 'gd:extendedProperty' in node).length > MOST_PROPERTIES) return 'Too many extended properties';
  return children.reduce((sum, node) => sum + bytesOf(node), 0) > MOST_BYTES ? 'Contact data is too large' : null;
}

/** Text, and what is held in attributes (addresses, codes, places, properties), in bytes. */
function bytesOf(node: Node): number {
  const name = nameOf(node);
  if (name === '#text') return Buffer.byteLength(String(node['#text']));
  const attributes = Object.entries(attributesOf(node)).filter(([one]) => !NO_DATA.has(one));
  const inner = Array.isArray(node[name]) ? (node[name] as Node[]) : [];
  return [...attributes.map(([, value]) => Buffer.byteLength(value)), ...inner.map(bytesOf)].reduce((a, b) => a + b, 0);
}

export function xmlOf(children: readonly Node[]): string {
  return builder.build(children) as string;
}

function nameOf(node: Node): string {
  return Object.keys(node).find((key) => key !== ':@') ?? '';
}

function attributesOf(node: Node): Readonly<Record<string, string>> {
  return (node[':@'] ?? {}) as Record<string, string>;
}

function textOf(node: Node | undefined): string {
  const inner = node ? (node[nameOf(node)] as Node[]) : [];
  return String(inner.find((one) => '#text' in one)?.['#text'] ?? '');
}
