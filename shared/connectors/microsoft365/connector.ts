import type { Http } from '../../http/http.ts';
import type { ManagedIdentity } from '../../http/managedIdentity.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import type { Connector } from '../connector.ts';
import { type WantedOf, whatToAsk } from './asked.ts';
import { createBatch } from './batch.ts';
import { endpointsOf } from './clouds.ts';
import { createExchange } from './exchange.ts';
import { createGraph } from './graph.ts';
import { createCopies } from './mailboxContact/copies.ts';
import type { PasswordKey } from './mailUser/password.ts';
import { membersPage } from './members.ts';
import { setsOf } from './position.ts';
import { openPushTypes } from './pushType.ts';
import { readPage } from './read.ts';
import { createTokens } from './token.ts';
import { microsoftProbes } from './verify.ts';

export interface Microsoft365Dependencies {
  readonly http: Http;
  readonly secret: (name: string) => Promise<string>;
  /** The app's managed identity, for the credential `federated`. */
  readonly identity?: ManagedIdentity | undefined;
  /** Attributes that the configuration maps or filters, and `raw.` names without the prefix. */
  readonly wanted: WantedOf;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Short waits until a new object is visible; tests pass their own. */
  readonly sleep?: (ms: number) => Promise<void>;
  /** Key for passwords of new accounts, if it is not the one that Microsoft's module ships. */
  readonly passwordKey?: PasswordKey;
}

/** The connector for Entra ID and Exchange Online. Lives as long as the process: its tokens are shared by all callers. */
export function createMicrosoft365(settings: Microsoft365Settings, deps: Microsoft365Dependencies): Connector {
  const endpoints = endpointsOf(settings);
  const asked = whatToAsk(settings, deps.wanted);
  const tokens = createTokens(settings, endpoints, deps);
  const graph = createGraph(endpoints, deps.http, tokens);
  const exchange = createExchange(settings, endpoints, deps.http, tokens);
  const sleep = deps.sleep ?? ((ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms)));
  const batch = createBatch(endpoints, deps.http, tokens);
  const read = { id: settings.id, asked, graph, exchange, batch, host: new URL(endpoints.graph).host, now: deps.now, http: deps.http };
  const pushType = openPushTypes({
    settings,
    asked,
    graph,
    exchange,
    http: deps.http,
    now: deps.now,
    sleep,
    ...(deps.passwordKey ? { passwordKey: deps.passwordKey } : {}),
  });
  return {
    id: settings.id,
    kind: 'microsoft365',
    sets: setsOf(asked),
    fingerprint: asked.fingerprint,
    readPage: (cursor, memory) => readPage(read, cursor, memory),
    readMembers: (group, cursor) => membersPage(graph, exchange, group, cursor),
    capability: (as) => pushType(as).capability,
    write: async (request) => pushType(request.as).write(request),
    get: async (targetId, as) => pushType(as).get(targetId),
    find: async (query) => pushType(query.as).find(query),
    verify: (uses) => microsoftProbes({ ...deps, settings, endpoints, asked, graph, exchange, tokens }, uses),
    copies: createCopies(batch, settings.limits.lanes),
  };
}
