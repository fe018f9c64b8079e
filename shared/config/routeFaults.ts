import { isAttributeName } from '../model/attributes.ts';
import type { ConfigurationFault, ConnectorSettings, PushType, RouteSettings } from '../model/configuration.ts';
import { conditionFaults } from '../rules/conditionFaults.ts';
import { scheduleFaults } from '../rules/schedule.ts';
import { placeholders } from '../rules/texts.ts';
import type { ReadRoute } from './checkConfiguration.ts';
import { filterFaults, knowsAttribute, unknownAttribute } from './connectorFaults.ts';

const PUSH_TYPES: Readonly<Record<ConnectorSettings['kind'], readonly PushType[]>> = {
  microsoft365: ['guest', 'mailUser', 'contact', 'mailboxContact'],
  googleWorkspace: ['sharedContact'],
  exchangeOnPremises: ['contact', 'mailUser'],
};

/** Everything beyond the shape that can be wrong with one route. */
export function routeFaults(
  route: RouteSettings,
  start: string,
  connectors: readonly ConnectorSettings[],
  rawIds: ReadonlySet<string>,
): readonly ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  for (const end of ['from', 'to'] as const) {
    if (!rawIds.has(route[end]))
      faults.push({
        path: `${start}/${end}`,
        message: `There is no connector "${route[end]}".`,
        fix: 'Add the connector, or correct the id.',
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
    if (!isAttributeName(name)) faults.push(unknownAttribute(`${start}/set/${name}`, name));
    if (target && 'stamp' in target && target.stamp === name)
      faults.push({
        path: `${start}/set/${name}`,
        message: `${name} is where connector "${target.id}" keeps galsync's stamp.`,
        fix: 'Set another attribute, or move the stamp.',
      });
    for (const placeholder of placeholders(template))
      if (!knowsAttribute(placeholder)) faults.push(unknownAttribute(`${start}/set/${name}`, placeholder));
  }
  if (route.push.existingWhere) faults.push(...conditionFaults(route.push.existingWhere, `${start}/existingWhere`, knowsAttribute));
  return faults;
}

/** What is wrong between routes: an id twice, two routes for one ordered pair. */
export function routesFaults(routes: readonly ReadRoute[]): readonly ConfigurationFault[] {
  const faults: ConfigurationFault[] = [];
  const ids = new Map<string, string>();
  const pairs = new Map<string, string>();
  for (const { route, start } of routes) {
    const id = route.id.toLowerCase();
    const first = ids.get(id);
    if (first !== undefined)
      faults.push({
        path: `${start}/id`,
        message: `The route id "${route.id}" stands at ${first} already.`,
        fix: 'Give each route an id of its own.',
      });
    ids.set(id, first ?? start);
    if (route.push.as === 'mailboxContact') continue;
    const pair = `${route.from}\0${route.to}`;
    const other = pairs.get(pair);
    if (other !== undefined)
      faults.push({
        path: start,
        message: `There is a route from "${route.from}" to "${route.to}" at ${other} already.`,
        fix: 'Join the two: one route for each ordered pair.',
      });
    pairs.set(pair, other ?? start);
  }
  return faults;
}
