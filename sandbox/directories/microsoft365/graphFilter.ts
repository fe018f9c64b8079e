import { type Call, json, type Reply } from '../server.ts';
import { COLLECTIONS, FILTERED_BY_DEFAULT, FILTERED_IF_ADVANCED, type GraphType, NAMES } from './graphProperties.ts';

export type Values = Readonly<Record<string, unknown>>;
type Test = (values: Values) => boolean;

/** Tests that one `$filter` may join by `or`. */
const MOST_ORS = 15;

/** A `$filter` that the service refuses. */
class Refused extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * `$filter` of a call as a test, or the refusal: what an address book asks for (`eq`, `ne`, `startsWith`, `endsWith`, `any`, joined by `or` and
 * `and`), with the properties that take it, some of them in advanced queries only.
 */
export function filterOf(call: Call, type: GraphType): Test | Reply {
  const text = call.url.searchParams.get('$filter');
  if (text === null || text === '') return () => true;
  try {
    return compile(text, { type, advanced: isAdvanced(call) });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return json(400, { error: { code: error.code, message: error.message } });
  }
}

/** The header and `$count=true`: both, or the query is a plain one. */
export function isAdvanced(call: Call): boolean {
  return String(call.headers['consistencylevel']).toLowerCase() === 'eventual' && call.url.searchParams.get('$count') === 'true';
}

interface Asked {
  readonly type: GraphType;
  readonly advanced: boolean;
}

function compile(text: string, asked: Asked): Test {
  const ors = split(text, ' or ');
  if (ors.length > MOST_ORS)
    throw new Refused(
      'Request_UnsupportedQuery',
      `Too many child clauses specified in search filter expression containing 'OR' operators: ${ors.length}. Max allowed: ${MOST_ORS}.`,
    );
  const tests = ors.map((part) => split(part, ' and ').map((clause) => compileClause(clause.trim(), asked)));
  return (values) => tests.some((ands) => ands.every((test) => test(values)));
}

function compileClause(clause: string, asked: Asked): Test {
  const [, collection, name, inner] = /^(\w+)\/any\s*\((\w+):(.*)\)$/s.exec(clause) ?? [];
  if (collection) {
    check(collection, true, asked);
    const tests = split(inner!, ' or ').map((part) => comparison(part.trim(), name!, asked));
    return (values) => listed(values[collection]).some((value) => tests.some((test) => test(value, collection)));
  }
  const [, property] = /^(?:(?:startswith|endswith)\()?\s*([\w/]+)/i.exec(clause) ?? [];
  if (!property) throw new Refused('BadRequest', `Invalid filter clause: '${clause}'.`);
  const [outer, rest] = property.split('/') as [string, string?];
  check(outer, false, asked);
  const test = comparison(clause, property, asked);
  return (values) => test(rest === undefined ? values[outer] : (values[outer] as Values | null)?.[rest], outer);
}

/** Throws what the service answers about a property that cannot be filtered so. */
function check(property: string, any: boolean, { type, advanced }: Asked): void {
  const invalid = (): never => {
    throw new Refused(
      'Request_UnsupportedQuery',
      `Unsupported or invalid query filter clause specified for property '${property}' of resource '${type === 'group' ? 'Group' : 'User'}'.`,
    );
  };
  if (!NAMES[type].has(property))
    throw new Refused(
      'BadRequest',
      `Invalid filter clause: Could not find a property named '${property}' on type 'microsoft.graph.${type}'.`,
    );
  if (any !== COLLECTIONS.has(property)) invalid();
  if (!FILTERED_BY_DEFAULT.has(property) && !(advanced && FILTERED_IF_ADVANCED.has(property))) invalid();
}

function comparison(text: string, subject: string, { advanced }: Asked): (value: unknown, property: string) => boolean {
  const escaped = subject.replace('/', '\\/');
  const [, operator, literal] = new RegExp(`^${escaped}\\s+(eq|ne)\\s+('(?:[^']|'')*'|null|true|false)$`, 's').exec(text) ?? [];
  const [, call, argument] = new RegExp(`^(startswith|endswith)\\(\\s*${escaped}\\s*,\\s*('(?:[^']|'')*')\\)$`, 'is').exec(text) ?? [];
  if (!operator && !call) throw new Refused('BadRequest', `Invalid filter clause: '${text}'.`);
  if ((operator === 'ne' || call?.toLowerCase() === 'endswith') && !advanced)
    throw new Refused('Request_UnsupportedQuery', `Unsupported Query. '${operator ?? call}' needs advanced query parameters.`);
  const wanted = literalValue((literal ?? argument)!);
  return (value, property) => {
    if (operator) return same(value, wanted, property) === (operator === 'eq');
    const [held, part] = [folded(value, property), folded(wanted, property)];
    return call!.toLowerCase() === 'startswith' ? held.startsWith(part) : held.endsWith(part);
  };
}

function literalValue(literal: string): string | boolean | null {
  if (literal.startsWith("'")) return literal.slice(1, -1).replaceAll("''", "'");
  return literal === 'null' ? null : literal === 'true';
}

function same(value: unknown, wanted: string | boolean | null, property: string): boolean {
  if (typeof wanted !== 'string') return (value ?? null) === wanted;
  return value !== null && value !== undefined && folded(value, property) === folded(wanted, property);
}

/**
 * Texts are compared without regard to case; but whether `smtp:` finds `SMTP:`, no page of Microsoft's says. So here it does not: who asks for
 * an address asks for both.
 */
function folded(value: unknown, property: string): string {
  const text = String(value ?? '');
  if (property !== 'proxyAddresses') return text.toLowerCase();
  const at = text.indexOf(':') + 1;
  return text.slice(0, at) + text.slice(at).toLowerCase();
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Splits outside quotes and brackets. */
function split(text: string, by: string): readonly string[] {
  const parts: string[] = [];
  let quoted = false;
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === "'") quoted = !quoted;
    if (quoted) continue;
    if (letter === '(') depth += 1;
    if (letter === ')') depth -= 1;
    if (depth > 0 || text.slice(at, at + by.length).toLowerCase() !== by) continue;
    parts.push(text.slice(start, at));
    start = at + by.length;
  }
  return [...parts, text.slice(start)];
}
