import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKey, type Capability } from '../../shared/connectors/connector.ts';
import { SHARED_CONTACT } from '../../shared/connectors/google/capability.ts';
import type { Entry } from '../../shared/model/entry.ts';
import type { Fields, FieldValue } from '../../shared/model/plan.ts';
import { judgeBreakers } from '../../shared/rules/breakers.ts';
import { type Claimant, settleClaims } from '../../shared/rules/claims.ts';
import { compileCondition } from '../../shared/rules/condition.ts';
import { diffFields, hashValue } from '../../shared/rules/diff.ts';
import { compileProjection } from '../../shared/rules/project.ts';
import { dueSince, nextRuns } from '../../shared/rules/schedule.ts';
import { cutText, fillTemplate } from '../../shared/rules/texts.ts';
import type { DraftChange } from '../../shared/rules/view.ts';
import { createWorld, person } from '../sync/world.ts';

const NOW = new Date('2026-11-25T00:00:00Z');
const entry = (attributes: Entry['attributes'], more: Partial<Entry> = {}): Entry => ({ ...person('a', 1), attributes, ...more });

describe('conditions, as the contract says', () => {
  const holds = (operator: string, value: string | string[], attribute: Entry['attributes'], more: object = {}): boolean =>
    compileCondition({ attribute: 'jobTitle', operator, value, ...more } as never, NOW)(entry(attribute));
  it.each([
    ['Equals', 'engineer', { jobTitle: 'Engineer' }, true],
    ['Equals', '', {}, true],
    ['DoesNotContain', 'x', {}, true],
    ['DoesNotEqual', 'Engineer', { jobTitle: 'Engineer' }, false],
    ['Contains', 'gin', { jobTitle: 'Engineer' }, true],
    ['StartWith', 'eng', { jobTitle: 'Engineer' }, true],
    ['DoesNotStartWith', 'eng', { jobTitle: 'Engineer' }, false],
    ['EndsWith', 'eer', { jobTitle: 'Engineer' }, true],
    ['DoesNotEndWith', 'x', { jobTitle: 'Engineer' }, true],
    ['MatchRegex', '^eng.*r$', { jobTitle: 'Engineer' }, true],
    ['DoesNotMatchRegex', '^eng', { jobTitle: 'Engineer' }, false],
    ['DateAfter', '2020-01-01', { jobTitle: '2026-01-01' }, true],
    ['DateBefore', '-30d', { jobTitle: '2026-01-01' }, true],
    ['DateAfter', '2020-01-01', {}, false],
    ['DateBefore', '2030-01-01', { jobTitle: 'never' }, false],
  ] as const)('%s %s on %j: %s', (operator, value, attributes, expected) => {
    expect(holds(operator, value, attributes)).toBe(expected);
  });
  it('knows lists of texts, values of several, case and Unicode forms', () => {
    expect(holds('Equals', ['x', 'engineer'], { jobTitle: 'Engineer' })).toBe(true);
    expect(holds('DoesNotEqual', ['x', 'engineer'], { jobTitle: 'Engineer' })).toBe(false);
    expect(holds('Equals', 'engineer', { jobTitle: 'Engineer' }, { caseSensitive: true })).toBe(false);
    expect(holds('Equals', 'Zoe\u0308', { jobTitle: 'Zo\u00eb' })).toBe(true);
    const phones = compileCondition({ attribute: 'businessPhones', operator: 'DoesNotContain', value: '+33' }, NOW);
    expect(phones(entry({ businessPhones: ['+49 1', '+33 2'] }))).toBe(false);
  });
  it('finishes hostile regular expressions in linear time', () => {
    expect(holds('MatchRegex', '(a+)+$', { jobTitle: `${'a'.repeat(5_000)}!` })).toBe(false);
    expect(() => compileCondition({ attribute: 'jobTitle', operator: 'MatchRegex', value: '(?=x)' }, NOW)).toThrow();
  });
  it('R11 "never expires" is not a date', () => {
    const expired = compileCondition({ attribute: 'raw.accountExpires', operator: 'DateBefore', value: '2026-11-25T00:00:00Z' }, NOW);
    const values: Record<string, string | undefined> = {
      u1: '0',
      u2: '9223372036854775807',
      u3: '132539328000000000',
      u4: undefined,
      u5: '',
    };
    const out = Object.entries(values)
      .filter(([, value]) => expired(entry({}, value === undefined ? {} : { raw: { accountExpires: value } })))
      .map(([id]) => id);
    expect(out).toEqual(['u3']);
  });
});

