import type { RouteSettings } from '../model/configuration.ts';
import { domainOf, type Entry, primaryAddress } from '../model/entry.ts';
import type { SkipReason } from '../model/plan.ts';
import { type ConditionVerdict, conditionText } from './explainCondition.ts';
import { count, duration, listed, quoted } from './explainWords.ts';
import type { DomainOwners } from './owners.ts';
import type { Projection } from './project.ts';
import type { Selected, SelectVerdict } from './select.ts';
import { STALE_MS } from './view.ts';

/** One hop of an entry's way, in words and data. `stop`: the way ends here · `note`: goes on, with something to know. */
export interface ExplainStep {
  readonly step:
    | 'pull'
    | 'entry'
    | 'select'
    | 'owner'
    | 'project'
    | 'match'
    | 'target'
    | 'diff'
    | 'claims'
    | 'leaver'
    | 'waits'
    | 'history';
  readonly verdict: 'ok' | 'note' | 'stop';
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is known of the read that an explanation rests on. */
export interface ReadFacts {
  readonly connector: string;
  readonly name: string;
  readonly completedAt: string;
  readonly version: string;
  readonly mode: 'full' | 'delta';
  readonly total: number;
  readonly losses: readonly string[];
  /** False: since that read the configuration asks the directory for more attributes or parts. */
  readonly asAsked: boolean;
  /** The job that works with the connector now. */
  readonly runningJob: string | null;
  /** The newest job with this connector could not read it. */
  readonly lastFailure: { readonly job: string; readonly cause: string } | null;
  /** The last read did not show the entry, and does not count yet for its absence. */
  readonly unconfirmed: boolean;
}

/** Which read is being talked about: when, how, and whether it can be relied upon. */
export function readStep(step: 'pull' | 'target', facts: ReadFacts, now: Date): ExplainStep {
  const age = now.getTime() - Date.parse(facts.completedAt);
  const stale = step === 'pull' && age > STALE_MS;
  const text = [
    `${step === 'pull' ? 'Source' : 'Target'} ${quoted(facts.name)} was last read completely ${duration(age)} ago (${facts.completedAt}, ${facts.mode === 'full' ? 'everything' : 'changes only'}, ${count(facts.total, 'entry', 'entries')}).`,
    stale ? 'That is more than 24 hours: nothing is hidden or deleted because of it.' : '',
    facts.lastFailure ? `The newest job with it, ${facts.lastFailure.job}, could not read it: ${facts.lastFailure.cause}` : '',
    facts.runningJob ? `Job ${facts.runningJob} is working with it now: what follows may be out of date in a minute.` : '',
    facts.losses.length > 0 ? `Not granted, so not read: ${listed(facts.losses)}.` : '',
    facts.asAsked ? '' : 'Since then the configuration asks it for more attributes or parts: what that read did not ask for is empty here.',
    facts.unconfirmed
      ? 'The last read did not show this object; its rights or property list had changed, so the absence counts only if the next read confirms it.'
      : '',
  ];
  const troubled = stale || !facts.asAsked || facts.lastFailure !== null || facts.unconfirmed || facts.losses.length > 0;
  return {
    step,
    verdict: troubled ? 'note' : 'ok',
    text: text.filter(Boolean).join(' '),
    data: { ...facts, ageSeconds: Math.round(age / 1000), stale },
  };
}

/** The entry as it is kept. Values that the connector withholds are not in it; only their names are told. */
export function entryStep(entry: Entry, withheld: readonly string[], heldAs: string | null): ExplainStep {
  const more = entry.addresses.length - 1;
  const state = [entry.enabled ? '' : 'disabled', entry.external ? 'a guest' : '', entry.hidden ? 'hidden there' : ''].filter(Boolean);
  const text = [
    `It is a ${entry.kind} (${entry.type})${state.length > 0 ? `, ${listed(state)}` : ''}, ${
      entry.addresses.length === 0
        ? 'without any address'
        : `primary address ${primaryAddress(entry)}${more > 0 ? ` and ${count(more, 'more address', 'more addresses')}` : ''}`
    }.`,
    heldAs ? `What was asked for is its ${heldAs}, not one of its addresses.` : '',
    withheld.length > 0 ? `Withheld by configuration, never kept or shown: ${listed(withheld)}.` : '',
    entry.incomplete ? `It could not be read completely (${quoted(entry.incomplete)}): nothing is removed or emptied because of it.` : '',
  ];
  return { step: 'entry', verdict: entry.incomplete ? 'note' : 'ok', text: text.filter(Boolean).join(' '), data: { entry, withheld } };
}

/** Every test of `pull` and `filter`; `conditions` by rule (`pull.where`). */
export function selectStep(
  selected: Selected,
  verdicts: readonly SelectVerdict[],
  conditions: Readonly<Record<string, ConditionVerdict | null>>,
): ExplainStep {
  const tests = verdicts.map((verdict) => ({
    rule: verdict.rule,
    reason: verdict.reason,
    verdict: verdict.passes ? 'passes' : verdict.unconfirmed ? 'cannot tell' : 'keeps out',
    why: verdict.why,
    ...(conditions[verdict.rule] ? { condition: conditions[verdict.rule] } : {}),
  }));
  const data = { kept: selected.kept, reason: selected.kept ? null : selected.reason, tests };
  if (selected.kept)
    return { step: 'select', verdict: 'ok', text: `It passes all ${tests.length} tests of pull, filter and ownership.`, data };
  const out = verdicts.filter((verdict) => !verdict.passes);
  const [first, ...others] = out.map((verdict) => reasonText(verdict, conditions[verdict.rule] ?? null));
  const also =
    others.length > 0
      ? ` ${others.length === 1 ? 'One more test' : `${others.length} more tests`} would keep it out too: ${others.join(' ')}`
      : '';
  const doubt = selected.unconfirmed ? ' This is not proven, so its object in the target, if there is one, stays.' : '';
  return { step: 'select', verdict: 'stop', text: `It is left out (${selected.reason}). ${first}${doubt}${also}`, data };
}

function reasonText(verdict: SelectVerdict, condition: ConditionVerdict | null): string {
  const why = verdict.why ?? '';
  return condition ? `${why.replace(/\.$/, '')}: ${conditionText(condition)}.` : why;
}

/** Whose the entry's domain is. */
export function ownerStep(entry: Entry, route: Pick<RouteSettings, 'from' | 'to'>, owners: DomainOwners): ExplainStep {
  const domain = domainOf(primaryAddress(entry));
  const owner = owners.ownerOf(domain);
  const data = { domain, owner, warnings: owners.warningsFor(route, new Set([domain])) };
  if (owner === route.from)
    return { step: 'owner', verdict: 'ok', text: `Its domain ${domain} belongs to its own directory "${owner}".`, data };
  if (owner === null)
    return {
      step: 'owner',
      verdict: 'ok',
      text: `Its domain ${domain || '(none)'} belongs to no directory of the configuration alone.`,
      data,
    };
  const out = owner === route.to ? 'the target itself (targetsOwn)' : `"${owner}", which exports it (ownedElsewhere)`;
  return { step: 'owner', verdict: route.from === route.to ? 'ok' : 'stop', text: `Its domain ${domain} belongs to ${out}.`, data };
}

/** What the entry becomes in the target, and what gets lost on the way. */
export function projectStep(projection: Projection, route: RouteSettings): ExplainStep {
  const filled = Object.values(projection.fields).filter((value) => value !== null && value !== undefined).length;
  const losses = projection.losses.length > 0 ? ` The target cannot hold: ${listed(projection.losses)}.` : '';
  const renamed = Object.keys(route.push.set).filter((name) => name in projection.fields);
  const set = renamed.length > 0 ? ` Set by the route: ${listed(renamed)}.` : '';
  return {
    step: 'project',
    verdict: projection.losses.length > 0 ? 'note' : 'ok',
    text: `In "${route.to}" it is a ${projection.as}, ${projection.address}, with ${count(filled, 'filled field')}.${set}${losses}`,
    data: { fields: projection.fields, losses: projection.losses, address: projection.address, addressKeys: projection.addressKeys },
  };
}

/** What a reason to be left out asks of an administrator. */
export const WAY_IN: Readonly<Partial<Record<SkipReason, string>>> = {
  stamped: 'It is an object that galsync made or adopted: it is exported from its own directory only.',
  invalid: 'Correct the record in its directory.',
  kind: 'Switch this kind on in "pull" and "filter" (or "push.groups").',
  disabled: 'Enable the account, or set "pull.disabledUsers".',
  external: 'Set "pull.externalUsers" if guests shall be exported.',
  hidden: 'Show it in its own directory, or set "pull.hiddenEntries".',
  noAddress: 'Give it a mail address.',
  internalOnly: 'Let the group take mail from outside, or set "pull.internalOnlyGroups".',
  domain: 'Change "domains" of "pull" or "filter".',
  orgUnit: 'Move it to another unit, or change "orgUnits".',
  exceptMember: 'Take it out of the group, or change "exceptMembersOf".',
  notMember: 'Put it into one of the groups, or change "onlyMembersOf".',
  where: 'Change the condition, or the value in its directory.',
  ownedElsewhere: 'Export it from the directory that owns its domain, or change "owns".',
  targetsOwn: 'The target has its own entry for it; change "owns" if that is not so.',
};
