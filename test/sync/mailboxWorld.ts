import { expect } from 'vitest';
import type { CopyContact } from '../../shared/connectors/copies.ts';
import { createMemoryMailboxes, type MemoryFolder, type MemoryMailboxes } from '../../shared/connectors/memory/memoryCopies.ts';
import type { CopyCounts, JobRecord } from '../../shared/model/job.ts';
import type { Step } from './inProcess.ts';
import { createWorld, type SyncWorld } from './world.ts';

export const ROUTE = 'a-to-b';
export const TEAM = ['m1', 'm2', 'm3', 'm4', 'm5'];

export interface MailboxWorld extends SyncWorld {
  readonly mail: MemoryMailboxes;
  push(more: object): void;
}

/** Directory b has mailboxes; the route copies a's people into those of the group team@b.example. */
export function mailboxWorld(people = 8, step?: Step, ids: readonly string[] = [...TEAM, 'm6', 'm7']): MailboxWorld {
  const world = createWorld({ a: people, ...(step ? { step } : {}) });
  const mail = createMemoryMailboxes(ids);
  mail.groups.set('team@b.example', TEAM);
  world.b.mailboxes = mail;
  for (const one of mail.mailboxes.values()) one.folders.set('own', ownFolder());
  const push = (more: object): void =>
    world.configure((document) => {
      document.routes[0]!['push'] = { as: 'mailboxContact', mailboxes: { of: ['team@b.example'] }, ...more };
    });
  push({});
  return { ...world, mail, push };
}

export function ownFolder(): MemoryFolder {
  const own: CopyContact = {
    id: 'mum',
    version: 'v0',
    stamp: null,
    note: null,
    fields: { displayName: 'Mum', addresses: ['p1@a.example'] },
  };
  return { id: 'own', name: 'A', mark: null, contacts: new Map([['mum', own]]), record: [] };
}

export function ours(world: MailboxWorld, mailbox: string): MemoryFolder {
  const found = [...world.mail.mailboxes.get(mailbox)!.folders.values()].filter((one) => one.mark === `galsync-folder:${ROUTE}`);
  expect(found, mailbox).toHaveLength(1);
  return found[0]!;
}

export function names(folder: MemoryFolder): readonly unknown[] {
  return [...folder.contacts.values()].map((contact) => contact.fields.displayName).sort();
}

export function copiesOf(record: JobRecord): CopyCounts | undefined {
  return record.job.routes[0]!.copies;
}

export function ownContactsAreUntouched(world: MailboxWorld): void {
  for (const one of world.mail.mailboxes.values()) expect(one.folders.get('own')).toEqual(ownFolder());
}
