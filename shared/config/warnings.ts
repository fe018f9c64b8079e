import { type Configuration, conditionNames, type PushType } from '../model/configuration.ts';
import { looseMarks, placeholders } from '../rules/texts.ts';
import { namesIn } from './wantedAttributes.ts';

/** Push types whose objects cannot be hidden from an address list. */
const CANNOT_HIDE: ReadonlySet<PushType> = new Set(['sharedContact', 'mailboxContact']);

const CONTACTS: ReadonlySet<PushType> = new Set(['contact', 'sharedContact']);

/** Settings that are allowed and have no effect where they stand: said, never silently ignored. */
export function warningsOf(configuration: Configuration): readonly string[] {
  return [
    ...mailboxWarnings(configuration),
    ...hidingWarnings(configuration),
    ...withheldWarnings(configuration),
    ...existingWarnings(configuration),
    ...idleWarnings(configuration),
    ...templateWarnings(configuration),
    ...ceilingWarnings(configuration),
  ];
}

function mailboxWarnings(configuration: Configuration): readonly string[] {
  return configuration.routes.flatMap((route) => {
    const { of, folder } = route.push.mailboxes;
    if (route.push.as === 'mailboxContact')
      return of.length > 0 ? [] : [`Route "${route.id}": push.mailboxes.of names nobody; no mailbox gets its contacts.`];
    return of.length > 0 || folder !== null ? [`Route "${route.id}": "mailboxes" has no effect with "as": "${route.push.as}".`] : [];
  });
}

/** A condition or text over a value that is withheld from everybody never sees one. */
function withheldWarnings(configuration: Configuration): readonly string[] {
  return configuration.connectors.flatMap((connector) => {
    const gone = new Set(connector.pull.withhold.filter((rule) => rule.where === null).flatMap((rule) => rule.attributes));
    if (gone.size === 0) return [];
    const told = (where: string, names: readonly string[]): string[] =>
      [...new Set(names)]
        .filter((name) => gone.has(name))
        .map(
          (name) =>
            `${where} reads "${name}", which "withhold" of connector "${connector.id}" removes from every entry: it is always empty there.`,
        );
    return [
      ...told(`Connector "${connector.id}": "pull/where"`, namesIn(connector.pull.where)),
      ...configuration.routes
        .filter((route) => route.from === connector.id)
        .flatMap((route) => [
          ...told(`Route "${route.id}": "filter/where"`, namesIn(route.filter.where)),
          ...told(`Route "${route.id}": "push/set"`, Object.values(route.push.set).flatMap(placeholders)),
        ]),
    ];
  });
}

/** Contacts in a target have none of the directory's own attributes. */
function existingWarnings(configuration: Configuration): readonly string[] {
  return configuration.routes.flatMap((route) => {
    if (!CONTACTS.has(route.push.as) || route.push.existingWhere === null) return [];
    const raw = conditionNames(route.push.existingWhere).filter((name) => name.startsWith('raw.'));
    return [...new Set(raw)].map(
      (name) => `Route "${route.id}": "push/existingWhere" reads "${name}", which contacts do not have: it is always empty there.`,
    );
  });
}

/** Options of another push type or policy. */
function idleWarnings(configuration: Configuration): readonly string[] {
  return configuration.routes.flatMap(({ id, push }) => {
    const { userPrincipalName, signIn } = push.mailUser;
    const named = signIn !== 'blocked' || userPrincipalName !== '{alias}@<initial domain>';
    return [
      ...(named && push.as !== 'mailUser' ? [`Route "${id}": "mailUser" has no effect with "as": "${push.as}".`] : []),
      ...(push.existingWhere && push.existing === 'report'
        ? [`Route "${id}": "existingWhere" has no effect with "existing": "report": nothing is adopted or taken over.`]
        : []),
    ];
  });
}

/** A page of Google's groups takes about 50 calls, and an activity half an hour at most. */
const FEW_REQUESTS = 6;

function ceilingWarnings(configuration: Configuration): readonly string[] {
  return configuration.connectors.flatMap(({ id, limits: { requestsPerMinute } }) =>
    requestsPerMinute !== null && requestsPerMinute < FEW_REQUESTS
      ? [
          `Connector "${id}": with "limits/requestsPerMinute": ${requestsPerMinute} a pull takes hours, and one page of groups (about 50 calls) may take too long to end at all; use ${FEW_REQUESTS} or more.`,
        ]
      : [],
  );
}

function templateWarnings(configuration: Configuration): readonly string[] {
  return configuration.routes.flatMap(({ id, push }) =>
    Object.entries(push.set).flatMap(([name, template]) => {
      const loose = looseMarks(template);
      if (loose.length === 0) return [];
      return [`Route "${id}": "push/set/${name}" has ${loose.join(' and ')} without its partner; it is pushed as it stands there.`];
    }),
  );
}

function hidingWarnings(configuration: Configuration): readonly string[] {
  return configuration.routes.flatMap((route) => {
    if (!CANNOT_HIDE.has(route.push.as)) return [];
    const warnings: string[] = [];
    if (route.push.addressList === 'hidden' || route.push.addressList === 'likeSource')
      warnings.push(`Route "${route.id}": its target cannot hide entries; "addressList": "${route.push.addressList}" has no effect.`);
    for (const reason of ['gone', 'outOfScope'] as const)
      if (route.leavers[reason].policy === 'hide')
        warnings.push(`Route "${route.id}": its target cannot hide entries; with "leavers/${reason}": "hide" they stay as they are.`);
    return warnings;
  });
}
