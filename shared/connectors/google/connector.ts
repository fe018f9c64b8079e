import { createHash } from 'node:crypto';
import type { Http } from '../../http/http.ts';
import type { ManagedIdentity } from '../../http/managedIdentity.ts';
import type { GoogleWorkspaceSettings, PushType } from '../../model/configuration.ts';
import type { Entry } from '../../model/entry.ts';
import { FailureError } from '../../model/failure.ts';
import type { Capability, Connector } from '../connector.ts';
import { badAnswer, refusalOf } from './answers.ts';
import { type BatchesOff, createBatchSwitch } from './batchSwitch.ts';
import { SHARED_CONTACT, SHARED_CONTACTS } from './capability.ts';
import { createConfirmGone } from './confirmGone.ts';
import { readContact } from './contactXml.ts';
import { createDirectory } from './directory.ts';
import { createFeed } from './feed.ts';
import { findByStamp } from './find.ts';
import { createGroupSettings } from './groupSettings.ts';
import { membersPage } from './members.ts';
import { readPage, setsOf } from './read.ts';
import { createTokens } from './token.ts';
import { userFields } from './userFields.ts';
import { googleProbes } from './verify.ts';
import { writeSharedContact } from './write.ts';
import { writeTogether } from './writeTogether.ts';
import { childrenOf } from './xml.ts';

export interface GoogleDependencies {
  readonly http: Http;
  readonly secret: (name: string) => Promise<string>;
  /** The app's managed identity, for the credential `workloadIdentity`. */
  readonly identity?: ManagedIdentity | undefined;
  readonly wanted: { readonly attributes: readonly string[]; readonly raw: readonly string[] };
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Told when this process goes over to single writes, for the log. */
  readonly tell?: (event: BatchesOff) => void;
}

/** The connector for Google Workspace: Directory API and domain shared contacts. Lives as long as the process. */
export function createGoogleWorkspace(settings: GoogleWorkspaceSettings, deps: GoogleDependencies): Connector {
  const tokens = createTokens(settings, deps);
  const directory = createDirectory(settings.endpoints['admin'] ?? 'https://admin.googleapis.com', deps.http, tokens, settings.id);
  const feed = createFeed(
    settings.endpoints['contacts'] ?? 'https://www.google.com',
    settings.domain,
    deps.http,
    () => tokens('contacts'),
    settings.id,
  );
  const settingsOf = createGroupSettings(
    settings.endpoints['groupsSettings'] ?? 'https://www.googleapis.com',
    deps.http,
    () => tokens('groupSettings'),
    settings.id,
  );
  // One call for each group, so only where somebody wants to know.
  const groupSettings = settings.pull.internalOnlyGroups ? null : settingsOf;
  const read = { id: settings.id, customer: settings.customer, directory, feed, groupSettings, calls: deps.http.calls, ...deps.wanted };
  const batches = createBatchSwitch(settings.id, deps.now, deps.tell ?? (() => undefined));
  return {
    id: settings.id,
    kind: 'googleWorkspace',
    sets: setsOf(read),
    fingerprint: createHash('sha256')
      .update(JSON.stringify([settings.customer, settings.domain, userFields(deps.wanted), deps.wanted.raw]))
      .digest('hex')
      .slice(0, 16),
    readPage: (cursor, memory) => readPage(read, cursor, memory),
    confirmGone: createConfirmGone({ ...read, now: deps.now }),
    readMembers: (group, cursor) => membersPage(directory, group, cursor),
    capacity: SHARED_CONTACTS,
    capability: (as) => onlySharedContact(as, settings.id),
    write: (request) => writeSharedContact(feed, settings.id, request),
    writeMany: (requests) => writeTogether({ feed, connector: settings.id, batches }, requests),
    async get(targetId): Promise<Entry | null> {
      const answer = await feed.entry(targetId);
      if (answer.status === 404) return null;
      const what = `the shared contact ${targetId}`;
      if (answer.status !== 200) throw refusalOf(settings.id, what, 'https://www.google.com/m8/feeds/', answer);
      if (!answer.element) throw badAnswer(settings.id, what, 'something that is not this contact');
      return childrenOf(answer.element, 'deleted').length > 0 ? null : ({ id: targetId, ...readContact(answer.element) } as Entry);
    },
    find: (query) => findByStamp(feed, settings.id, query),
    verify: (uses) => googleProbes({ ...deps, settings, directory, feed, tokens }, uses),
  };
}

function onlySharedContact(as: PushType, id: string): Capability {
  if (as === 'sharedContact') return SHARED_CONTACT;
  throw new FailureError({
    code: 'refused',
    message: `Connector "${id}": Google Workspace has no push type "${as}".`,
    nextStep: 'Use "sharedContact".',
  });
}
