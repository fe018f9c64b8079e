import { isAttributeName } from '../model/attributes.ts';
import type { ConfigurationFault, ConnectorSettings, PushType, RouteSettings } from '../model/configuration.ts';
import { conditionFaults } from '../rules/conditionFaults.ts';
import { scheduleFaults } from '../rules/schedule.ts';
import { placeholders } from '../rules/texts.ts';
import { filterFaults, knowsAttribute, unitFaults, unknownAttribute } from './connectorFaults.ts';
import { nearest, pointer } from './faults.ts';
import type { ReadRoute } from './readRoutes.ts';
import { STAND_IN } from './salvage.ts';

/** The push types of each kind of target; the first is the default. */
export const PUSH_TYPES: Readonly<Record<ConnectorSettings['kind'], readonly PushType[]>> = {
  microsoft365: ['guest', 'mailUser', 'contact', 'mailboxContact'],
  googleWorkspace: ['sharedContact'],
  exchangeOnPremises: ['contact', 'mailUser'],
};

/** Everything beyond the shape that can be wrong with one route. */
export function routeFaults(
  route: RouteSettings,
  start: string,
  connectors: readonly ConnectorSettings[],
  rawIds: ReadonlySet<string> | null,
): readonly ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  for (const end of ['from', 'to'] as const) {
    if (!rawIds || rawIds.has(route[end])) continue;
    const near = nearest(route[end], [...rawIds]);
    faults.push({
      path: `${start}/${end}`,
      message: `There is no connector "${route[end].slice(0, 63)}".`,
      fix: near ? `Did you mean "${near}"?` : 'Add the connector, or correct the id.',
    });
  }
  if (route.from === route.to && route.push.as !== 'mailboxContact')
    faults.push({ path: `${start}/to`, message: 'A route leads from one connector to another.', fix: 'Name two different connectors.' });
  const target = connectors.find((connector) => connector.id === route.to);
  if (target && !PUSH_TYPES[target.kind].includes(route.push.as))
    faults.push({
      path: `${start}/push/as`,
      message: `A ${target.kind} target has no push type "${route.push.as}".`,
      fix: `Use one of ${PUSH_TYPES[target.kind].join(', ')}.`,
    });
  const source = connectors.find((connector) => connector.id === route.from);
  if (source) faults.push(...unitFaults(route.filter, source.kind, `${start}/filter/orgUnits`));
  faults.push(...filterFaults(route.filter, `${start}/filter`), ...pushFaults(route, `${start}/push`, target));
  if (route.schedule) faults.push(...scheduleFaults(route.schedule, `${start}/schedule`));
  return faults;
}

function pushFaults(route: RouteSettings, start: string, target: ConnectorSettings | undefined): readonly ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  const names = (list: readonly string[], path: string): void => {
    for (const [n, name] of list.entries())
      if (!isAttributeName(name) && name !== 'addresses') faults.push(unknownAttribute(`${path}/${n}`, name));
  };
  const { only, except } = route.push.attributes;
  if (Array.isArray(only)) names(only, `${start}/attributes/only`);
  names(except, `${start}/attributes/except`);
  names(route.push.drift.except, `${start}/drift/except`);
  for (const [name, template] of Object.entries(route.push.set)) {
    if (!isAttributeName(name)) faults.push(unknownAttribute(pointer(start, ['set', name]), name));
    if (target && 'stamp' in target && target.stamp === name)
      faults.push({
        path: `${start}/set/${name}`,
        message: `${name} is where connector "${target.id}" keeps galsync's stamp.`,
        fix: 'Set another attribute, or move the stamp.',
      });
    for (const placeholder of placeholders(template))
      if (!knowsAttribute(placeholder)) faults.push(unknownAttribute(pointer(start, ['set', name]), placeholder));
  }
  faults.push(...signInNameFaults(route.push.mailUser.userPrincipalName, `${start}/mailUser/userPrincipalName`));
  if (route.push.existingWhere) faults.push(...conditionFaults(route.push.existingWhere, `${start}/existingWhere`, knowsAttribute));
  return faults;
}

const SIGN_IN_NAME = /^[^@<>\s]+@(<initial domain>|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+)$/;

/** One local part with known placeholders, and a domain: the tenant's initial one, or one that is written out. */
function signInNameFaults(template: string, path: string): readonly ConfigurationFault[] {
  const unknown = placeholders(template).filter((name) => !knowsAttribute(name));
  if (unknown.length > 0) return unknown.map((name) => unknownAttribute(path, name));
  if (!template.split('@')[0]!.includes('{'))
    return [
      {
        path,
        message: 'Everybody would get the same sign-in name: its local part has no placeholder.',
        fix: 'Write for example "{alias}@<initial domain>".',
      },
    ];
  if (SIGN_IN_NAME.test(template.replace(/\{[^{}]+\}/g, 'x'))) return [];
  return [
    {
      path,
      message: 'This is no sign-in name: it needs a local part, one @ and a verified domain of the target.',
      fix: 'Write for example "{alias}@<initial domain>".',
    },
  ];
}

/** What is wrong between routes: an id twice, two routes for one ordered pair (mailboxContact: and one folder). */
export function routesFaults(routes: readonly ReadRoute[]): readonly ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  const ids = new Map<string, string>();
  const pairs = new Map<string, string>();
  for (const { route, start, mesh } of routes) {
    const id = route.id.toLowerCase();
    const first = ids.get(id);
    if (first !== undefined && route.id !== STAND_IN)
      faults.push({
        path: mesh ? `${start}/connectors` : `${start}/id`,
        message: `The route id "${route.id}" stands at ${first} already.`,
        fix: 'Give each route an id of its own.',
      });
    ids.set(id, first ?? start);
    if (route.from === STAND_IN || route.to === STAND_IN) continue;
    const mailbox = route.push.as === 'mailboxContact';
    const pair = [route.from, route.to, mailbox ? (route.push.mailboxes.folder ?? '').normalize('NFC').toLowerCase() : null].join('\0');
    const other = pairs.get(pair);
    if (other !== undefined)
      faults.push({
        path: start,
        message: `There is a route from "${route.from}" to "${route.to}" at ${other} already.`,
        fix: mailbox ? 'Give each its own folder.' : 'Join the two: one route for each ordered pair.',
      });
    pairs.set(pair, other ?? start);
  }
  return faults;
}
