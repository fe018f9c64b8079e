import { describe, expect, it } from 'vitest';
import { anEntry, NOW } from './harness.ts';
import { compileWithhold } from './withhold.ts';

describe('values that never leave', () => {
  const entry = anEntry({ attributes: { displayName: 'Ada', mobilePhone: '1', city: 'Oslo' }, raw: { salary: '9', unit: 'x' } });
  it('are gone, the directory’s own too; the rest and the entry given stay', () => {
    const before = structuredClone(entry);
    const out = compileWithhold([{ attributes: ['mobilePhone', 'raw.salary'], where: null }], NOW)(entry);
    expect(out).toEqual({ ...entry, attributes: { displayName: 'Ada', city: 'Oslo' }, raw: { unit: 'x' } });
    expect(entry).toEqual(before);
  });
  it('where a condition says so, judged on the whole entry', () => {
    const where = (city: string) => ({ attribute: 'city', operator: 'Equals' as const, value: city });
    const rules = (city: string) => [
      { attributes: ['city'], where: null },
      { attributes: ['mobilePhone'], where: where(city) },
    ];
    expect(compileWithhold(rules('oslo'), NOW)(entry).attributes).toEqual({ displayName: 'Ada' });
    expect(compileWithhold(rules('Paris'), NOW)(entry).attributes).toEqual({ displayName: 'Ada', mobilePhone: '1' });
  });
});
