/** Our mark on an object that we made or adopted, and the only thing that lets us touch it (design, promise 1). */
export interface Stamp {
  readonly route: string;
  readonly sourceId: string;
  readonly adopted: boolean;
}

const SHAPE = /^galsync(-adopted)?:([A-Za-z0-9][A-Za-z0-9._-]{0,62}):(.+)$/s;

/** `galsync:<route>:<source id>` or `galsync-adopted:…`. */
export function formatStamp(stamp: Stamp): string {
  return `galsync${stamp.adopted ? '-adopted' : ''}:${stamp.route}:${stamp.sourceId}`;
}

/** The stamp in a text, or null if the text is none of ours. */
export function parseStamp(text: string | undefined): Stamp | null {
  const match = text === undefined ? null : SHAPE.exec(text);
  return match ? { adopted: match[1] !== undefined, route: match[2]!, sourceId: match[3]! } : null;
}

/** True for anything that begins like a stamp of any galsync installation. */
export function looksStamped(text: string | undefined): boolean {
  return text !== undefined && /^galsync(-adopted)?:/.test(text);
}
