/** ISO 3166-1 alpha-2 codes that are assigned (2024), without a separator. */
const CODES =
  'ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW';

/** Names that are in use beside the one of the locale data; "UK" is our reading of GB (case R17). */
const ALSO: Readonly<Record<string, string>> = {
  uk: 'GB',
  'great britain': 'GB',
  'united kingdom of great britain and northern ireland': 'GB',
  usa: 'US',
  'u.s.a.': 'US',
  'u.s.': 'US',
  'united states of america': 'US',
  korea: 'KR',
  'republic of korea': 'KR',
  'korea, republic of': 'KR',
  'russian federation': 'RU',
  'czech republic': 'CZ',
  turkey: 'TR',
  burma: 'MM',
  'ivory coast': 'CI',
  'viet nam': 'VN',
  macedonia: 'MK',
  'hong kong': 'HK',
  'hong kong sar': 'HK',
  macau: 'MO',
  'macao sar': 'MO',
  'the netherlands': 'NL',
  holland: 'NL',
  swaziland: 'SZ',
  'cape verde': 'CV',
  'peoples republic of china': 'CN',
  "people's republic of china": 'CN',
  uae: 'AE',
};

/** Languages whose names of countries are understood. */
const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'sv', 'da', 'nb', 'fi', 'cs', 'ja', 'ru', 'zh'];

let table: { readonly names: ReadonlyMap<string, string>; readonly byName: ReadonlyMap<string, string> } | null = null;

/** The English name under which a code or name of a country is compared, or `''` if it is none that we know. */
export function canonicalCountry(text: string): string {
  const known = CANONICAL.get(text);
  if (known !== undefined) return known;
  const code = countryCode(text);
  const name = code === null ? '' : names().names.get(code)!;
  if (CANONICAL.size >= 1_000) CANONICAL.clear();
  CANONICAL.set(text, name);
  return name;
}

/** A directory names few countries, each many thousand times. */
const CANONICAL = new Map<string, string>();

/** ISO code of a country by code or name, without regard to case; null if unknown. */
export function countryCode(text: string): string | null {
  const key = keyOf(text);
  const { names: known, byName } = names();
  if (known.has(key.toUpperCase())) return key.toUpperCase();
  return ALSO[key] ?? byName.get(key) ?? null;
}

function names(): NonNullable<typeof table> {
  if (table) return table;
  const english = new Intl.DisplayNames(['en'], { type: 'region' });
  const codes = CODES.match(/../g)!;
  const byName = new Map<string, string>();
  const doubtful = new Set<string>();
  for (const language of LANGUAGES) {
    const display = new Intl.DisplayNames([language], { type: 'region' });
    for (const code of codes) {
      const key = keyOf(display.of(code) ?? code);
      if (byName.has(key) && byName.get(key) !== code) doubtful.add(key);
      else byName.set(key, code);
    }
  }
  // A word that means two countries in two languages means none, unless it is English.
  for (const key of doubtful) byName.delete(key);
  for (const code of codes) {
    const name = english.of(code) ?? code;
    byName.set(keyOf(name), code).set(keyOf(plain(name)), code);
  }
  table = { names: new Map(codes.map((code) => [code, plain(english.of(code) ?? code)])), byName };
  return table;
}

function plain(name: string): string {
  return name
    .replaceAll('’', "'")
    .replace(' SAR China', ' SAR')
    .replace(/^Myanmar \(Burma\)$/, 'Myanmar');
}

function keyOf(text: string): string {
  return text.normalize('NFC').trim().replaceAll('’', "'").replace(/\s+/g, ' ').toLowerCase();
}
