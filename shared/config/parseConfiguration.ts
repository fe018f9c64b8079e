import { getLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { ConfigurationFault } from '../model/configuration.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 40;

export type ParsedText =
  | { readonly ok: true; readonly document: unknown }
  | { readonly ok: false; readonly faults: readonly ConfigurationFault[] };

/** Reads a document's text: plain JSON over HTTP; comments and trailing commas allowed in files (`jsonc`). Duplicate keys are faults. */
export function parseConfigurationText(text: string, options: { readonly jsonc: boolean }): ParsedText {
  if (Buffer.byteLength(text) > MAX_BYTES)
    return refused('', 'The document is larger than 1 MiB.', 'Shorten it: "defaults" and "meshes" save repetition.');
  const errors: ParseError[] = [];
  const tree = parseTree(text.replace(/^\uFEFF/, ''), errors, {
    disallowComments: !options.jsonc,
    allowTrailingComma: options.jsonc,
    allowEmptyContent: false,
  });
  if (errors.length > 0 || !tree) return { ok: false, faults: errors.slice(0, 20).map((error) => syntaxFault(text, error)) };
  const faults: ConfigurationFault[] = [];
  const document = build(tree, '', 0, faults);
  return faults.length > 0 ? { ok: false, faults } : { ok: true, document };
}

function refused(path: string, message: string, fix: string): ParsedText {
  return { ok: false, faults: [{ path, message, fix }] };
}

function syntaxFault(text: string, error: ParseError): ConfigurationFault {
  const before = text.slice(0, error.offset).split('\n');
  const path = getLocation(text, error.offset)
    .path.map((part) => `/${part}`)
    .join('');
  return {
    path,
    message: `No JSON at line ${before.length}, column ${before.at(-1)!.length + 1}: ${printParseErrorCode(error.error)}.`,
    fix: 'Correct the syntax there.',
  };
}

/** Objects without a prototype: `__proto__` is a key like any other, and so an unknown one. */
function build(node: Node, path: string, depth: number, faults: ConfigurationFault[]): unknown {
  if (depth > MAX_DEPTH) {
    if (faults.length === 0) faults.push({ path, message: `The document is nested deeper than ${MAX_DEPTH} levels.`, fix: 'Flatten it.' });
    return null;
  }
  if (node.type === 'array') return (node.children ?? []).map((child, n) => build(child, `${path}/${n}`, depth + 1, faults));
  if (node.type !== 'object') return node.value as unknown;
  const object: Record<string, unknown> = {};
  for (const property of node.children ?? []) {
    const [name, value] = property.children ?? [];
    const key = String(name?.value);
    const at = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (Object.hasOwn(object, key)) faults.push({ path: at, message: `The key "${key}" stands here twice.`, fix: 'Keep one of them.' });
    Object.defineProperty(object, key, {
      value: value ? build(value, at, depth + 1, faults) : null,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}
