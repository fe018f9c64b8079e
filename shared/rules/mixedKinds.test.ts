import { describe, expect, it } from 'vitest';
import type { Capability } from '../connectors/connector.ts';
import type { PushType } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { pushTypeOf } from '../model/pushType.ts';
import { projectStep } from './explain.ts';
import { nextSentence } from './explainNext.ts';
import { aContact, aLink, anEntry, aRoute, aWorld, TARGET, type World } from './harness.ts';
import { planEntry } from './planEntry.ts';
import { compileProjections } from './project.ts';
import type { Planned } from './view.ts';

describe('a route whose users become guests', () => {
  const GUEST: Capability = { ...TARGET, as: 'guest', types: ['GuestMailUser'], canHide: false };
  const route = aRoute({ push: { as: 'guest' } });
  const capabilityOf = (as: PushType): Capability => (as === 'guest' ? GUEST : TARGET);
  const mixed = (objects: readonly Entry[]): World => {
    const world = aWorld(route, objects);
    return { ...world, context: { ...world.context, capabilityOf, project: compileProjections(route, capabilityOf) } };
  };
  const plan = (world: World, entry: Entry, link: Link | null): Planned =>
    planEntry(world.context, entry, world.context.project(entry, link?.as ?? pushTypeOf('guest', entry.kind)), link, world.view);

  it('creates a guest for a user and a contact for a group', () => {
    const world = mixed([]);
    expect(plan(world, anEntry(), null).change).toMatchObject({ change: 'create', as: 'guest', desired: { jobTitle: 'Engineer' } });
    expect(plan(world, anEntry(), null).change!.desired).not.toHaveProperty('hidden');
    expect(plan(world, anEntry({ kind: 'group' }), null).change).toMatchObject({
      change: 'create',
      as: 'contact',
      desired: { hidden: 'false' },
    });
  });

  it('is explained by what each becomes, not by the push type of the route', () => {
    const world = mixed([]);
    const group = anEntry({ kind: 'group' });
    expect(projectStep(world.context.project(group, 'contact'), route).text).toContain('it is a contact');
    const { change } = plan(world, group, null);
    const told = nextSentence({ change, skipped: null, incomplete: false, closes: false }, route, null, []);
    expect(told).toContain('as a contact (new)');
  });

  it('keeps both as ours, each by its own type; a guest that has become a member is released', () => {
    const guest = aContact('g1', 'u1', { kind: 'user', type: 'GuestMailUser' });
    const contact = aContact('c1', 'u1');
    expect(plan(mixed([guest]), anEntry(), aLink(guest, 'u1', { as: 'guest' })).bucket).toBe('unchanged');
    expect(plan(mixed([contact]), anEntry({ kind: 'group' }), aLink(contact, 'u1', { kind: 'group' })).bucket).toBe('unchanged');
    const member = { ...guest, type: 'Member' };
    expect(plan(mixed([member]), anEntry(), aLink(guest, 'u1', { as: 'guest' }))).toMatchObject({ skipReason: 'takenOver' });
  });

  it('an object that is found again is taken as what it is, and converted by the next plan', () => {
    const contact = aContact('c1', 'u1');
    const world = mixed([contact]);
    const lost = planEntry(world.context, anEntry(), world.context.project(anEntry(), 'guest'), null, world.view);
    expect(lost).toMatchObject({ bucket: 'unchanged', change: null });
    const old = mixed([aContact('c1', 'old')]);
    const absent = { ...old.view, sourceHas: (id: string) => id !== 'old' };
    const { change } = planEntry(old.context, anEntry(), old.context.project(anEntry(), 'guest'), null, absent);
    expect(change).toMatchObject({ change: 'update', reason: 'relinked', as: 'contact', targetId: 'c1', relinkFrom: 'old' });
    const next = planEntry(world.context, anEntry(), world.context.project(anEntry(), 'guest'), aLink(contact, 'u1'), world.view);
    expect(next.change).toMatchObject({ reason: 'converted', as: 'guest', converts: { from: 'contact' } });
  });

  it('a contact of the time before "as" was guest stays what it is', () => {
    const contact = aContact('c1', 'u1');
    expect(plan(mixed([contact]), anEntry(), aLink(contact, 'u1')).bucket).toBe('unchanged');
  });
});
