import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capability } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import { anEntry, aRoute, type RouteParts, TARGET } from './harness.ts';
import { aliasFor, compileProjection, type Projection } from './project.ts';
import { comparable, cutText, fillTemplate, placeholders } from './texts.ts';

function project(entry: Partial<Entry>, push: NonNullable<RouteParts['push']> = {}, target: Capability = TARGET): Projection {
  return compileProjection(aRoute({ push }), target)(anEntry(entry));
}

describe('what is pushed', () => {
  it('the directory set by default; names only when named; "*" is all that the target holds', () => {
    const attributes = { displayName: 'Ada', jobTitle: 'x', city: 'Oslo', notes: 'n' };
    expect(project({ attributes }).fields).toMatchObject({ jobTitle: 'x', city: 'Oslo' });
    expect(project({ attributes }).fields).not.toHaveProperty('notes');
    expect(project({ attributes }, { attributes: { only: '*', except: ['city'] } }).fields).toMatchObject({ notes: 'n' });
    expect(project({ attributes }, { attributes: { only: '*', except: ['city'] } }).fields).not.toHaveProperty('city');
    expect(Object.keys(project({ attributes }, { attributes: { only: ['city'], except: ['displayName'] } }).fields).sort()).toEqual([
      'addresses',
      'city',
      'deliveryAddress',
      'displayName',
      'hidden',
      'sip',
      'x500',
    ]);
  });
  it('an empty source is null, so that the diff sees it; a name is never empty', () => {
    expect(project({ attributes: {} }).fields).toMatchObject({ jobTitle: null, businessPhones: null, displayName: 'ada@a.example' });
  });
  it('what the target cannot hold is a loss, said once', () => {
    const attributes = { displayName: 'x'.repeat(70), fax: '1', businessPhones: ['1', '2', '3', '3'] };
    const { fields, losses } = project({ attributes });
    expect(fields).toMatchObject({ displayName: 'x'.repeat(64), businessPhones: ['1', '2'] });
    expect([...losses].sort()).toEqual(['businessPhones beyond 2', 'displayName cut', 'fax']);
  });
  it('set writes texts, also of attributes that are not in "only"; the source sees its values as they were before', () => {
    const push = {
      attributes: { only: [], except: [] },
      set: { displayName: '{displayName}[ ({companyName})]', city: 'At {jobTitle}', notes: '{city}' },
    };
    expect(project({ attributes: { displayName: 'Ada', jobTitle: 'x' } }, push).fields).toMatchObject({
      displayName: 'Ada',
      city: 'At x',
      notes: null,
    });
  });
  it('addressList decides about visibility, "leave" says nothing', () => {
    const hidden = (addressList: 'shown' | 'hidden' | 'likeSource' | 'leave'): unknown =>
      project({ hidden: true }, { addressList }).fields.hidden;
    expect((['shown', 'hidden', 'likeSource', 'leave'] as const).map(hidden)).toEqual(['false', 'true', 'true', undefined]);
  });
});

describe('addresses', () => {
  const addresses = ['ada@a.example', 'a.berg@a.example', 'ada@a.onmicrosoft.com', 'ADA@a.example'];
  const of = (settings: NonNullable<RouteParts['push']>['addresses'], more: Partial<Entry> = {}): Projection =>
    project({ addresses, ...more }, { addresses: settings ?? {} });
  it('secondary ones but those of excepted domains, each once; an only address is never excepted', () => {
    expect(of({}).fields.addresses).toEqual(['ada@a.example', 'a.berg@a.example']);
    expect(of({ secondary: false }).fields.addresses).toEqual(['ada@a.example']);
    expect(of({}, { addresses: ['x@a.onmicrosoft.com'] }).fields.addresses).toEqual(['x@a.onmicrosoft.com']);
  });
  it('deliverTo: the first domain that fits is where mail goes, the primary stays', () => {
    const routed = of({ deliverTo: ['none.example', 'A.onmicrosoft.com'] });
    expect(routed.fields).toMatchObject({ addresses: ['ada@a.example', 'a.berg@a.example'], deliveryAddress: 'ada@a.onmicrosoft.com' });
    expect(routed.address).toBe('ada@a.example');
    expect(routed.addressKeys).toContain('ada@a.onmicrosoft.com');
    expect(of({ deliverTo: ['a.example'] }).fields.deliveryAddress).toBeNull();
  });
  it('domains are rewritten before matching; the original stays behind where asked', () => {
    const domains = { 'A.example': 'a.mail.example' };
    expect(of({ domains }).fields.addresses).toEqual(['ada@a.mail.example', 'a.berg@a.mail.example']);
    expect(of({ domains, keepOriginal: true }).fields.addresses).toEqual([
      'ada@a.mail.example',
      'a.berg@a.mail.example',
      'ada@a.example',
      'a.berg@a.example',
    ]);
    expect(of({ domains }).addressKeys).toEqual(['ada@a.mail.example', 'a.berg@a.mail.example']);
  });
  it('X500 goes whatever "secondary" says; SIP only where asked', () => {
    const more = { x500: ['/o=A/cn=ada'], sip: ['ada@a.example'] };
    expect(of({ secondary: false }, more).fields).toMatchObject({ x500: ['/o=A/cn=ada'], sip: null });
    expect(of({ x500: false, sip: true }, more).fields).toMatchObject({ x500: null, sip: ['ada@a.example'] });
    const { x500: _x, ...without } = TARGET.fields;
    expect(project(more, {}, { ...TARGET, fields: without }).losses).toContain('x500');
  });
});

