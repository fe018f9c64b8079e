import { createHash } from 'node:crypto';
import { type Condition, conditionNames, type PullSettings } from '../model/configuration.ts';
import { type Entry, type EntryPart, mergeParts } from '../model/entry.ts';
import { looksStamped } from '../model/stamp.ts';
import { compileCondition } from './condition.ts';

/** Names that were taken out of a stored part, by set: what is missing there, not empty. */
export type Withheld = Readonly<Record<string, readonly string[]>>;

export interface WithheldRow {
  readonly parts: Readonly<Record<string, EntryPart>>;
  readonly withheld: Withheld | null;
  /** Sets whose kept part lacks a value that nobody withholds any more: they must be read in full again. */
  readonly restore: readonly string[];
}

/** Values that never leave (contract, `withhold`), removed where the entry is read. Why in two places: docs/decisions/0003-values-withheld.md. */
export interface Withholding {
  /** Changes with the rules. `''`: there are none. */
  readonly digest: string;
  /** A page's part without what no condition must see first. */
  part(part: EntryPart): EntryPart;
  /**
   * A merged row without what its entry withholds.
   * @param fresh sets whose part came with this pull; the others are as an earlier pull left them
   * @param before names taken out of those others
   */
  row(parts: Readonly<Record<string, EntryPart>>, sets: readonly string[], fresh: ReadonlySet<string>, before: Withheld): WithheldRow;
}

interface Rule {
  readonly names: readonly string[];
  /** Attributes that the condition reads. */
  readonly reads: readonly string[];
  readonly applies: (entry: Entry) => boolean;
}

export function compileWithholding(rules: PullSettings['withhold'], now: Date): Withholding {
  const compiled = rules.map((rule): Rule => ({ names: rule.attributes, reads: namesOf(rule.where), applies: appliesTo(rule.where, now) }));
  const everything = compiled.flatMap((rule) => rule.names);
  const read = compiled.flatMap((rule) => rule.reads);
  const atOnce = rules.flatMap((rule) => (rule.where === null ? rule.attributes : [])).filter((name) => !covers([name], read));
  return {
    digest: rules.length === 0 ? '' : createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 16),
    part(part) {
      // What may be one of our own objects keeps its values: they came from elsewhere, and the diff needs them.
      if (atOnce.length === 0 || part.fields.kind === undefined || looksStamped(part.fields.stamp)) return part;
      return strip(part, atOnce).part;
    },
    row(parts, sets, fresh, before) {
      if (compiled.length === 0 && Object.keys(before).length === 0) return { parts, withheld: null, restore: [] };
      const kept = Object.entries(before).filter(([set]) => set in parts && !fresh.has(set));
      const lost = kept.flatMap(([, names]) => names);
      const entry = mergeParts(sets.flatMap((set) => parts[set] ?? []));
      // A condition over a value that is no longer there cannot be judged: what it withholds stays withheld.
      const hides = (rule: Rule, of: Entry): boolean => rule.reads.some((name) => covers(lost, [name])) || rule.applies(of);
      const gone =
        entry === null ? everything : looksStamped(entry.stamp) ? [] : compiled.flatMap((rule) => (hides(rule, entry) ? rule.names : []));
      const stripped: Record<string, EntryPart> = {};
      const marks: Record<string, readonly string[]> = Object.fromEntries(kept);
      for (const [set, part] of Object.entries(parts)) {
        const { part: bare, removed } = strip(part, gone);
        stripped[set] = bare;
        if (removed.length > 0) marks[set] = [...new Set([...(marks[set] ?? []), ...removed])].sort();
      }
      const restore = kept.filter(([, names]) => names.some((name) => !covers(gone, [name]))).map(([set]) => set);
      return { parts: stripped, withheld: Object.keys(marks).length > 0 ? marks : null, restore };
    },
  };
}

/** The same for a whole entry: a rule that was saved after the last pull counts at once. */
export function compileWithhold(rules: PullSettings['withhold'], now: Date): (entry: Entry) => Entry {
  const compiled = rules.map((rule) => ({ names: rule.attributes, applies: appliesTo(rule.where, now) }));
  return (entry) => {
    if (looksStamped(entry.stamp)) return entry;
    const gone = compiled.filter((rule) => rule.applies(entry)).flatMap((rule) => rule.names);
    if (gone.length === 0) return entry;
    const { id, ...fields } = entry;
    return { id, ...(strip({ id, primary: true, fields }, gone).part.fields as Omit<Entry, 'id'>) };
  };
}

function appliesTo(where: Condition | null, now: Date): (entry: Entry) => boolean {
  return where ? compileCondition(where, now) : () => true;
}

function namesOf(where: Condition | null): readonly string[] {
  return where ? conditionNames(where) : [];
}

/** True if one of `names` is withheld by `gone`: itself, the directory's own value of that name, or what lies below a path. */
function covers(gone: readonly string[], names: readonly string[]): boolean {
  return names.some((name) =>
    gone.some((one) => name === one || name === `raw.${one}` || (one.startsWith('raw.') && name.startsWith(`${one}.`))),
  );
}

function strip(part: EntryPart, gone: readonly string[]): { readonly part: EntryPart; readonly removed: readonly string[] } {
  const { attributes, raw } = part.fields;
  const removed: string[] = [];
  const without = <T>(values: Readonly<Record<string, T>>, prefix: string): Record<string, T> =>
    Object.fromEntries(
      Object.entries(values).filter(([name]) => {
        const hidden = covers(gone, [prefix + name]);
        if (hidden) removed.push(prefix + name);
        return !hidden;
      }),
    );
  const { managerRef, ...own } = part.fields;
  const manager = managerRef === undefined ? {} : without({ manager: managerRef }, '');
  const fields = {
    ...own,
    ...(manager.manager === undefined ? {} : { managerRef: manager.manager }),
    ...(attributes ? { attributes: without(attributes, '') } : {}),
    ...(raw ? { raw: without(raw, 'raw.') } : {}),
  };
  return removed.length > 0 ? { part: { ...part, fields }, removed } : { part, removed };
}
