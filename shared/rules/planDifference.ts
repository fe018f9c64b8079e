import type { Change, FieldName } from '../model/plan.ts';
import { hashValue } from './diff.ts';
import { count, listed } from './explainWords.ts';
import type { DraftChange } from './view.ts';

/** What two plans of one route say differently about one entry. */
export type DifferenceKind = 'adds' | 'addsNoMore' | 'removes' | 'removesNoMore' | 'leaves' | 'updates' | 'updatesNoMore' | 'skips';
export const DIFFERENCES: readonly DifferenceKind[] = [
  'adds',
  'addsNoMore',
  'removes',
  'removesNoMore',
  'leaves',
  'updates',
  'updatesNoMore',
  'skips',
];

/** A change without the texts of people, but for the addresses that claims are about: 50,000 of them fit into memory twice. */
export function slim(change: DraftChange): DraftChange {
  const fields = change.change === 'update' || change.change === 'adopt' ? change.fields.map(slimField) : [];
  return { ...change, fields, desired: null };
}

function slimField(field: DraftChange['fields'][number]): DraftChange['fields'][number] {
  if (field.name === 'addresses' || field.name === 'deliveryAddress') return field;
  return { name: field.name, before: null, after: field.after === null ? null : hashValue(field.after) };
}

type Compared = Pick<Change, 'change' | 'orphan' | 'reason' | 'fields'>;

/** In which way `after` differs from `now`; null where both plans do the same about the entry. */
export function differenceOf(now: Compared | undefined, after: Compared | undefined): DifferenceKind | null {
  if (isRemoval(after) !== isRemoval(now)) return isRemoval(after) ? 'removes' : 'removesNoMore';
  if (makes(after) !== makes(now)) return makes(after) ? 'adds' : after?.change === 'skip' ? 'skips' : 'addsNoMore';
  if (leaves(after) && !leaves(now)) return 'leaves';
  if (after?.change === 'skip' && now?.change !== 'skip') return 'skips';
  const [before, then] = [written(now), written(after)];
  if (then.some((field) => !before.includes(field))) return 'updates';
  return before.some((field) => !then.includes(field)) ? 'updatesNoMore' : null;
}

/** Fields that `after` writes or empties and `now` does not. */
export function newFields(
  now: Compared | undefined,
  after: Compared | undefined,
): { readonly written: readonly FieldName[]; readonly cleared: readonly FieldName[] } {
  const before = written(now);
  const fresh = (after?.orphan || after?.change !== 'update' ? [] : after.fields).filter((field) => !before.includes(fieldKey(field)));
  return {
    written: fresh.filter((field) => field.after !== null).map((field) => field.name),
    cleared: fresh.filter((field) => field.after === null).map((field) => field.name),
  };
}

function isRemoval(change: Compared | undefined): boolean {
  return change?.orphan === true && (change.change === 'hide' || change.change === 'delete');
}

function makes(change: Compared | undefined): boolean {
  return change !== undefined && !change.orphan && (change.change === 'create' || change.change === 'adopt');
}

/** Its object is left to itself, for now or for good: kept by policy or grace, released. */
function leaves(change: Compared | undefined): boolean {
  return change?.orphan === true && !isRemoval(change);
}

function written(change: Compared | undefined): readonly string[] {
  return change && !change.orphan && change.change === 'update' ? change.fields.map(fieldKey) : [];
}

function fieldKey({ name, after }: Compared['fields'][number]): string {
  return `${name}\0${after === null ? '' : hashValue(after)}`;
}

/** Sums of differences of one route. */
export interface Differences {
  readonly entries: Readonly<Record<DifferenceKind, number>>;
  /** Of `removes`: what it is that happens at once. */
  readonly hides: number;
  readonly deletes: number;
  /** Field → entries of which it would be written (emptied) and is not now. */
  readonly written: Readonly<Partial<Record<FieldName, number>>>;
  readonly cleared: Readonly<Partial<Record<FieldName, number>>>;
}

/** `Adds 12, removes 340 (hides 300, deletes 40), clears mobilePhone of 25.` */
export function differenceText({ entries, hides, deletes, written: fields, cleared }: Differences): string {
  const of = (sums: Readonly<Partial<Record<FieldName, number>>>): string =>
    listed(
      Object.entries(sums)
        .sort(([, a], [, b]) => b - a)
        .map(([name, n]) => `${name} of ${n}`),
    );
  const texts = [
    entries.adds > 0 ? `adds ${entries.adds}` : '',
    entries.removes > 0
      ? `removes ${entries.removes} (${listed([hides > 0 ? `hides ${hides}` : '', deletes > 0 ? `deletes ${deletes}` : ''].filter(Boolean))})`
      : '',
    entries.leaves > 0 ? `lets ${count(entries.leaves, 'object')} go that stay for now (policy, grace or adopted)` : '',
    Object.keys(cleared).length > 0 ? `clears ${of(cleared)}` : '',
    Object.keys(fields).length > 0 ? `writes ${of(fields)}` : '',
    entries.skips > 0 ? `skips ${entries.skips} more (collision or claimed)` : '',
    entries.addsNoMore > 0 ? `does not add ${entries.addsNoMore} that would be added now` : '',
    entries.removesNoMore > 0 ? `keeps ${entries.removesNoMore} that would be removed now` : '',
    entries.updatesNoMore > 0 ? `leaves ${entries.updatesNoMore} as they are that would be updated now` : '',
  ].filter(Boolean);
  if (texts.length === 0) return 'Nothing differs from what the running configuration does.';
  const text = texts.join(', ');
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
