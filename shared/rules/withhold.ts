import { isAttributeName } from '../model/attributes.ts';
import type { PullSettings } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import { compileCondition } from './condition.ts';

/** Values that never leave: removed as the entry is read, so that no snapshot, plan, log or before-image holds them (contract, withhold). */
export function compileWithhold(rules: PullSettings['withhold'], now: Date): (entry: Entry) => Entry {
  const compiled = rules.map((rule) => ({
    names: new Set(rule.attributes),
    applies: rule.where ? compileCondition(rule.where, now) : () => true,
  }));
  return (entry) => {
    const gone = new Set(compiled.filter((rule) => rule.applies(entry)).flatMap((rule) => [...rule.names]));
    if (gone.size === 0) return entry;
    const keep = <T>(values: Readonly<Record<string, T>>, prefix: string): Record<string, T> =>
      Object.fromEntries(Object.entries(values).filter(([name]) => !gone.has(prefix + name)));
    const attributes = keep(entry.attributes as Record<string, string>, '') as Entry['attributes'];
    return {
      ...entry,
      attributes: Object.fromEntries(Object.entries(attributes).filter(([name]) => isAttributeName(name))),
      ...(entry.raw ? { raw: keep(entry.raw, 'raw.') } : {}),
    };
  };
}
