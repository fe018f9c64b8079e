import { describe, expect, it } from 'vitest';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { aContact, aLink, aRoute, aWorld, type RouteParts, TARGET } from './harness.ts';
import { daysSince, planLeaver } from './leavers.ts';
import type { Planned } from './view.ts';

const TARGET_OBJECT = aContact('t1', 'u1');

interface Given {
  readonly policy?: 'delete' | 'hideThenDelete' | 'hide' | 'keep';
  readonly days?: number;
  readonly link?: Partial<Link>;
  readonly target?: Entry | null;
  readonly canHide?: boolean;
  readonly stale?: boolean;
  readonly unconfirmed?: boolean;
  readonly now?: string;
  readonly zone?: string;
}

function leave(given: Given): Planned {
  const rule = { policy: given.policy ?? 'hideThenDelete', days: given.days ?? 30 };
  const schedule = given.zone ? { cron: '0 2 * * *', timeZone: given.zone, automatic: true, pullTargetEvery: 1 } : null;
  const parts: RouteParts = { leavers: { gone: rule }, schedule };
  const target = given.target === undefined ? TARGET_OBJECT : given.target;
  const world = aWorld(aRoute(parts), target ? [target] : [], {
    capability: { ...TARGET, canHide: given.canHide ?? true },
    stale: given.stale ?? false,
    ...(given.now ? { now: new Date(given.now) } : {}),
  });
  const link = aLink(TARGET_OBJECT, 'u1', given.link);
  return planLeaver(world.context, { link, reason: 'gone', detail: null, unconfirmed: given.unconfirmed ?? false }, world.view);
}

/** `hide`, `delete`, `delete!` (counted before) or `kept(reason)`. */
function verdict(given: Given): string {
  const { change, keptReason } = leave(given);
  if (!change || change.change === 'keep') return `kept(${keptReason})`;
  return `${change.change}${change.countedBefore ? '!' : ''}`;
}

const HIDDEN = { hidden: true, leaving: { reason: 'gone', since: '2026-11-01T10:00:00Z' } } as const;
const HIDDEN_OBJECT: Entry = { ...TARGET_OBJECT, hidden: true };

describe('who leaves (contract, leavers)', () => {
  it.each<[string, Given, string]>([
    ['delete', { policy: 'delete' }, 'delete'],
    ['delete of what was hidden counts no second time', { policy: 'delete', link: HIDDEN, target: HIDDEN_OBJECT }, 'delete!'],
    ['hide', { policy: 'hide' }, 'hide'],
    ['hide, done', { policy: 'hide', link: HIDDEN, target: HIDDEN_OBJECT }, 'kept(policy)'],
    ['hide, shown by somebody', { policy: 'hide', link: HIDDEN }, 'hide!'],
    ['hide where the target cannot', { policy: 'hide', canHide: false }, 'kept(policy)'],
    ['R37 keep', { policy: 'keep' }, 'kept(policy)'],
    ['hideThenDelete begins', {}, 'hide'],
    ['in the grace', { link: HIDDEN, target: HIDDEN_OBJECT, now: '2026-11-30T23:59:00Z' }, 'kept(grace)'],
    ['in the grace, shown by somebody', { link: HIDDEN, now: '2026-11-30T23:59:00Z' }, 'hide!'],
    ['on the day', { link: HIDDEN, target: HIDDEN_OBJECT, now: '2026-12-01T00:00:00Z' }, 'delete!'],
    ['no days', { days: 0, link: HIDDEN, target: HIDDEN_OBJECT, now: '2026-11-01T10:05:00Z' }, 'delete!'],
    ['no hiding, found first', { canHide: false }, 'kept(grace)'],
    ['no hiding, on the day', { canHide: false, link: { leaving: HIDDEN.leaving }, now: '2026-12-01T00:00:00Z' }, 'delete'],
    ['no hiding, no days', { canHide: false, days: 0 }, 'delete'],
    ['from a source read too long ago', { policy: 'delete', stale: true }, 'kept(staleSource)'],
    ['the same, hideThenDelete', { stale: true }, 'kept(staleSource)'],
    ['the same, but kept anyway', { policy: 'keep', stale: true }, 'kept(policy)'],
    ['only through an incomplete group', { policy: 'delete', unconfirmed: true }, 'kept(unconfirmed)'],
  ])('%s', (_what, given, expected) => {
    expect(verdict(given)).toBe(expected);
  });

  it('the days are those of the route’s zone', () => {
    const at = { link: HIDDEN, target: HIDDEN_OBJECT, days: 1, now: '2026-11-01T23:30:00Z' };
    expect(verdict(at)).toBe('kept(grace)');
    expect(verdict({ ...at, zone: 'Europe/Paris' })).toBe('delete!');
    expect(daysSince('2027-03-27T12:00:00Z', new Date('2027-03-29T00:00:00Z'), 'Europe/Berlin')).toBe(2);
    expect(daysSince('', new Date('2027-03-29T00:00:00Z'), 'UTC')).toBe(0);
  });

  it('where nothing can be hidden, the days count from the first job that found it', () => {
    expect(leave({ canHide: false, now: '2026-11-25T12:00:00Z' }).link?.leaving).toEqual({
      reason: 'gone',
      since: '2026-11-25T12:00:00.000Z',
    });
    expect(leave({ canHide: false, link: { leaving: HIDDEN.leaving }, now: '2026-11-20T00:00:00Z' }).link).toBeNull();
  });

  it('what we adopted is released, never hidden or deleted', () => {
    expect(
      leave({ policy: 'delete', link: { adopted: true }, target: { ...TARGET_OBJECT, stamp: 'galsync-adopted:a-to-b:u1' } }),
    ).toMatchObject({
      keptReason: 'adopted',
      change: { change: 'update', reason: 'released', orphan: true, fields: [{ name: 'stamp', after: null }] },
    });
  });

  it('R35 acts by immutable id only: gone by hand, its link ends, whoever has the address now', () => {
    const mailbox = { ...TARGET_OBJECT, id: 'M-7', type: 'UserMailbox' } as Entry;
    expect(leave({ policy: 'delete', target: mailbox })).toMatchObject({
      change: null,
      link: { state: 'ended', endedBecause: 'alreadyGone' },
    });
    expect(leave({ policy: 'delete' }).change).toMatchObject({ targetId: 't1', releases: ['ada@a.example'] });
  });

  it('what has become something else is let go', () => {
    expect(leave({ policy: 'delete', target: { ...TARGET_OBJECT, type: 'UserMailbox' } })).toMatchObject({
      change: null,
      link: { state: 'ended', endedBecause: 'takenOver' },
    });
  });

  it('a link that was never carried out, or that ended, is nobody’s leaver', () => {
    for (const link of [{ state: 'ended' }, { state: 'intent', targetId: null }] as const) expect(leave({ link }).bucket).toBe('none');
  });
});
