import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import { SKIP_REASONS } from '../model/plan.ts';
import { compileCondition } from './condition.ts';
import { diffFields, judgeFields } from './diff.ts';
import { selectStep } from './explain.ts';
import { conditionText, decidingTests, explainCondition, explainWhere } from './explainCondition.ts';
import { quoted } from './explainWords.ts';
import { aChange, anEntry, aRoute, aSource, NOW } from './harness.ts';
import { daysSince, deletionDay } from './leavers.ts';
import { domainOwners } from './owners.ts';
import { differenceOf, differenceText, newFields, slim } from './planDifference.ts';
import { compileSelection, compileVerdicts, type SelectionContext } from './select.ts';

const text = fc.constantFrom('', 'Clerk', 'Engineer', 'Oslo', 'Zoë', 'CLERK');
const test = fc.record({
  attribute: fc.constantFrom('jobTitle', 'city', 'primaryAddress', 'raw.x'),
  operator: fc.constantFrom('Equals' as const, 'DoesNotEqual' as const, 'Contains' as const, 'StartWith' as const),
  value: fc.oneof(text, fc.array(text, { maxLength: 3 })),
});
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    test,
    fc.record({ all: fc.array(tie('condition'), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('condition'), { maxLength: 3 }) }),
    fc.record({ not: tie('condition') }),
  ),
}));
const entry = fc
  .record({
    jobTitle: text,
    city: text,
    enabled: fc.boolean(),
    external: fc.boolean(),
    hidden: fc.boolean(),
    none: fc.boolean(),
    kind: fc.constantFrom('user', 'group', 'contact'),
  })
  .map(
    ({ jobTitle, city, none, kind, ...more }): Entry =>
      anEntry({
        ...more,
        kind: kind as 'user',
        attributes: { ...(jobTitle ? { jobTitle } : {}), ...(city ? { city } : {}) },
        ...(none ? { addresses: [] } : {}),
      }),
  );

describe('explained conditions', () => {
  it('hold exactly where the compiled condition holds, at every node', () => {
    fc.assert(
      fc.property(condition, entry, (one, who) => {
        const told = explainCondition(one, who, NOW);
        expect(told.holds).toBe(compileCondition(one, NOW)(who));
        // What is named as deciding decides: with "all" and "any" over it, the verdict is the same.
        const names = decidingTests(told);
        expect(names.every((node) => node.parts.length === 0)).toBe(true);
      }),
    );
  });

  it('name the test that failed, with what the entry has', () => {
    const all: Condition = {
      all: [
        { attribute: 'jobTitle', operator: 'Equals', value: 'Engineer' },
        { not: { attribute: 'city', operator: 'Equals', value: ['Oslo', 'Bergen'] } },
      ],
    };
    const who = anEntry({ attributes: { jobTitle: 'Clerk', city: 'oslo' } });
    expect(conditionText(explainCondition(all, who, NOW))).toBe(
      'jobTitle Equals "Engineer" does not hold: jobTitle is "Clerk"; city Equals "Oslo", "Bergen" holds: city is "oslo"',
    );
    expect(conditionText(explainCondition({ any: [all, { attribute: 'city', operator: 'Contains', value: 'sl' }] }, who, NOW))).toBe(
      'city Contains "sl" holds: city is "oslo"',
    );
    expect(explainWhere({ group: all }, who, NOW)).toBeNull();
  });
});

describe('explained selection', () => {
  const context = (where: Condition | null): SelectionContext => ({
    source: aSource({ domains: { include: [], exclude: ['b.example'], of: 'primary' } }),
    route: aRoute({ filter: { where, contacts: false } }),
    owners: domainOwners(
      [
        { id: 'a', owns: ['a.example'] },
        { id: 'b', owns: ['b.example'] },
      ],
      {},
    ),
    membership: { pull: null, filter: null },
    now: NOW,
  });

  it('has the verdict of every test, of which the first decides', () => {
    fc.assert(
      fc.property(fc.option(condition), entry, (where, who) => {
        const verdicts = compileVerdicts(context(where))(who);
        const selected = compileSelection(context(where))(who);
        const first = verdicts.find((verdict) => !verdict.passes);
        expect(selected.kept).toBe(first === undefined);
        if (!selected.kept) expect([selected.reason, selected.why]).toEqual([first!.reason, first!.why]);
        expect(verdicts.every((verdict) => SKIP_REASONS.includes(verdict.reason) && verdict.rule !== '')).toBe(true);
        expect(selectStep(selected, verdicts, {}).verdict).toBe(selected.kept ? 'ok' : 'stop');
      }),
    );
  });

  it('names the place in the configuration of each', () => {
    const rules = compileVerdicts(context(null))(anEntry()).map((verdict) => verdict.rule);
    expect(rules).toEqual([
      'stamp',
      'record',
      'push.groups',
      'pull.users',
      'pull.groupTypes',
      'filter.users',
      'filter.groupTypes',
      'pull.disabledUsers',
      'pull.externalUsers',
      'pull.hiddenEntries',
      'addresses',
      'pull.internalOnlyGroups',
      'pull.domains',
      'filter.domains',
      'pull.orgUnits',
      'filter.orgUnits',
      'pull.where',
      'filter.where',
      'owns',
      'owns',
    ]);
  });
});

