const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts to `max` UTF-16 units between grapheme clusters: no half surrogates, no half emoji (case R15). */
export function cutText(text: string, max: number): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  if (whole.length <= max) return whole;
  let length = 0;
  for (const { segment } of SEGMENTER.segment(whole)) {
    if (length + segment.length > max) break;
    length += segment.length;
  }
  return whole.slice(0, length).trimEnd();
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g;

/** How texts are compared: composed, trimmed, without control characters; case counts. */
export function comparable(text: string): string {
  return text.normalize('NFC').replace(CONTROL, '').replace(/\r\n?/g, '\n').trim();
}

/**
 * Fills `{attribute}` placeholders; a `[part]` vanishes when a placeholder in it is empty; `{{` and `[[` are literal (contract, set).
 */
export function fillTemplate(template: string, value: (name: string) => string): string {
  const fill = (text: string): { text: string; empty: boolean } => {
    let empty = false;
    const filled = text.replace(/\{\{|\}\}|\[\[|\]\]|\{([^{}]+)\}/g, (match, name: string | undefined) => {
      if (name === undefined) return match[0]!;
      const found = value(name);
      if (found === '') empty = true;
      return found;
    });
    return { text: filled, empty };
  };
  const parts = template.split(/(\[(?!\[)(?:[^[\]]|\[\[|\]\])*\](?!\]))/);
  return parts
    .map((part) => {
      if (!part.startsWith('[') || part.startsWith('[[') || !part.endsWith(']')) return fill(part).text;
      const inner = fill(part.slice(1, -1));
      return inner.empty ? '' : inner.text;
    })
    .join('')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Names of the placeholders in a template. */
export function placeholders(template: string): readonly string[] {
  return [...template.replaceAll('{{', '').matchAll(/\{([^{}]+)\}/g)].map((match) => match[1]!);
}
