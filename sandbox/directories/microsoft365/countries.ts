const NAMES = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
/** Regions that have a name but are no countries of ISO 3166-1, and codes that were given up. */
const NO_COUNTRY = new Set('AC AN BU CP CQ CS DD DG DY EA EU EZ FX HV IC NH NT QO RH SU TA TP UK UN VD XA XB XK YD YU ZR ZZ'.split(' '));
const CODES = LETTERS.flatMap((a) => LETTERS.map((b) => `${a}${b}`)).filter((code) => !NO_COUNTRY.has(code) && NAMES.of(code));

/** The friendly name that Exchange returns for an ISO-2 code or a known name; null for anything else. */
export function countryName(text: string): string | null {
  const code = CODES.find((known) => known === text.toUpperCase() || NAMES.of(known)?.toLowerCase() === text.toLowerCase());
  return code ? (NAMES.of(code) ?? null) : null;
}