describe('explained fields', () => {
  it('are those of the diff: what is written is what the diff writes', () => {
    const value = fc.option(fc.constantFrom('a', 'b', 'c'));
    const fields = fc.record({ displayName: value, jobTitle: value, city: value });
    const options = fc.record({
      emptyFields: fc.constantFrom('never' as const, 'own' as const, 'always' as const),
      drift: fc.record({ default: fc.constantFrom('reassert' as const, 'leave' as const), except: fc.constantFrom([], ['city']) }),
      written: fc.constantFrom({}, { jobTitle: 'x', city: 'y' }),
    });
    fc.assert(
      fc.property(fields, fields, options, (desired, current, how) => {
        const judged = judgeFields(desired, current, how);
        expect(judged.map((field) => field.name)).toEqual(Object.keys(desired));
        expect(judged.filter((field) => field.verdict === 'write').map(({ verdict: _, ...field }) => field)).toEqual(
          diffFields(desired, current, how),
        );
      }),
    );
  });
});

describe('the day of a deletion', () => {
  it('is the first on which the days are over, in the zone', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Paris', 'America/Santiago', 'Pacific/Auckland', 'Asia/Kolkata');
    const since = fc.date({ min: new Date('2026-01-01T00:00:00Z'), max: new Date('2027-12-31T00:00:00Z'), noInvalidDate: true });
    fc.assert(
      fc.property(since, fc.integer({ min: 0, max: 400 }), zones, (begin, days, zone) => {
        const day = deletionDay(begin.toISOString(), days, zone)!;
        // Walks the hours around that day: on it, and not on the day before, the days are over.
        const noon = Date.parse(`${day}T12:00:00Z`);
        for (let hour = -40; hour <= 40; hour += 1) {
          const at = new Date(noon + hour * 3_600_000);
          const local = new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(at);
          expect(daysSince(begin.toISOString(), at, zone) >= days).toBe(local >= day);
        }
      }),
      { numRuns: 25 },
    );
    expect(deletionDay('', 3, 'UTC')).toBeNull();
  });
});

describe('differences of two plans', () => {
  const field = (name: 'jobTitle' | 'city', after: string | null) => ({ name, before: 'was', after });

  it('are none between a plan and itself, whatever its rows are, slim or not', () => {
    const rows = fc.record({
      change: fc.constantFrom(
        'create' as const,
        'update' as const,
        'hide' as const,
        'delete' as const,
        'adopt' as const,
        'skip' as const,
        'keep' as const,
      ),
      orphan: fc.boolean(),
      fields: fc.array(
        fc.record({ name: fc.constantFrom('jobTitle' as const, 'city' as const), before: fc.constant(null), after: fc.option(text) }),
      ),
    });
    fc.assert(
      fc.property(rows, rows, (one, other) => {
        const [a, b] = [aChange('x', one), aChange('x', other)];
        expect(differenceOf(a, a)).toBeNull();
        expect(differenceOf(a, structuredClone(a))).toBeNull();
        if (a.change !== 'skip') expect(differenceOf(slim(a), slim(b))).toBe(differenceOf(a, b));
      }),
    );
  });

  it('say what is added, removed, emptied', () => {
    expect(differenceOf(undefined, aChange('x', { change: 'create' }))).toBe('adds');
    expect(differenceOf(aChange('x', { change: 'create' }), undefined)).toBe('addsNoMore');
    expect(differenceOf(undefined, aChange('x', { change: 'hide', orphan: true }))).toBe('removes');
    expect(differenceOf(aChange('x', { change: 'hide', orphan: true }), aChange('x', { change: 'delete', orphan: true }))).toBeNull();
    expect(differenceOf(undefined, aChange('x', { change: 'keep', orphan: true }))).toBe('leaves');
    expect(differenceOf(aChange('x', { change: 'create' }), aChange('x', { change: 'skip' }))).toBe('skips');
    const [now, after] = [
      aChange('x', { fields: [field('city', 'Oslo')] }),
      aChange('x', { fields: [field('city', 'Oslo'), field('jobTitle', null)] }),
    ];
    expect([differenceOf(now, after), newFields(now, after)]).toEqual(['updates', { written: [], cleared: ['jobTitle'] }]);
    expect(differenceOf(after, now)).toBe('updatesNoMore');
  });

  it('hold no text of people once slim', () => {
    const row = aChange('x', { fields: [field('jobTitle', 'Secret title')], desired: { displayName: 'Secret name' } });
    const { displayName: _name, address: _address, ...rest } = slim(row);
    expect(JSON.stringify(rest)).not.toContain('Secret');
  });

  it('are words', () => {
    const entries = { adds: 12, addsNoMore: 0, removes: 340, removesNoMore: 1, leaves: 0, updates: 25, updatesNoMore: 0, skips: 0 };
    expect(differenceText({ entries, hides: 300, deletes: 40, written: {}, cleared: { mobilePhone: 25 } })).toBe(
      'Adds 12, removes 340 (hides 300 and deletes 40), clears mobilePhone of 25, keeps 1 that would be removed now.',
    );
    expect(
      differenceText({
        entries: { ...entries, adds: 0, removes: 0, removesNoMore: 0, updates: 0 },
        hides: 0,
        deletes: 0,
        written: {},
        cleared: {},
      }),
    ).toContain('Nothing differs');
  });
});

describe('values in sentences', () => {
  it('are on one line, quoted and cut between characters', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), fc.array(fc.string({ maxLength: 200 }), { maxLength: 30 })),
        (value) => {
          const told = quoted(value);
          expect(told).not.toMatch(/[\r\n]/);
          expect(told.length).toBeLessThan(700);
          expect(told.isWellFormed()).toBe(true);
        },
      ),
    );
    expect(quoted('<img src=q onerror=alert(7)>')).toBe('"<img src=q onerror=alert(7)>"');
  });
});
