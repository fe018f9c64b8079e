import type { Started } from './replay.ts';

const MOST_BYTES = 60_000;
const USUAL_BYTES = 8_192;
const DEPTH = 64;

/** Inputs that the real engine would refuse or hang on fail here at once (realhost findings: deep inputs, U+FFFE/U+FFFF, large messages). */
export function inputFault(started: readonly Started[], log: (level: string, message: string) => void): string | null {
  for (const one of started) {
    if (one.kind === 'timer' || one.input === undefined || one.input === null) continue;
    const text = JSON.stringify(one.input);
    if (text.length > MOST_BYTES) return `The input of "${one.name}" has ${text.length} characters: pass references, not data.`;
    if (text.length > USUAL_BYTES) log('warning', `the input of "${one.name}" has ${text.length} characters; every replay carries it`);
    if (/[\uFFFE\uFFFF]/.test(text)) return `The input of "${one.name}" holds U+FFFE or U+FFFF: the real engine could not queue it.`;
    if (depthOf(one.input) > DEPTH) return `The input of "${one.name}" is nested deeper than ${DEPTH} levels.`;
  }
  return null;
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
