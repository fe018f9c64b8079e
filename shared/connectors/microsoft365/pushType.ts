import type { Http } from '../../http/http.ts';
import type { Microsoft365Settings, PushType } from '../../model/configuration.ts';
import type { Entry } from '../../model/entry.ts';
import { FailureError } from '../../model/failure.ts';
import type { Capability, FindQuery, WriteAnswer, WriteRequest } from '../connector.ts';
import type { Asked } from './asked.ts';
import { contactPushType } from './contact/pushType.ts';
import type { Exchange } from './exchange.ts';
import type { Graph } from './graph.ts';
import { guestPushType } from './guest/pushType.ts';
import { mailboxContactPushType } from './mailboxContact/pushType.ts';
import type { PasswordKey } from './mailUser/password.ts';
import { mailUserPushType } from './mailUser/pushType.ts';

/** What the rooms of the push types are made of. */
export interface PushTypeDependencies {
  readonly settings: Microsoft365Settings;
  readonly asked: Asked;
  readonly graph: Graph;
  readonly exchange: Exchange;
  readonly http: Http;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Key for passwords of new accounts, if it is not the one that Microsoft's module ships. */
  readonly passwordKey?: PasswordKey;
}

/** One push type of this directory: the part of the port `Connector` that has to do with writing. Each has a room of its own. */
export interface Microsoft365PushType {
  readonly capability: Capability;
  write(request: WriteRequest): Promise<WriteAnswer>;
  get(targetId: string): Promise<Entry | null>;
  find(query: FindQuery): Promise<Entry | null>;
}

const ROOMS: Readonly<Partial<Record<PushType, (deps: PushTypeDependencies) => Microsoft365PushType>>> = {
  contact: contactPushType,
  guest: guestPushType,
  mailboxContact: mailboxContactPushType,
  mailUser: mailUserPushType,
};

/** The room of each push type, opened at its first use. Throws `refused` for a type that this directory does not have. */
export function openPushTypes(deps: PushTypeDependencies): (as: PushType) => Microsoft365PushType {
  const opened = new Map<PushType, Microsoft365PushType>();
  return (as) => {
    const known = opened.get(as) ?? ROOMS[as]?.(deps);
    if (!known) throw noSuchType(as, deps.settings.id);
    opened.set(as, known);
    return known;
  };
}

function noSuchType(as: PushType, connector: string): FailureError {
  return new FailureError({
    code: 'refused',
    message: `Connector "${connector}": Microsoft 365 has no push type "${as}".`,
    nextStep: `Set "as" in the route's push to one of ${Object.keys(ROOMS).join(', ')}.`,
  });
}
