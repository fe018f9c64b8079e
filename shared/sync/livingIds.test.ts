import { expect, it } from 'vitest';
import type { EntryPart } from '../model/entry.ts';
import { createMemoryStore } from '../store/memory/memoryStore.ts';
import { livingIds } from './livingIds.ts';

const part = (id: string, manager?: 'only' | 'unsaid'): EntryPart => ({ id, primary: true, fields: {}, ...(manager ? { manager } : {}) });

it('counts ids that are there by the last word about them, and nobody of whom only the manager is told', async () => {
  const store = createMemoryStore();
  const page = { set: 'users', mode: 'full', cursor: 'next', finished: null, read: 3, removed: [], restarted: false } as const;
  await store.snapshots.stage('a', 'p', 0, { ...page, parts: [part('1'), part('2', 'unsaid'), part('9', 'only')] });
  await store.snapshots.stage('a', 'p', 1, { ...page, parts: [part('2', 'only'), part('1')], removed: ['3', '2'], leftOut: ['4'] });
  await store.snapshots.stage('a', 'p', 2, { ...page, parts: [part('5')] });
  expect(await livingIds(store, { connector: 'a', pull: 'p', pages: 2 }, ['users'])).toEqual({ users: 2 });
});
