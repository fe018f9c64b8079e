const NAMES = new Intl.DisplayNames(['en'], { type: 'region' });
const CODES =
  'AD AE AR AT AU BE BG BR CA CH CL CN CO CZ DE DK EE EG ES FI FR GB GR HK HR HU IE IL IN IS IT JP KR LT LU LV MA MX NL NO NZ PE PL PT RO RS RU SA SE SG SI SK TH TN TR TW UA US ZA'.split(
    ' ',
  );

/** The friendly name that Exchange returns for an ISO-2 code or a known name; null for anything else. */
export function countryName(text: string): string | null {
  const code = CODES.find((known) => known === text.toUpperCase() || NAMES.of(known)?.toLowerCase() === text.toLowerCase());
  return code ? (NAMES.of(code) ?? null) : null;
}
