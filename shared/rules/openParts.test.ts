import { describe, expect, it } from 'vitest';
import type { Capability } from '../connectors/connector.ts';
import { hashValue } from './diff.ts';
import { aContact, aLink, anEntry, aRoute, aWorld, TARGET, type World } from './harness.ts';
import { planEntry } from './planEntry.ts';
import type { Planned } from './view.ts';

const ADA = anEntry();
const CONTACT = aContact('t1', 'u1');
const OPEN = { change: 'job.1.a-to-b.0', until: 0, since: '2026-11-25T00:00:00Z' };

function plan(world: World, link: Parameters<typeof aLink>[2], entry = ADA): Planned {
  return planEntry(world.context, entry, world.context.project(entry, 'contact'), aLink(CONTACT, 'u1', link), world.view);
}

describe('what a link says is still to be written', () => {
  it('is planned whatever the target or the image shows, the stamp too while the target was not seen', () => {
    const open = { ...OPEN, fields: ['hidden', 'stamp'] as const };
    const names = (planned: Planned) => planned.change?.fields.map((field) => [field.name, field.after]);
    expect(names(plan(aWorld(aRoute(), [CONTACT]), { open }))).toEqual([['hidden', 'false']]);
    expect(names(plan(aWorld(aRoute(), [CONTACT], { unread: ['t1'] }), { open }))).toEqual([
      ['hidden', 'false'],
      ['stamp', 'galsync:a-to-b:u1'],
    ]);
    expect(plan(aWorld(aRoute(), [CONTACT]), { open: null }).bucket).toBe('unchanged');
  });

  it('a refused field stays a loss over reads, until its value differs', () => {
    const entry = anEntry({ attributes: { displayName: 'Ada Berg', jobTitle: 'Engineer', city: 'Oslo' } });
    const link = { notKept: { city: hashValue('Oslo') }, imageHash: 'older' };
    const planned = plan(aWorld(aRoute(), [CONTACT]), link, entry);
    expect([planned.bucket, planned.losses]).toEqual(['unchanged', ['city not kept']]);
    expect(planned.link!.notKept).toEqual(link.notKept);
    const older = { ...CONTACT, attributes: { ...CONTACT.attributes, city: 'Rome' } };
    const ours = aLink(older, 'u1', { ...link, written: { city: hashValue('Rome') }, imageHash: null });
    const world = aWorld(aRoute(), [older]);
    const beside = planEntry(world.context, entry, world.context.project(entry, 'contact'), ours, world.view);
    expect([beside.bucket, beside.link!.notKept]).toEqual(['unchanged', link.notKept]);
    const moved = anEntry({ attributes: { ...entry.attributes, city: 'Bergen' } });
    expect(plan(aWorld(aRoute(), [CONTACT]), link, moved).change?.fields).toMatchObject([{ name: 'city', after: 'Bergen' }]);
  });
});

describe('a list that the directory adds to', () => {
  const addresses = { maxValues: 1, keepsOthers: true };
  const capability: Capability = { ...TARGET, fields: { ...TARGET.fields, addresses } };
  const contact = { ...CONTACT, addresses: ['ada@a.example', 'old@a.example'] };
  const world = aWorld(aRoute(), [contact], { capability });

  it('is compared as far as it is ours, and a change of the first gives nothing up', () => {
    const at = (address: string) => {
      const entry = anEntry({ addresses: [address] });
      return planEntry(world.context, entry, world.context.project(entry, 'contact'), aLink(contact, 'u1'), world.view);
    };
    expect(at('ada@a.example').bucket).toBe('unchanged');
    expect(at('berg@a.example').change).toMatchObject({ takes: ['berg@a.example'], releases: [], fields: [{ name: 'addresses' }] });
  });
});
