import type { Copies } from '../../copies.ts';
import { BATCH_SIZE, type GraphBatch } from '../batch.ts';
import { shownFields } from './capability.ts';
import { changesIn, findContacts, listContacts, look, makeFolder, PAGE, removeFolder, renameFolder } from './folder.ts';
import { resolveNames } from './resolve.ts';
import { writeContacts } from './write.ts';

/** Four calls at a time are borne for one application and mailbox, and Graph may count over all mailboxes: few lanes (reference §5.2). */
const LANES = 3;

/** Folders of ours in the mailboxes of a tenant. @param ceiling `limits.lanes` of the connector */
export function createCopies(batch: GraphBatch, ceiling: number | null): Copies {
  return {
    resolve: (names) => resolveNames(batch, names),
    look: (query) => look(batch, query),
    makeFolder: (mailbox, mark, name) => makeFolder(batch, mailbox, mark, name),
    renameFolder: (mailbox, folder, name) => renameFolder(batch, mailbox, folder, name),
    removeFolder: (mailbox, folder) => removeFolder(batch, mailbox, folder),
    list: (mailbox, folder, cursor) => listContacts(batch, mailbox, folder, cursor),
    find: (mailbox, folder, stamps) => findContacts(batch, mailbox, folder, stamps),
    write: (mailbox, folder, acts) => writeContacts(batch, mailbox, folder, acts),
    changes: (mailbox, folder, from) => changesIn(batch, mailbox, folder, from),
    shown: shownFields,
    writesAtOnce: BATCH_SIZE,
    pageSize: PAGE,
    lanes: Math.max(1, Math.min(LANES, ceiling ?? LANES)),
  };
}
