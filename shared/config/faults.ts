import type { z } from 'zod';
import type { ConfigurationFault } from '../model/configuration.ts';

/** Every key that the document knows, for "did you mean". */
const KEYS = [
  'version',
  'paused',
  'defaults',
  'meshes',
  'connectors',
  'routes',
  'retention',
  'connector',
  'route',
  'id',
  'name',
  'kind',
  'tenant',
  'cloud',
  'domain',
  'customer',
  'endpoints',
  'credential',
  'clientId',
  'secret',
  'certificate',
  'managedIdentityClientId',
  'key',
  'subject',
  'audience',
  'serviceAccount',
  'agent',
  'owns',
  'pull',
  'users',
  'groups',
  'rooms',
  'sharedMailboxes',
  'contacts',
  'groupTypes',
  'internalOnlyGroups',
  'disabledUsers',
  'externalUsers',
  'hiddenEntries',
  'onlyMembersOf',
  'exceptMembersOf',
  'nestedGroups',
  'domains',
  'include',
  'exclude',
  'of',
  'orgUnits',
  'where',
  'withhold',
  'attributes',
  'stamp',
  'limits',
  'lanes',
  'requestsPerMinute',
  'from',
  'to',
  'enabled',
  'filter',
  'push',
  'as',
  'emptyFields',
  'addressList',
  'only',
  'except',
  'set',
  'drift',
  'default',
  'addresses',
  'secondary',
  'sip',
  'x500',
  'deliverTo',
  'keepOriginal',
  'existing',
  'existingWhere',
  'mailUser',
  'userPrincipalName',
  'signIn',
  'mailboxes',
  'folder',
  'leavers',
  'gone',
  'outOfScope',
  'policy',
  'days',
  'breakers',
  'removals',
  'count',
  'percent',
  'max',
  'creations',
  'clearedPercent',
  'addressChangesPercent',
  'sourceShrinkPercent',
  'firstRun',
  'approvalHours',
  'schedule',
  'cron',
  'timeZone',
  'automatic',
  'pullTargetEvery',
  'jobs',
  'changes',
  'logs',
  'attribute',
  'operator',
  'value',
  'caseSensitive',
  'all',
  'any',
  'not',
  'login',
  'graph',
  'exchange',
  'token',
  'sts',
  'iam',
  'admin',
  'groupsSettings',
  'ldap',
  'directory',
  'url',
  'base',
  'writeTo',
];

/** A JSON Pointer (RFC 6901) below `start`. */
export function pointer(start: string, path: readonly PropertyKey[]): string {
  return start + path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** zod's issues as faults: unknown keys one by one with the nearest known one, unions as their best-fitting branch. */
export function faultsOf(error: z.ZodError, start: string): readonly ConfigurationFault[] {
  return error.issues.flatMap((issue) => issueFaults(issue, start, []));
}

function issueFaults(issue: z.core.$ZodIssue, start: string, above: readonly PropertyKey[]): readonly ConfigurationFault[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(pointer(start, [...path, key]), key));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that got furthest says what was meant; branches that fail at their own key say nothing.
    const best = [...issue.errors].sort((a, b) => weight(a) - weight(b))[0]!;
    return best.flatMap((inner) => issueFaults(inner, start, path));
  }
  return [{ path: pointer(start, path), message: plain(issue), fix: fixFor(issue) }];
}

function weight(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce(
    (n, issue) =>
      n +
      (issue.code === 'unrecognized_keys' ? 3 : issue.code === 'invalid_type' && issue.path.length <= 1 ? 5 : 1) -
      Math.min(2, issue.path.length),
    0,
  );
}

function unknownKey(path: string, key: string): ConfigurationFault {
  const near = nearest(key);
  return {
    path,
    message: `There is no key "${key.slice(0, 80)}" here.`,
    fix: near ? `Did you mean "${near}"? Otherwise remove it.` : 'Remove it.',
  };
}

function plain(issue: z.core.$ZodIssue): string {
  return issue.message.replace(/^Invalid input: /, '').replace(/^./, (first) => first.toUpperCase());
}

function fixFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `Use one of ${issue.values.map(String).join(', ')}.`;
  if (issue.code === 'invalid_type') return `Give a value of type ${issue.expected}.`;
  if (issue.code === 'too_big') return `At most ${String(issue.maximum)}.`;
  if (issue.code === 'too_small') return `At least ${String(issue.minimum)}.`;
  return 'Correct the value as the configuration reference describes.';
}

/** The known key with the fewest edits, if it is near enough to be meant. */
export function nearest(key: string, among: readonly string[] = KEYS): string | null {
  let best: { key: string; edits: number } | null = null;
  for (const known of among) {
    const edits = distance(key.toLowerCase(), known.toLowerCase());
    if (!best || edits < best.edits) best = { key: known, edits };
  }
  return best && best.edits <= Math.max(1, Math.floor(key.length / 3)) ? best.key : null;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
