import type { Started } from './replay.ts';

const MOST_BYTES = 60_000;
const USUAL_BYTES = 8_192;
const DEPTH = 64;
export const CUSTOM_STATUS_BYTES = 16 * 1024;

/** Inputs that the real engine would refuse or hang on fail here at once (realhost findings: deep inputs, U+FFFE/U+FFFF, large messages). */
export function inputFault(started: readonly Started[], log: (level: string, message: string) => void): string | null {
  for (const one of started) {
    if (one.kind === 'timer') continue;
    const fault = valueFault(`The input of "${one.name}"`, one.input, (bytes) =>
      log('warning', `the input of "${one.name}" has ${bytes} bytes; every replay carries it`),
    );
    if (fault !== null) return fault;
  }
  return null;
}

/** What makes a value impossible as a message, as a sentence that begins with `what`; null for a good one. */
export function valueFault(what: string, value: unknown, large: (bytes: number) => void = () => undefined): string | null {
  if (value === undefined || value === null) return null;
  if (depthOf(value) > DEPTH) return `${what} is nested deeper than ${DEPTH} levels, which the real engine refuses.`;
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_BYTES) return `${what} has ${bytes} bytes (at most ${MOST_BYTES} here): pass references, not data.`;
  if (bytes > USUAL_BYTES) large(bytes);
  if (/[{,]"\$ref":/.test(text))
    return `${what} has an object with a property "$ref", which the real engine takes for a reference and fails.`;
  return textFault(what, text);
}

/** U+FFFE and U+FFFF are not legal in XML, so the real engine's queues refuse them, again and again. */
export function textFault(what: string, text: string): string | null {
  return /[\uFFFE\uFFFF]/.test(text) ? `${what} holds U+FFFE or U+FFFF: the real engine could not queue it.` : null;
}

function depthOf(value: unknown): number {
  let level: readonly unknown[] = [value];
  for (let depth = 0; ; depth += 1) {
    const below = level.filter((one): one is object => typeof one === 'object' && one !== null);
    if (below.length === 0 || depth > DEPTH) return depth;
    level = below.flatMap((one): unknown[] => Object.values(one));
  }
}
