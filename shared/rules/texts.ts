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

/**
 * What most texts are: printable, without blanks around, nothing from U+0300 on, where the marks begin that letters are composed with.
 * Nothing of it would change.
 */
const PLAIN = /^[!-~\u00A1-\u02FF](?:[ -~\u00A0-\u02FF]*[!-~\u00A1-\u02FF])?$/;

/** True if `comparable` leaves the text as it is, seen at a glance; most texts are so. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/** How texts are compared: composed, trimmed, without control characters; case counts. */
export function comparable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(CONTROL, '').replace(/\r\n?/g, '\n').normalize('NFC').trim();
}

interface Piece {
  readonly kind: 'text' | 'placeholder' | 'open' | 'close';
  readonly text: string;
}

/** `{{ }} [[ ]]` are literal; `{name}` is a placeholder; a bracket without its partner is a bracket. */
function piecesOf(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const [text, name] of template.matchAll(/\{\{|\}\}|\[\[|\]\]|\{([^{}]+)\}|\[|\]|[{}]|[^{}[\]]+/g)) {
    if (name !== undefined) pieces.push({ kind: 'placeholder', text: name.trim() });
    else if (text === '[') pieces.push({ kind: 'open', text });
    else if (text === ']') pieces.push({ kind: 'close', text });
    else pieces.push({ kind: 'text', text: /^(\{\{|\}\}|\[\[|\]\])$/.test(text) ? text[0]! : text });
  }
  return pieces;
}

/**
 * Fills `{attribute}` placeholders; a `[part]` vanishes when a placeholder in it is empty; `{{` and `[[` are literal (contract, set).
 * Values are put in as they are: brackets and braces in them mean nothing.
 */
export function fillTemplate(template: string, value: (name: string) => string): string {
  const pieces = piecesOf(template);
  let text = '';
  for (let n = 0; n < pieces.length; n += 1) {
    const piece = pieces[n]!;
    const end = piece.kind === 'open' ? pieces.findIndex((one, at) => at > n && one.kind === 'close') : -1;
    if (end < 0) {
      text += piece.kind === 'placeholder' ? value(piece.text) : piece.text;
      continue;
    }
    const inner = pieces.slice(n + 1, end);
    const filled = inner.map((one) => (one.kind === 'placeholder' ? value(one.text) : one.text));
    if (!inner.some((one, at) => one.kind === 'placeholder' && filled[at] === '')) text += filled.join('');
    n = end;
  }
  return text.replace(/[ \t]+/g, ' ').trim();
}

/** Braces and brackets of a template that stand alone, and brackets within brackets: most likely slips of the hand. */
export function looseMarks(template: string): readonly string[] {
  const loose: string[] = [];
  let open = false;
  for (const [text] of template.matchAll(/\{\{|\}\}|\[\[|\]\]|\{[^{}]+\}|[[\]{}]/g)) {
    if (text === '{' || text === '}') loose.push(text);
    else if (text === '[' || text === ']') {
      if (open === (text === '[')) loose.push(text);
      open = text === '[';
    }
  }
  return [...new Set(open ? [...loose, '['] : loose)].map((mark) => `"${mark}"`);
}

/** Names of the placeholders in a template. */
export function placeholders(template: string): readonly string[] {
  return piecesOf(template).flatMap((piece) => (piece.kind === 'placeholder' ? [piece.text] : []));
}
