import { json, type Reply } from '../server.ts';

/** Which fields a resource has; null: a plain value, or one whose parts are not checked. */
export type Shape = { readonly [field: string]: Shape | null };
type Selection = ReadonlyMap<string, Selection | null>;

/** Partial response (`fields=a,b/c,d(e,f)`): only what is named comes back, and a name that the resource does not have refuses the call. */
export function partial(reply: Reply, fields: string | null, shape: Shape): Reply {
  if (fields === null || reply.status !== 200) return reply;
  const read = selectionOf(fields);
  const wrong = read.rest === '' ? unknownIn(read.selection, shape) : read.rest;
  if (wrong !== null) return invalidParameter('fields', `Invalid field selection ${wrong}`);
  return { ...reply, body: JSON.stringify(selected(JSON.parse(reply.body), read.selection)) };
}

export function invalidParameter(location: string, message: string): Reply {
  const one = { message, domain: 'global', reason: 'invalidParameter', location, locationType: 'parameter' };
  return json(400, { error: { code: 400, message, errors: [one] } });
}

function selectionOf(text: string): { readonly selection: Selection; readonly rest: string } {
  const selection = new Map<string, Selection | null>();
  let rest = text;
  for (;;) {
    const [, name = '', after = ''] = /^([A-Za-z0-9_*]+)([\s\S]*)$/.exec(rest) ?? [];
    if (name === '') return { selection, rest: rest || '(empty)' };
    rest = after;
    if (rest.startsWith('(')) {
      const inner = selectionOf(rest.slice(1));
      if (!inner.rest.startsWith(')')) return { selection, rest: inner.rest || name };
      selection.set(name, inner.selection);
      rest = inner.rest.slice(1);
    } else if (rest.startsWith('/')) {
      const [, path = '', behind = ''] = /^\/([A-Za-z0-9_*/]+)([\s\S]*)$/.exec(rest) ?? [];
      if (path === '') return { selection, rest };
      selection.set(name, pathOf(path.split('/')));
      rest = behind;
    } else selection.set(name, null);
    if (!rest.startsWith(',')) return { selection, rest };
    rest = rest.slice(1);
  }
}

function pathOf([first, ...more]: readonly string[]): Selection {
  return new Map([[first!, more.length > 0 ? pathOf(more) : null]]);
}

function unknownIn(selection: Selection, shape: Shape): string | null {
  for (const [name, inner] of selection) {
    if (name === '*') continue;
    if (!Object.hasOwn(shape, name)) return name;
    const below = shape[name];
    const wrong = inner && below ? unknownIn(inner, below) : null;
    if (wrong !== null) return wrong;
  }
  return null;
}

function selected(value: unknown, selection: Selection): unknown {
  if (Array.isArray(value)) return value.map((one) => selected(one, selection));
  if (typeof value !== 'object' || value === null) return value;
  const all = selection.get('*');
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, inner]) => {
      if (!selection.has(name) && all === undefined) return [];
      const below = selection.get(name) ?? all ?? null;
      return [[name, below ? selected(inner, below) : inner]];
    }),
  );
}
