import fc from 'fast-check';
import type { Capability } from '../../shared/connectors/connector.ts';
import { isListAttribute, LIST_ATTRIBUTES, SINGLE_ATTRIBUTES } from '../../shared/model/attributes.ts';
import type { PushSettings, RouteSettings } from '../../shared/model/configuration.ts';
import type { Entry } from '../../shared/model/entry.ts';
import type { Fields } from '../../shared/model/plan.ts';
import { compileProjection } from '../../shared/rules/project.ts';

const ATTRIBUTES = [...SINGLE_ATTRIBUTES, ...LIST_ATTRIBUTES];
const PUSH = {
  attributes: { only: '*', except: [] },
  set: {},
  addressList: 'leave',
  mailUser: { userPrincipalName: '{alias}@<initial domain>', signIn: 'blocked' },
  addresses: { secondary: true, except: [], sip: true, x500: true, deliverTo: ['delivery.example'], domains: {}, keepOriginal: false },
} as unknown as PushSettings;

/** Fields as a route that pushes everything would ask the target to hold them: projected onto its capability. */
export function projected(capability: Capability, fields: Fields): Fields {
  const { addresses, x500, sip, hidden: _hidden, stamp: _stamp, deliveryAddress, ...attributes } = fields;
  const entry: Entry = {
    id: 'source',
    kind: 'user',
    type: 'user',
    addresses: [...((addresses as readonly string[] | null) ?? []), ...(typeof deliveryAddress === 'string' ? [deliveryAddress] : [])],
    ...(x500 ? { x500: x500 as readonly string[] } : {}),
    ...(sip ? { sip: sip as readonly string[] } : {}),
    enabled: true,
    external: false,
    hidden: false,
    attributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null)) as Entry['attributes'],
  };
  const wanted = compileProjection({ push: PUSH } as RouteSettings, capability)(entry).fields;
  return Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== null && name !== 'alias')) as Fields;
}

/** A person who fills every field. */
export function fullFields(n: number): Fields {
  const texts = Object.fromEntries(ATTRIBUTES.map((name) => [name, isListAttribute(name) ? [`${name} ${n}`] : `${name} ${n}`]));
  return {
    ...texts,
    birthday: '1975-12-10',
    country: 'France',
    languages: ['fr'],
    manager: 'boss@elsewhere.example',
    businessPhones: [`+33 1 00 00 ${n}`],
    otherAddresses: [`other${n}@private.example`],
    addresses: [`full${n}@elsewhere.example`, `second${n}@elsewhere.example`],
    deliveryAddress: `full${n}@delivery.example`,
    x500: [`/o=elsewhere/cn=full${n}`],
    sip: [`full${n}@elsewhere.example`],
  };
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.constantFrom(
    '山田 太郎',
    'عبد الله بن عبد العزيز',
    'Zoe\u0308 Lindstro\u0308m',
    '👩‍💻 Dev & <b>"Ops"</b>',
    "O'Brien; DROP \\ `$(x)`",
    'a\tb\nc\r\nd',
    'x'.repeat(3_000),
    '😀'.repeat(200),
    '\u202eright to left\u202c',
    ']]>&amp;&#0;<!-- -->',
    '{{braces}} [brackets] {displayName}',
    '  around  ',
  ),
);

/** Whatever people write into a directory: scripts, directions, emoji, markup, control characters, very long values. */
export function messyFields(): fc.Arbitrary<Fields> {
  const value = (name: string): fc.Arbitrary<unknown> => (isListAttribute(name) ? fc.array(text, { maxLength: 6 }) : text);
  return fc
    .record(Object.fromEntries(ATTRIBUTES.map((name) => [name, fc.option(value(name), { nil: null, freq: 2 })])))
    .map(
      (fields) =>
        Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== null && !(Array.isArray(v) && v.length === 0))) as Fields,
    );
}
