import { createScanner, getLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { ConfigurationFault } from '../model/configuration.ts';
import { MAX_DEPTH } from './cleanDocument.ts';
import { pointer } from './faults.ts';

const MAX_BYTES = 1024 * 1024;

export type ParsedText =
  | { readonly ok: true; readonly document: unknown }
  | { readonly ok: false; readonly faults: readonly ConfigurationFault[] };

/** Reads a document's text: plain JSON over HTTP; comments and trailing commas allowed in files (`jsonc`). Duplicate keys are faults. */
export function parseConfigurationText(text: string, options: { readonly jsonc: boolean }): ParsedText {
  if (Buffer.byteLength(text) > MAX_BYTES)
    return refused('', 'The document is larger than 1 MiB.', 'Shorten it: "defaults" and "meshes" save repetition.');
  const plain = text.replace(/^\uFEFF/, '');
  // The parser recurses: a text of brackets would exhaust the stack before anything could be said about it.
  if (depthOf(plain) > MAX_DEPTH) return refused('', `The document is nested deeper than ${MAX_DEPTH} levels.`, 'Flatten it.');
  const errors: ParseError[] = [];
  const tree = parseTree(plain, errors, {
    disallowComments: !options.jsonc,
    allowTrailingComma: options.jsonc,
    allowEmptyContent: false,
  });
  if (errors.length > 0 || !tree) return { ok: false, faults: errors.slice(0, 20).map((error) => syntaxFault(plain, error)) };
  const faults: ConfigurationFault[] = [];
  const document = build(tree, '', faults);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, document };
}

function refused(path: string, message: string, fix: string): ParsedText {
  return { ok: false, faults: [{ path, message, fix }] };
}

function syntaxFault(text: string, error: ParseError): ConfigurationFault {
  const before = text.slice(0, error.offset).split('\n');
  // Where no key is begun yet, the place is the object around it.
  const place = getLocation(text, error.offset).path;
  const path = pointer('', place.at(-1) === '' ? place.slice(0, -1) : place);
  return {
    path,
    message: `No JSON at line ${before.length}, column ${before.at(-1)!.length + 1}: ${printParseErrorCode(error.error)}.`,
    fix: 'Correct the syntax there.',
  };
}

function depthOf(text: string): number {
  const scanner = createScanner(text, true);
  let depth = 0;
  let deepest = 0;
  // A token is told by its first character: only brackets begin with one; strings begin with a quote.
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text[scanner.getTokenOffset()]!;
    if (first === '{' || first === '[') depth += 1;
    if (first === '}' || first === ']') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Keys are defined, not assigned: `__proto__` stays a key like any other, and is refused as an unknown one. */
function build(node: Node, path: string, faults: ConfigurationFault[]): unknown {
  if (node.type === 'array') return (node.children ?? []).map((child, n) => build(child, `${path}/${n}`, faults));
  if (node.type !== 'object') return node.value as unknown;
  const object: Record<string, unknown> = {};
  for (const property of node.children ?? []) {
    const [name, value] = property.children ?? [];
    const key = String(name?.value);
    const at = pointer(path, [key]);
    if (Object.hasOwn(object, key)) faults.push({ path: at, message: `The key "${key}" stands here twice.`, fix: 'Keep one of them.' });
    const built = value ? build(value, at, faults) : null;
    Object.defineProperty(object, key, { value: built, enumerable: true, configurable: true, writable: true });
  }
  return object;
}
