type Row = Readonly<Record<string, unknown>>;

/** OPATH filters of the simple kind: tests joined by -and / -or, `-eq -ne -like -notlike -gt -lt`, quotes doubled. */
export function compileOpath(filter: string): (row: Row) => boolean {
  const ors = split(filter.replace(/^\((.*)\)$/s, '$1'), ' -or ').map((part) => split(part, ' -and ').map(test));
  return (row) => ors.some((ands) => ands.every((one) => one(row)));
}

/** The properties that a filter reads. */
export function namesInOpath(filter: string): readonly string[] {
  return [...filter.replaceAll(/'(?:[^']|'')*'/g, "''").matchAll(/(\w+)\s+-\w+\s+''/g)].map((match) => match[1]!);
}

function split(text: string, by: string): readonly string[] {
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "'") quoted = !quoted;
    if (!quoted && text.slice(at, at + by.length).toLowerCase() === by) {
      parts.push(text.slice(start, at));
      start = at + by.length;
    }
  }
  return [...parts, text.slice(start)];
}

function test(text: string): (row: Row) => boolean {
  const match = /^\s*\(?\s*(\w+)\s+-(eq|ne|like|notlike|gt|lt|ge|le)\s+'((?:[^']|'')*)'\s*\)?\s*$/is.exec(text);
  if (!match) throw new Error(`The simulated Exchange does not know the filter "${text}".`);
  const [, name, operator, quoted] = match;
  const wanted = quoted!.replaceAll("''", "'").toLowerCase();
  return (row) => {
    const key = Object.keys(row).find((known) => known.toLowerCase() === name!.toLowerCase());
    const value = key === undefined ? '' : row[key];
    const values = (Array.isArray(value) ? value : [value]).map((one) => String(one ?? '').toLowerCase());
    const all = name!.toLowerCase() === 'emailaddresses' ? [...values, ...values.map((one) => one.replace(/^[a-z0-9]+:/, ''))] : values;
    return all.some((one) => compare(one, operator!.toLowerCase(), wanted)) === !['ne', 'notlike'].includes(operator!.toLowerCase());
  };
}

function compare(value: string, operator: string, wanted: string): boolean {
  if (operator === 'eq' || operator === 'ne') return value === wanted;
  if (operator.endsWith('like') && wanted === '*') return value !== '';
  if (operator.endsWith('like'))
    return new RegExp(
      `^${wanted
        .split('*')
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}$`,
      's',
    ).test(value);
  const [a, b] = [Date.parse(value), Date.parse(wanted)];
  return operator.startsWith('g') ? a >= b : a <= b;
}
