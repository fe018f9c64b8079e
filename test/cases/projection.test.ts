import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKey, type Capability } from '../../shared/connectors/connector.ts';
import { SHARED_CONTACT } from '../../shared/connectors/google/capability.ts';
import type { Fields, FieldValue } from '../../shared/model/plan.ts';
import { diffFields, hashValue } from '../../shared/rules/diff.ts';
import { TARGET } from '../../shared/rules/harness.ts';
import { compileProjection } from '../../shared/rules/project.ts';
import { cutText, fillTemplate } from '../../shared/rules/texts.ts';
import { createWorld } from '../sync/world.ts';
import { entryWith } from './entryWith.ts';

const ONE_COUNTRY: Capability = {
  ...TARGET,
  fields: { displayName: { maxLength: 64 }, addresses: { maxValues: 20 }, country: {}, hidden: {}, jobTitle: {} },
  normalise: (name, value) =>
    name === 'country'
      ? ({ UK: 'United Kingdom', GB: 'United Kingdom', 'UNITED KINGDOM': 'United Kingdom' }[value.toUpperCase()] ?? null)
      : value,
  respells: new Set(['country']),
};

describe('projection and comparison', () => {
  const route = (() => {
    const world = createWorld({ a: 1 });
    return world.context.configuration();
  })();
  it('R15 cuts a name before an emoji, never in it', async () => {
    const name = `${'a'.repeat(63)}\u{1F469}\u200D\u{1F4BB}`;
    expect(cutText(name, 64)).toBe('a'.repeat(63));
    const projected = compileProjection((await route).configuration.routes[0]!, ONE_COUNTRY)(entryWith({ displayName: name }));
    expect(projected.fields.displayName).toBe('a'.repeat(63));
    expect(projected.losses).toEqual(['displayName cut']);
  });
  it('R17 writes one country for UK, GB and its name, and lists what is no country', async () => {
    const project = compileProjection((await route).configuration.routes[0]!, ONE_COUNTRY);
    expect(
      ['UK', 'GB', 'United Kingdom', 'Scotland'].map((country) => project(entryWith({ displayName: 'x', country })).fields.country),
    ).toEqual(['United Kingdom', 'United Kingdom', 'United Kingdom', null]);
    expect(project(entryWith({ displayName: 'x', country: 'Scotland' })).losses).toEqual(['country not known']);
    // The target answers the name it knows, or none: nothing is left to write.
    for (const [country, answered] of [
      ['UK', { country: 'United Kingdom' }],
      ['GB', { country: 'United Kingdom' }],
      ['Scotland', {}],
    ] as const) {
      const { country: desired } = project(entryWith({ displayName: 'x', country })).fields;
      expect(compare({ country: desired! }, answered), country).toEqual([]);
    }
  });
  const compare = (desired: Fields, current: Fields) =>
    diffFields(desired, current, { emptyFields: 'own', drift: { default: 'reassert', except: [] }, written: {} });
  it('R23 takes composed and decomposed spellings for one', () => {
    expect(
      compare(
        { displayName: 'Zoe\u0308 Lindstro\u0308m', addresses: ['zoe\u0308@a.example'] },
        { displayName: 'Zo\u00eb Lindstr\u00f6m', addresses: ['zo\u00eb@a.example'] },
      ),
    ).toEqual([]);
    expect(addressKey('zoe\u0308@a.example')).toBe(addressKey('ZO\u00cb@A.example'));
  });
  it('R25 folds dots for gmail.com only', () => {
    expect(
      compare(
        { addresses: ['First.Last@gmail.com', 'ann@a.example', 'A.nn@b.example'] },
        { addresses: ['firstlast@gmail.com', 'ann@a.example', 'a.nn@b.example'] },
      ),
    ).toEqual([]);
    expect(addressKey('x.y@b.example')).not.toBe(addressKey('xy@b.example'));
  });
  it('is idempotent: what was applied is equal afterwards', () => {
    const value: fc.Arbitrary<FieldValue> = fc.oneof(
      fc.constant(null),
      fc.string({ unit: 'grapheme', maxLength: 30 }).filter((text) => text.trim() !== ''),
    );
    fc.assert(
      fc.property(
        fc.record({ displayName: value, jobTitle: value, city: value }),
        fc.record({ displayName: value, jobTitle: value, city: value }),
        (desired, current) => {
          const written = Object.fromEntries(Object.entries(current).map(([name, one]) => [name, hashValue(one)]));
          const options = { emptyFields: 'always', drift: { default: 'reassert', except: [] }, written } as const;
          const after = { ...current };
          for (const change of diffFields(desired, current, options)) (after as Record<string, FieldValue>)[change.name] = change.after;
          expect(diffFields(desired, after, options)).toEqual([]);
        },
      ),
    );
  });
  it('clears only what galsync wrote, and leaves edits where told to', () => {
    const options = { emptyFields: 'own', drift: { default: 'leave', except: [] }, written: { jobTitle: hashValue('Ours') } } as const;
    expect(diffFields({ jobTitle: null }, { jobTitle: 'Ours' }, options)).toHaveLength(1);
    expect(diffFields({ jobTitle: null }, { jobTitle: 'Edited' }, options)).toEqual([]);
    expect(diffFields({ jobTitle: 'New' }, { jobTitle: 'Edited' }, options)).toEqual([]);
  });
  it('fills templates: parts with an empty placeholder vanish', () => {
    const value = (name: string): string => ({ displayName: 'Ada', companyName: '' })[name] ?? '';
    expect(fillTemplate('{displayName}[ ({companyName})]', value)).toBe('Ada');
    expect(fillTemplate('{{x}} [[y', value)).toBe('{x} [y');
  });
  it('keeps a shared contact below 2 KB by dropping the least missed', () => {
    const fitted = SHARED_CONTACT.fit!({
      displayName: 'x',
      notes: 'n'.repeat(1_500),
      streetAddress: 's'.repeat(600),
      addresses: ['a@b.example'],
    });
    expect(fitted.lost).toEqual(['notes']);
  });
});
