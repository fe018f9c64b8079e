import { expect, it } from 'vitest';
import type { MemberSlice } from '../membershipStore.ts';
import type { Store } from '../store.ts';
import { all } from './samples.ts';

/** The contract of `MembershipStore`. `connector` answers a name that no other test uses. */
export function membershipContract(store: () => Store, connector: () => string): void {
  const slice = (group: string, sequence: number, count = 1, next: string | null = null): MemberSlice => ({
    group,
    sequence,
    members: Array.from({ length: count }, (_, n) => ({ id: `${group}-${sequence}-${n}-${'x'.repeat(30)}`, group: n % 7 === 0 })),
    everyUser: false,
    next,
    lacking: null,
    unreadable: null,
  });

  it('keeps names by version; none is not the same as no name', async () => {
    const { memberships } = store();
    const name = connector();
    expect(await memberships.names(name, 'p1')).toBeNull();
    const names = [
      { name: "O'Brien's@a.example", group: 'g/1#?' },
      { name: '__proto__', group: null },
    ];
    await memberships.putNames(name, 'p1', names);
    await memberships.putNames(name, 'p2', []);
    expect([await memberships.names(name, 'p1'), await memberships.names(name, 'p2')]).toEqual([names, []]);
  });

  it('gives pages group by group, each in order, whatever the groups are called and however they were written', async () => {
    const { memberships } = store();
    const name = connector();
    const pages = ['a', 'a~0', 'A/b?#', 'x'.repeat(600)].flatMap((group) => [
      slice(group, 0, 999, 'more'),
      slice(group, 1, 2000, 'on'),
      slice(group, 10),
    ]);
    for (const page of pages.toReversed()) await memberships.putSlice(name, 'p', page);
    await memberships.putSlice(name, 'p', pages[0]!);
    const found = await all(memberships.slices(name, 'p'));
    expect(found).toHaveLength(pages.length);
    for (const group of new Set(pages.map((page) => page.group))) {
      const at = found.findIndex((page) => page.group === group);
      expect(found.slice(at, at + 3)).toEqual(pages.filter((page) => page.group === group));
    }
  });

  it('a page written again that is shorter leaves nothing of the longer one', async () => {
    const { memberships } = store();
    const name = connector();
    await memberships.putSlice(name, 'p', slice('g', 0, 60_000));
    await memberships.putSlice(name, 'p', slice('g', 0, 1));
    expect(await all(memberships.slices(name, 'p'))).toEqual([slice('g', 0, 1)]);
  });

  it('drops all versions but those named, of one connector and no other whose name begins alike', async () => {
    const { memberships } = store();
    const name = connector();
    for (const one of [name, `${name}-2`, `${name}2`]) {
      for (const version of ['old', 'new', 'new2']) {
        await memberships.putNames(one, version, [{ name: 'g', group: 'g' }]);
        await memberships.putSlice(one, version, slice('g', 0));
      }
    }
    await memberships.drop(name, ['new']);
    await memberships.drop(name, ['new']);
    const left = async (one: string): Promise<number[]> =>
      Promise.all(['old', 'new', 'new2'].map(async (version) => (await all(memberships.slices(one, version))).length));
    expect([await left(name), await left(`${name}-2`), await left(`${name}2`)]).toEqual([
      [0, 1, 0],
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(await memberships.names(name, 'old')).toBeNull();
  });
}
