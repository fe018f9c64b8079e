import type { Capability } from '../shared/connectors/connector.ts';
import { type CallNeed, PURPOSES, type Purpose } from '../shared/connectors/permission.ts';
import type { FieldName } from '../shared/model/plan.ts';

const MADE = '<!-- Made by `npm run docs` from the data of the connectors; do not edit. -->';

type Grant = CallNeed & { readonly permission?: string; readonly scope?: string; readonly role?: string };

/** What each call needs, and which option of the configuration asks for it. */
export function permissionsPage(rooms: readonly { readonly title: string; readonly needs: readonly CallNeed[] }[]): string {
  const sections = rooms.flatMap(({ title, needs }) => [
    `## ${title}`,
    '',
    table(
      ['call', 'needs', 'asked for by', 'why', 'without it'],
      needs.map((need) => [
        `${need.api}: ${calls(need.call)}`,
        grantOf(need),
        [...need.neededFor.map(purpose), ...(need.usefulFor ?? []).map((one) => `(${purpose(one)})`)].join(', '),
        need.why,
        withoutIt(need),
      ]),
    ),
    '',
  ]);
  return [
    '# Permissions',
    '',
    MADE,
    '',
    'What the connectors call and what an administrator must grant for it. Only what the configuration uses has to be granted: "asked for by" names the option. `POST /api/connectors/{id}/verify` proves each one that a connector of yours needs, and names what is missing or too much. In brackets: used where it is granted, done without otherwise.',
    '',
    'What is missing and no push needs becomes a loss listed at the route; a right that was there once and is taken away fails the read, because missing objects would look like leavers.',
    '',
    ...sections,
  ].join('\n');
}

function purpose(name: Purpose): string {
  return PURPOSES[name];
}

function withoutIt(need: CallNeed): string {
  if (need.required) return 'nothing can be read';
  const pushes = need.neededFor.filter(isPush);
  if (pushes.length === 0) return 'a listed loss';
  return pushes.length === need.neededFor.length ? 'the route fails' : 'a listed loss; such a route fails';
}

function isPush(name: Purpose): boolean {
  return PURPOSES[name].includes('push.as');
}

function grantOf(need: Grant): string {
  const scope = need.scope === undefined ? [] : [`\`${need.scope}\``];
  return [...scope, ...(need.permission === undefined ? [] : [need.permission]), ...(need.role === undefined ? [] : [need.role])].join(
    ' · ',
  );
}

function calls(text: string): string {
  return text
    .split(', ')
    .map((call) => `\`${call}\``)
    .join(', ');
}

interface MappedAttribute {
  readonly name: FieldName;
  /** Of the directory set: pushed unless the configuration says otherwise. */
  readonly always: boolean;
  /** Where it is read from, by kind of object. */
  readonly sources: Readonly<Record<string, string | undefined>>;
  /** Where it is written to, by push type. */
  readonly written: Readonly<Partial<Record<string, string | undefined>>>;
}

/** Where each attribute comes from and what each push type can hold of it. */
export function fieldMapPage(map: {
  readonly attributes: readonly MappedAttribute[];
  readonly capabilities: readonly Capability[];
}): string {
  const sources = Object.keys(map.attributes[0]?.sources ?? {});
  const code = (text: string | undefined): string => (text ? `\`${text}\`` : '');
  const held = (attribute: MappedAttribute, capability: Capability): string => {
    const limits = capability.fields[attribute.name];
    if (!limits) return '';
    const words = [
      ...(limits.reference ? ['an object of the directory'] : []),
      ...(limits.maxLength === undefined ? [] : [`≤ ${limits.maxLength}`]),
      ...(limits.maxValues === undefined ? [] : [`${limits.maxValues} value${limits.maxValues === 1 ? '' : 's'}`]),
    ];
    return [code(attribute.written[capability.as]), words.join(', ')].filter(Boolean).join(' ') || 'yes';
  };
  const notes = map.capabilities.map(
    (one) =>
      `- \`${one.as}\`: addresses ${one.fields.addresses?.maxValues ? `up to ${one.fields.addresses.maxValues}` : 'yes'}, ` +
      `delivery address ${one.fields.deliveryAddress ? 'yes' : 'no'}, X500 ${one.fields.x500 ? 'yes' : 'no'}, SIP ${one.fields.sip ? 'yes' : 'no'}; ` +
      `${one.canHide ? 'can be hidden' : 'cannot be hidden'}; addresses ${one.uniqueAddresses ? 'are kept unique by the directory' : 'are not kept unique'}.`,
  );
  return [
    '# Field map',
    '',
    MADE,
    '',
    'Where each attribute is read from, and what each push type holds of it (limits in UTF-16 units). An empty cell: the attribute does not exist there; it is dropped before anything is compared, and listed as a loss. **Bold**: pushed by default; the others when the configuration names them.',
    '',
    table(
      ['attribute', ...sources.map((source) => `from: ${source}`), ...map.capabilities.map((one) => `to: ${one.as}`)],
      map.attributes.map((attribute) => [
        attribute.always ? `**\`${attribute.name}\`**` : code(attribute.name),
        ...sources.map((source) => code(attribute.sources[source])),
        ...map.capabilities.map((one) => held(attribute, one)),
      ]),
    ),
    '',
    ...notes,
    '',
    "The place of the stamp (`stamp` of the connector, default `customAttribute15`) is galsync's own and never pushed as an attribute.",
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}