describe('templates', () => {
  const value = (name: string): string => ({ displayName: 'Ada', city: 'Oslo [x] {y}', empty: '' })[name] ?? '';
  it.each([
    ['{displayName}', 'Ada'],
    ['{displayName}[ ({empty})]', 'Ada'],
    ['{displayName}[ ({city})]', 'Ada (Oslo [x] {y})'],
    ['[{empty}{displayName}]x', 'x'],
    ['{{displayName}}', '{displayName}'],
    ['[[{displayName}]]', '[Ada]'],
    ['[[{empty}]]', '[]'],
    ['{{{displayName}', '{Ada'],
    ['a [b', 'a [b'],
    ['a } b', 'a } b'],
    ['{displayName}  {empty} .', 'Ada .'],
    ['[ plain ]', 'plain'],
  ])('%s gives %j', (template, expected) => {
    expect(fillTemplate(template, value)).toBe(expected);
  });
  it('lines stay lines', () => {
    expect(fillTemplate('{x}', () => 'Main Street 1\n2nd floor')).toBe('Main Street 1\n2nd floor');
  });
  it('placeholders are those that are filled', () => {
    expect(placeholders('{a}[ {b}] {{c}} {{{d}')).toEqual(['a', 'b', 'd']);
  });
});

describe('texts', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  it('cut texts are well-formed, short enough, and a beginning of the whole', () => {
    fc.assert(
      fc.property(text, fc.nat(40), (whole, max) => {
        const cut = cutText(whole, max);
        expect(cut.isWellFormed() && cut.length <= max).toBe(true);
        expect(whole.toWellFormed().startsWith(cut)).toBe(true);
        expect(cutText(cut, max)).toBe(cut);
      }),
    );
  });
  it('a flag, a family, an accent are never cut in the middle (case R15)', () => {
    for (const cluster of ['\u{1F1EB}\u{1F1F7}', '\u{1F468}\u200D\u{1F469}\u200D\u{1F466}', 'e\u0301'])
      for (let max = 3; max < 3 + cluster.length; max += 1) expect(cutText(`aaa${cluster}`, max)).toBe('aaa');
  });
  it('comparing form is stable', () => {
    fc.assert(fc.property(text, (one) => comparable(comparable(one)) === comparable(one)));
    expect(comparable('e\u0000\u0301')).toBe('\u00e9');
  });
});

describe('our alias', () => {
  it('is ASCII, short, of its own for each route and person, and has no dot in the wrong place', () => {
    const alias = (route: string, id: string, own: string): string => aliasFor(route, anEntry({ id, attributes: { alias: own } }));
    expect(alias('r', '1', 'zo\u00eb.l..x.')).toMatch(/^zoe\.l\.x\.[0-9a-f]{8}$/);
    expect(alias('r', '1', '\u5f20')).toMatch(/^g\.[0-9a-f]{8}$/);
    expect(alias('r', '1', 'x'.repeat(80))).toHaveLength(59);
    expect(new Set([alias('r', '1', 'x'), alias('r', '2', 'x'), alias('s', '1', 'x')]).size).toBe(3);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (own) => {
        expect(alias('r', '1', own)).toMatch(/^(?!\.)(?!.*\.\.)[A-Za-z0-9._-]{1,50}\.[0-9a-f]{8}$/);
      }),
    );
  });
});

describe('as a property', () => {
  const entry = fc.record({
    displayName: fc.string({ unit: 'grapheme', maxLength: 80 }),
    jobTitle: fc.string({ unit: 'binary', maxLength: 40 }),
    phones: fc.array(fc.string({ maxLength: 5 }), { maxLength: 4 }),
  });
  it('projects the same each time, touches nothing, keeps the limits, and leaves no empty text', () => {
    fc.assert(
      fc.property(entry, ({ displayName, jobTitle, phones }) => {
        const one = anEntry({ attributes: { displayName, jobTitle, businessPhones: phones } });
        const before = structuredClone(one);
        const push = compileProjection(aRoute(), TARGET);
        expect(push(one)).toEqual(push(one));
        expect(one).toEqual(before);
        const { fields } = push(one);
        expect(String(fields.displayName).length).toBeLessThanOrEqual(64);
        for (const value of Object.values(fields).flat()) expect(value).not.toBe('');
      }),
    );
  });
});