const TARGET: Capability = {
  as: 'contact',
  types: ['MailContact'],
  needs: [],
  canHide: true,
  uniqueAddresses: true,
  knownLag: false,
  lanes: 1,
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
    const projected = compileProjection((await route).configuration.routes[0]!, TARGET)(entry({ displayName: name }));
    expect(projected.fields.displayName).toBe('a'.repeat(63));
    expect(projected.losses).toEqual(['displayName cut']);
  });
  it('R17 writes one country for UK, GB and its name, and lists what is no country', async () => {
    const project = compileProjection((await route).configuration.routes[0]!, TARGET);
    expect(
      ['UK', 'GB', 'United Kingdom', 'Scotland'].map((country) => project(entry({ displayName: 'x', country })).fields.country),
    ).toEqual(['United Kingdom', 'United Kingdom', 'United Kingdom', null]);
    expect(project(entry({ displayName: 'x', country: 'Scotland' })).losses).toEqual(['country not known']);
    // The target answers the name it knows, or none: nothing is left to write.
    for (const [country, answered] of [
      ['UK', { country: 'United Kingdom' }],
      ['GB', { country: 'United Kingdom' }],
      ['Scotland', {}],
    ] as const) {
      const { country: desired } = project(entry({ displayName: 'x', country })).fields;
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

describe('claims', () => {
  const change = (sourceId: string, more: Partial<DraftChange>): Claimant => ({
    owns: new Set(),
    linked: true,
    routeOrder: 0,
    change: {
      route: 'r',
      change: 'update',
      kind: 'user',
      as: 'contact',
      sourceId,
      targetId: `t${sourceId}`,
      address: `${sourceId}@a.example`,
      displayName: sourceId,
      reason: 'changed',
      orphan: false,
      fields: [],
      desired: null,
      stamp: '',
      alias: `al.${sourceId}`,
      owner: null,
      countedBefore: false,
      takes: [],
      releases: [],
      relinkFrom: null,
      since: null,
      holders: [],
      ...more,
    },
  });
  it('R19 gives an address up before it is taken', () => {
    const settled = settleClaims(
      [
        change('B', { takes: ['desk@a.example'], holders: [{ key: 'desk@a.example', targetId: 'tA' }] }),
        change('A', { releases: ['desk@a.example'] }),
      ],
      true,
    );
    const order = Object.fromEntries(settled.map((one) => [one.change.sourceId, one.order]));
    expect(order['A']! < order['B']!).toBe(true);
  });
  it('cuts a swap of two people at the lowest id, with a free address first', () => {
    const fields = (before: string, after: string) => [{ name: 'addresses' as const, before: [before], after: [after] }];
    const settled = settleClaims(
      [
        change('B', {
          takes: ['a@x.example'],
          releases: ['b@x.example'],
          fields: fields('b@x.example', 'a@x.example'),
          holders: [{ key: 'a@x.example', targetId: 'tA' }],
        }),
        change('A', {
          takes: ['b@x.example'],
          releases: ['a@x.example'],
          fields: fields('a@x.example', 'b@x.example'),
          holders: [{ key: 'b@x.example', targetId: 'tB' }],
        }),
      ],
      true,
    );
    const steps = [...settled]
      .sort((a, b) => a.order - b.order)
      .map((one) => [one.change.sourceId, one.firstPart, one.change.fields[0]!.after]);
    expect(steps).toEqual([
      ['A', true, ['al.A@galsync.invalid']],
      ['B', false, ['a@x.example']],
      ['A', false, ['b@x.example']],
    ]);
  });
  it('gives one address to one claimant, whatever the order of the input', () => {
    const claimants = [
      { ...change('1', { change: 'create', targetId: null, takes: ['x@a.example'] }), linked: false },
      { ...change('2', { change: 'create', targetId: null, takes: ['x@a.example'] }), linked: false, owns: new Set(['a.example']) },
      {
        ...change('3', { change: 'create', targetId: null, takes: ['x@a.example'], kind: 'contact' }),
        linked: false,
        owns: new Set(['a.example']),
      },
    ];
    const expected = settleClaims(claimants, true);
    expect(expected.filter((one) => one.change.change === 'create').map((one) => one.change.sourceId)).toEqual(['2']);
    fc.assert(
      fc.property(fc.shuffledSubarray(claimants, { minLength: 3 }), (shuffled) => {
        expect(settleClaims(shuffled, true)).toEqual(expected);
      }),
    );
  });
});

describe('breakers', () => {
  const settings = {
    removals: { count: 10, percent: 5, max: 500 },
    creations: 500,
    clearedPercent: 5,
    addressChangesPercent: 20,
    sourceShrinkPercent: 10,
    firstRun: 'auto',
    approvalHours: 168,
  } as const;
  const none = {
    removals: 0,
    removalsBefore: 0,
    creations: 0,
    adoptions: 0,
    clearing: 0,
    addressChanges: 0,
    linked: 60,
    source: {},
    accepted: null,
    firstRun: false,
  };
  it('hold 11 of 60 removals, with 10 as the limit', () => {
    expect(judgeBreakers(settings, { ...none, removals: 10 })).toEqual([]);
    expect(judgeBreakers(settings, { ...none, removals: 11 })).toMatchObject([{ breaker: 'removals', value: 11, limit: 10 }]);
    expect(judgeBreakers(settings, { ...none, removals: 2, removalsBefore: 9 })).toMatchObject([{ value: 11 }]);
  });
  it('hold half of a small tenant, and a first run that is too large', () => {
    expect(judgeBreakers(settings, { ...none, linked: 6, removals: 3 })).toHaveLength(1);
    expect(judgeBreakers(settings, { ...none, creations: 501, firstRun: true })).toMatchObject([
      { breaker: 'firstRun', value: 501, limit: 500 },
    ]);
    expect(judgeBreakers(settings, { ...none, creations: 500, firstRun: true })).toEqual([]);
  });
});

describe('schedules', () => {
  const iso = (dates: readonly Date[]): readonly string[] => dates.map((date) => date.toISOString());
  it('R39 runs once on each local date around the changes of the clock', () => {
    const berlin = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    expect(iso(nextRuns(berlin, new Date('2027-03-26T12:00:00Z'), 3))).toEqual([
      '2027-03-27T01:30:00.000Z',
      '2027-03-28T01:00:00.000Z',
      '2027-03-29T00:30:00.000Z',
    ]);
    expect(iso(nextRuns(berlin, new Date('2027-10-29T12:00:00Z'), 3))).toEqual([
      '2027-10-30T00:30:00.000Z',
      '2027-10-31T00:30:00.000Z',
      '2027-11-01T01:30:00.000Z',
    ]);
  });
  it('R41 knows zones that change at midnight', () => {
    expect(iso(nextRuns({ cron: '0 0 * * *', timeZone: 'America/Santiago' }, new Date('2027-09-04T12:00:00Z'), 2))).toEqual([
      '2027-09-05T04:00:00.000Z',
      '2027-09-06T03:00:00.000Z',
    ]);
  });
  it('R43 catches a missed time up once', () => {
    expect(
      dueSince({ cron: '0 1 * * *', timeZone: 'UTC' }, new Date('2026-11-25T00:30:00Z'), new Date('2026-11-25T01:00:12Z'))?.toISOString(),
    ).toBe('2026-11-25T01:00:00.000Z');
    const quarter = { cron: '*/15 * * * *', timeZone: 'UTC' };
    expect(dueSince(quarter, new Date('2026-11-25T03:00:00Z'), new Date('2026-11-25T06:10:00Z'))?.toISOString()).toBe(
      '2026-11-25T06:00:00.000Z',
    );
    expect(dueSince(quarter, new Date('2026-11-25T06:00:00Z'), new Date('2026-11-25T06:14:00Z'))).toBeNull();
  });
});

describe('entries as they come', () => {
  it('R13 a disabled person is in one bucket, whatever the list of the deleted says', async () => {
    const world = createWorld({ a: 0 });
    world.a.entries.set('u7', person('a', 7, { id: 'u7', enabled: false }));
    world.a.entries.set('u8', person('a', 8, { id: 'u8' }));
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ pulled: 2, created: 1, skipped: 1, skippedBecause: { disabled: 1 } });
  });
  it('R21 finds the clash in a user principal name and names the attribute', async () => {
    const world = createWorld({ a: 2 });
    world.b.entries.set('t-5', person('b', 5, { id: 't-5', addresses: ['pat.lee@b.example'], userPrincipalName: 'p1@a.example' }));
    const simulated = await world.run({ action: 'simulate' });
    expect(simulated.job.routes[0]!.skippedBecause).toEqual({ collision: 1 });
    const owners = [];
    for await (const batch of world.store.plans.batches({ job: simulated.job.id, round: 1, route: 'a-to-b' }))
      for (const change of batch.changes) if (change.owner) owners.push(change.owner);
    expect(owners).toMatchObject([{ id: 't-5', attribute: 'userPrincipalName' }]);
  });
  it('R37 a leaver is kept where the policy says so', async () => {
    const world = createWorld({ a: 3 });
    world.configure((document) => {
      document.routes[0]!['leavers'] = { gone: { policy: 'keep' } };
    });
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-0');
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]!.leavers).toMatchObject({ orphaned: 1, hidden: 0, deleted: 0, kept: 1, keptBecause: { policy: 1 } });
  });
  it('the same person under a new id is re-linked: one object, no removal', async () => {
    const world = createWorld({ a: 5 });
    await world.run({ action: 'sync' });
    const before = [...world.b.entries.keys()].sort();
    const old = world.a.entries.get('a-2')!;
    world.a.entries.delete('a-2');
    world.a.entries.set('a-new', { ...old, id: 'a-new' });
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 0, updated: 1, leavers: { orphaned: 0 } });
    expect([...world.b.entries.keys()].sort()).toEqual(before);
    const quiet = await world.run({ action: 'sync' });
    expect(quiet.job.routes[0]).toMatchObject({ updated: 0, unchanged: 5, leavers: { orphaned: 0 } });
  });
  it('the same person under a new id whose stamp was emptied as well is re-linked by the link row', async () => {
    const world = createWorld({ a: 5 });
    await world.run({ action: 'sync' });
    const link = (await world.store.links.get('a-to-b', 'a-2'))!;
    const { stamp: _s, ...bare } = world.b.entries.get(link.targetId!)!;
    world.b.entries.set(link.targetId!, bare);
    const old = world.a.entries.get('a-2')!;
    world.a.entries.delete('a-2');
    world.a.entries.set('another-shard', { ...old, id: 'another-shard' });
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 0, updated: 1, skipped: 0, leavers: { orphaned: 0 } });
    expect(world.b.entries.get(link.targetId!)!.stamp).toBe('galsync:a-to-b:another-shard');
    expect((await world.store.links.get('a-to-b', 'a-2'))!).toMatchObject({ state: 'ended', endedBecause: 'relinked' });
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 0, unchanged: 5, leavers: { orphaned: 0 } });
  });
});
