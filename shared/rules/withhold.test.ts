import { describe, expect, it } from 'vitest';
import type { EntryPart } from '../model/entry.ts';
import { anEntry, NOW } from './harness.ts';
import { compileWithhold, compileWithholding } from './withhold.ts';

const inCity = (value: string) => ({ attribute: 'city', operator: 'Equals' as const, value });

describe('values that never leave', () => {
  const entry = anEntry({ attributes: { displayName: 'Ada', mobilePhone: '1', city: 'Oslo' }, raw: { salary: '9', unit: 'x' } });
  it('are gone, the directory’s own too; the rest and the entry given stay', () => {
    const before = structuredClone(entry);
    const out = compileWithhold([{ attributes: ['mobilePhone', 'raw.salary'], where: null }], NOW)(entry);
    expect(out).toEqual({ ...entry, attributes: { displayName: 'Ada', city: 'Oslo' }, raw: { unit: 'x' } });
    expect(entry).toEqual(before);
  });
  it('where a condition says so, judged on the whole entry', () => {
    const rules = (city: string) => [
      { attributes: ['city'], where: null },
      { attributes: ['mobilePhone'], where: inCity(city) },
    ];
    expect(compileWithhold(rules('oslo'), NOW)(entry).attributes).toEqual({ displayName: 'Ada' });
    expect(compileWithhold(rules('Paris'), NOW)(entry).attributes).toEqual({ displayName: 'Ada', mobilePhone: '1' });
  });
  it('have no other name: the directory’s own of the same name, and what lies below a path, goes too', () => {
    const raw = { mobilePhone: '1', mobilePhoneModel: 'x', 'customSchemas.hr.pay': '9', 'customSchemas.hrx.pay': '8' };
    const out = compileWithhold([{ attributes: ['mobilePhone', 'raw.customSchemas.hr'], where: null }], NOW)(anEntry({ raw }));
    expect(out.raw).toEqual({ mobilePhoneModel: 'x', 'customSchemas.hrx.pay': '8' });
  });
  it('our own objects keep theirs: they came from elsewhere', () => {
    const ours = { ...entry, stamp: 'galsync:r:u9' };
    expect(compileWithhold([{ attributes: ['mobilePhone'], where: null }], NOW)(ours)).toEqual(ours);
  });
});

describe('a part as it is staged', () => {
  const part = (more: Partial<EntryPart['fields']> = {}): EntryPart => ({
    id: 'u1',
    primary: true,
    fields: { kind: 'user', attributes: { displayName: 'Ada', mobilePhone: '1', city: 'Oslo' }, ...more },
  });
  const rules = [
    { attributes: ['mobilePhone', 'city'], where: null },
    { attributes: ['displayName'], where: inCity('Oslo') },
  ];
  const names = (one: EntryPart): string[] => Object.keys(one.fields.attributes ?? {});
  it('lacks what is withheld whatever the entry says, but for what a condition must see', () => {
    expect(names(compileWithholding(rules, NOW).part(part()))).toEqual(['displayName', 'city']);
  });
  it('keeps everything while it may be one of our objects', () => {
    const whole = ['displayName', 'mobilePhone', 'city'];
    expect(names(compileWithholding(rules, NOW).part(part({ stamp: 'galsync:r:u9' })))).toEqual(whole);
    const { kind: _kind, ...unknown } = part().fields;
    expect(names(compileWithholding(rules, NOW).part({ id: 'u1', primary: false, fields: unknown }))).toEqual(whole);
  });
});

describe('a row as it is committed', () => {
  const SETS = ['users', 'recipients'];
  const user = (attributes: object): EntryPart => ({ id: 'u1', primary: true, fields: { kind: 'user', attributes } });
  const recipient = (city: string, more: object = {}): EntryPart => ({
    id: 'u1',
    primary: false,
    fields: { ...more, attributes: { customAttribute1: city } },
  });
  const where = { attribute: 'customAttribute1', operator: 'Equals' as const, value: 'Oslo' };
  const { row } = compileWithholding([{ attributes: ['mobilePhone'], where }], NOW);
  const all = new Set(SETS);

  it('is judged on all its parts together', () => {
    const out = row({ users: user({ mobilePhone: '1' }), recipients: recipient('Oslo') }, SETS, all, {});
    expect(out.parts['users']!.fields.attributes).toEqual({});
    expect(out).toMatchObject({ withheld: { users: ['mobilePhone'] }, restore: [] });
    expect(row({ users: user({ mobilePhone: '1' }), recipients: recipient('Paris') }, SETS, all, {}).withheld).toBeNull();
  });
  it('an old part that lacks a value which now leaves again asks for a full read of its set', () => {
    const held = row({ users: user({ mobilePhone: '1' }), recipients: recipient('Oslo') }, SETS, all, {});
    const moved = row({ ...held.parts, recipients: recipient('Paris') }, SETS, new Set(['recipients']), held.withheld!);
    expect(moved).toMatchObject({ withheld: { users: ['mobilePhone'] }, restore: ['users'] });
    const read = row({ ...moved.parts, users: user({ mobilePhone: '1' }) }, SETS, new Set(['users', 'recipients']), moved.withheld!);
    expect(read).toMatchObject({ withheld: null, restore: [] });
    expect(read.parts['users']!.fields.attributes).toEqual({ mobilePhone: '1' });
  });
  it('a new rule cleans old parts', () => {
    const old = { users: user({ mobilePhone: '1' }), recipients: recipient('Oslo') };
    expect(row(old, SETS, new Set(), {}).parts['users']!.fields.attributes).toEqual({});
  });
  it('a condition over a value that was taken out keeps what it withholds, and asks for nothing', () => {
    const prefix = { attribute: 'mobilePhone', operator: 'StartWith' as const, value: '+1' };
    const own = compileWithholding([{ attributes: ['mobilePhone'], where: prefix }], NOW);
    const held = own.row({ users: user({ mobilePhone: '+1 5' }), recipients: recipient('a') }, SETS, all, {});
    const next = own.row({ ...held.parts, recipients: recipient('b') }, SETS, new Set(['recipients']), held.withheld!);
    expect(next).toMatchObject({ withheld: { users: ['mobilePhone'] }, restore: [] });
  });
  it('an object of ours keeps its values, wherever its stamp is told; what is left of an object keeps none', () => {
    const ours = { users: user({ mobilePhone: '1' }), recipients: recipient('Oslo', { stamp: 'galsync:r:u9' }) };
    expect(row(ours, SETS, all, {}).parts).toEqual(ours);
    const echo = { recipients: { ...recipient('Oslo'), fields: { attributes: { mobilePhone: '1' } } } };
    expect(row(echo, SETS, all, {}).parts['recipients']!.fields.attributes).toEqual({});
  });
});
