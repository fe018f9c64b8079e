import { describe, expect, it } from 'vitest';
import { aContact, aLink, anEntry, aRoute, aWorld, planOf } from './harness.ts';

const ADA = anEntry();

describe('the same person under a new id', () => {
  const target = aContact('t1', 'old');
  it('takes the object over if the old id is absent from a complete read and the primary address is on it', () => {
    expect(planOf(ADA, null, aWorld(aRoute(), [target], { absent: ['old'] })).change).toMatchObject({
      change: 'update',
      relinkFrom: 'old',
      targetId: 't1',
      holders: [],
      fields: [{ name: 'stamp', before: 'galsync:a-to-b:old', after: 'galsync:a-to-b:u1' }],
    });
  });
  it('not while the old id is there, nor by a secondary address', () => {
    expect(planOf(ADA, null, aWorld(aRoute(), [target])).change).toMatchObject({ change: 'create', holders: [{ targetId: 't1' }] });
    const other = anEntry({ addresses: ['new@a.example', 'ada@a.example'] });
    expect(planOf(other, null, aWorld(aRoute(), [target], { absent: ['old'] })).change?.change).toBe('create');
  });
  it('two candidates are a collision', () => {
    const second = aContact('t2', 'older');
    expect(planOf(ADA, null, aWorld(aRoute(), [target, second], { absent: ['old', 'older'] })).skipReason).toBe('collision');
  });
  describe('whose stamp was emptied: the link that names the object says whose it is', () => {
    const { stamp: _s, ...bare } = target;
    const named = { linked: { t1: 'old' } };
    it('taken over and stamped, with existing "report" as with "adopt"', () => {
      for (const existing of ['report', 'adopt', 'takeOver'] as const)
        expect(planOf(ADA, null, aWorld(aRoute({ push: { existing } }), [bare], { ...named, absent: ['old'] })).change).toMatchObject({
          change: 'update',
          relinkFrom: 'old',
          targetId: 't1',
          stamp: 'galsync:a-to-b:u1',
          fields: [{ name: 'stamp', before: null, after: 'galsync:a-to-b:u1' }],
        });
    });
    it('while the old id is there it is its object: neither adopted by somebody else nor a stranger', () => {
      for (const existing of ['report', 'adopt'] as const)
        expect(planOf(ADA, null, aWorld(aRoute({ push: { existing } }), [bare], named)).change).toMatchObject({
          change: 'create',
          holders: [{ targetId: 't1', stamp: 'galsync:a-to-b:old' }],
        });
    });
    it('what stands in its stamp place now is not ours', () => {
      const world = aWorld(aRoute(), [{ ...bare, stampPlace: 'payroll' }], { ...named, absent: ['old'] });
      expect(planOf(ADA, null, world).skipReason).toBe('collision');
    });
  });
  it('one that has become a mailbox, or is mastered elsewhere, is a stranger whatever its stamp says', () => {
    for (const more of [{ type: 'UserMailbox' }, { readOnly: true }])
      expect(planOf(ADA, null, aWorld(aRoute(), [{ ...target, ...more }], { absent: ['old'] }))).toMatchObject({
        skipReason: 'collision',
        change: { owner: { id: 't1' } },
      });
  });
  it('somebody linked who takes a leaver’s address has that object as its holder', () => {
    const own = aContact('t3', 'u1', { addresses: ['first@a.example'] });
    const entry = anEntry({ addresses: ['first@a.example', 'ada@a.example'] });
    const planned = planOf(entry, aLink(own, 'u1'), aWorld(aRoute(), [own, target], { absent: ['old'] }));
    expect(planned.change).toMatchObject({
      change: 'update',
      takes: ['ada@a.example'],
      holders: [{ key: 'ada@a.example', targetId: 't1' }],
    });
  });
});
