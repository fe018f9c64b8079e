import type { Random } from './random.ts';

export interface Person {
  readonly givenName: string;
  readonly surname: string;
  readonly displayName: string;
  /** ASCII, unique. */
  readonly alias: string;
  readonly jobTitle: string;
  readonly department: string;
  readonly office: string;
  readonly phone: string;
  readonly mobile: string | null;
  readonly street: string;
  readonly city: string;
  readonly postalCode: string;
  readonly country: string;
}

/** First and family names of several scripts: Latin with and without accents, decomposed accents, Greek, Cyrillic, Arabic, Hebrew, Chinese, Japanese. */
const NAMES: readonly { readonly given: readonly string[]; readonly family: readonly string[]; readonly ascii: string }[] = [
  {
    given: [
      'Anna',
      'Ben',
      'Clara',
      'David',
      'Emma',
      'Felix',
      'Grace',
      'Henry',
      'Ida',
      'Jonas',
      'Karen',
      'Liam',
      'Maya',
      'Noah',
      'Olivia',
      'Paul',
    ],
    family: [
      'Adams',
      'Baker',
      'Carter',
      'Dubois',
      'Evans',
      'Fischer',
      'Garcia',
      'Hughes',
      'Ivanov',
      'Jensen',
      'Keller',
      'Lopez',
      'Meyer',
      'Novak',
      "O'Brien",
      'Smith',
    ],
    ascii: '',
  },
  {
    given: ['Zoë', 'René', 'Søren', 'Łukasz', 'Jürgen', 'François', 'Núria', 'Ágnes'],
    family: ['Lindström', 'Müller', 'Kovács', 'Gonçalves', 'Żukowska', 'Åberg', 'Çelik', 'Ñúñez'],
    ascii: '',
  },
  { given: ['Zoe\u0308', 'Andre\u0301', 'Bjo\u0308rn'], family: ['Lindstro\u0308m', 'Pe\u0301rez', 'Hu\u0308bner'], ascii: '' },
  { given: ['Αλέξανδρος', 'Μαρία', 'Νίκος'], family: ['Παπαδόπουλος', 'Γεωργίου', 'Νικολάου'], ascii: 'gr' },
  { given: ['Анна', 'Дмитрий', 'Ольга'], family: ['Иванова', 'Кузнецов', 'Соколова'], ascii: 'ru' },
  { given: ['محمد', 'فاطمة'], family: ['الأحمد', 'حسن'], ascii: 'ar' },
  { given: ['נועה', 'יוסף'], family: ['כהן', 'לוי'], ascii: 'he' },
  { given: ['伟', '芳', '娜'], family: ['王', '李', '张'], ascii: 'cn' },
  { given: ['太郎', '花子'], family: ['佐藤', '鈴木'], ascii: 'jp' },
];
const TITLES = [
  'Engineer',
  'Senior Engineer',
  'Buyer',
  'Accountant',
  'Head of Sales',
  'Designer',
  'Analyst',
  'Assistant',
  'Product Manager',
  'Chief Financial Officer',
];
const DEPARTMENTS = ['Research & Development', 'Sales', 'Finance', 'Operations', 'Human Resources', 'Legal', 'IT'];
const PLACES: readonly { readonly city: string; readonly country: string; readonly code: string; readonly phone: string }[] = [
  { city: 'Paris', country: 'France', code: '75001', phone: '+33 1 55 00' },
  { city: 'München', country: 'Germany', code: '80331', phone: '+49 89 5500' },
  { city: 'London', country: 'United Kingdom', code: 'EC1A 1BB', phone: '+44 20 7946' },
  { city: 'New York', country: 'United States', code: '10001', phone: '+1 212 555' },
  { city: 'Tokyo', country: 'Japan', code: '100-0001', phone: '+81 3 5500' },
  { city: 'Zürich', country: 'Switzerland', code: '8001', phone: '+41 44 550' },
];

function asciiOf(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/ł/gi, 'l')
    .replace(/ø/gi, 'o')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase();
}

/** Believable people: namesakes among them, some with very long names. */
export function createPeople(count: number, random: Random): readonly Person[] {
  const used = new Map<string, number>();
  return Array.from({ length: count }, (_, n) => {
    const script = random.chance(0.72) ? NAMES[0]! : random.pick(NAMES);
    const givenName = random.pick(script.given);
    const long = n % 97 === 41;
    const surname = long ? `${random.pick(script.family)}-von-und-zu-${'Hohenstein-'.repeat(5)}Waldburg` : random.pick(script.family);
    const base = `${asciiOf(givenName) || script.ascii}.${asciiOf(surname).slice(0, 24) || 'x'}`;
    const times = (used.get(base) ?? 0) + 1;
    used.set(base, times);
    const place = random.pick(PLACES);
    const family = script.ascii === 'cn' || script.ascii === 'jp';
    return {
      givenName,
      surname,
      displayName: family ? `${surname} ${givenName}` : n % 113 === 7 ? `${givenName} ${surname} 👩‍💻` : `${givenName} ${surname}`,
      alias: times === 1 ? base : `${base}${times}`,
      jobTitle: random.pick(TITLES),
      department: random.pick(DEPARTMENTS),
      office: `${place.city} ${Math.floor(random.next() * 9) + 1}.${Math.floor(random.next() * 40) + 1}`,
      phone: `${place.phone} ${1000 + n}`,
      mobile: random.chance(0.6) ? `${place.phone.split(' ')[0]} 600 ${10000 + n}` : null,
      street: `${Math.floor(random.next() * 200) + 1} Market Street`,
      city: place.city,
      postalCode: place.code,
      country: place.country,
    };
  });
}
