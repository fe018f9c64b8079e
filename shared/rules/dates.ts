const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;
const OFFSET = /^([+-])(\d{1,6})([smhdwy])$/;
const LDAP = /^(\d{4})(\d{2})(\d{2})(\d{2})(?:(\d{2})(?:(\d{2}))?)?(?:[.,](\d+))?(Z|[+-]\d{4})$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_557_600_000 };

/** FILETIME counts 100 ns from 1601; zero and the largest value mean "never" (case R11). Always BigInt: a Number would round them. */
const FILETIME_EPOCH_MS = 11_644_473_600_000n;
const FILETIME_NEVER = 9_223_372_036_854_775_807n;
/** "Never" as tools spell it that read a zero as a date: the first day of .NET's and of Windows' calendar. */
const NEVER_DAYS: ReadonlySet<string> = new Set(['0001-01-01', '1601-01-01']);

/**
 * A value of a directory as a point in time (epoch ms), or null if it is no date: ISO date or date-time, LDAP generalised time, AD FILETIME
 * (17 or 18 digits). A date without a time is that day's start in UTC. Sentinels such as "never" are no dates.
 */
export function parseDate(text: string): number | null {
  const value = text.trim();
  if (ISO.test(value)) return parsed(/T/.test(value) && !/(Z|[+-]\d{2}:?\d{2})$/.test(value) ? `${value}Z` : value);
  const ldap = LDAP.exec(value);
  if (ldap) {
    const [, y, mo, d, h, mi = '00', s = '00', , zone] = ldap;
    const offset = zone === 'Z' ? 'Z' : `${zone!.slice(0, 3)}:${zone!.slice(3)}`;
    return parsed(`${y}-${mo}-${d}T${h}:${mi}:${s}${offset}`);
  }
  if (/^\d{17,19}$/.test(value)) return fromFileTime(BigInt(value));
  return null;
}

/** The comparison value of a date operator: a date as above, or an offset from now such as `-30d` (s m h d w y). */
export function parseDateOrOffset(text: string, now: Date): number | null {
  const offset = OFFSET.exec(text.trim());
  if (!offset) return parseDate(text);
  const ms = Number(offset[2]) * UNIT_MS[offset[3]!]!;
  return now.getTime() + (offset[1] === '-' ? -ms : ms);
}

function fromFileTime(ticks: bigint): number | null {
  if (ticks === 0n || ticks >= FILETIME_NEVER) return null;
  return Number(ticks / 10_000n - FILETIME_EPOCH_MS);
}

function parsed(iso: string): number | null {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms) || NEVER_DAYS.has(iso.slice(0, 10))) return null;
  // "2026-02-30" would roll over: the day must come back.
  return new Date(Date.parse(`${iso.slice(0, 10)}T00:00:00Z`)).toISOString().slice(0, 10) === iso.slice(0, 10) ? ms : null;
}
