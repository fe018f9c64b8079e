import type { Http } from '../../http/http.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import type { Connector } from '../connector.ts';
import { whatToAsk } from './asked.ts';
import { contactCapability, onlyContact } from './capability.ts';
import { endpointsOf } from './clouds.ts';
import { createContacts } from './contacts.ts';
import { createExchange } from './exchange.ts';
import { createGraph } from './graph.ts';
import { SETS } from './position.ts';
import { readPage } from './read.ts';
import { createTokens } from './token.ts';
import { writeContact } from './write.ts';

export interface Microsoft365Dependencies {
  readonly http: Http;
  readonly secret: (name: string) => Promise<string>;
  /** Attributes that the configuration maps or filters, and `raw.` names without the prefix. */
  readonly wanted: { readonly attributes: readonly string[]; readonly raw: readonly string[] };
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Short waits until a new object is visible; tests pass their own. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/** The connector for Entra ID and Exchange Online. Lives as long as the process: its tokens are shared by all callers. */
export function createMicrosoft365(settings: Microsoft365Settings, deps: Microsoft365Dependencies): Connector {
  const endpoints = endpointsOf(settings);
  const asked = whatToAsk(settings, deps.wanted);
  const tokens = createTokens(settings, endpoints, deps);
  const graph = createGraph(endpoints, deps.http, tokens);
  const exchange = createExchange(settings, endpoints, deps.http, tokens);
  const contacts = createContacts(exchange, asked);
  const capability = contactCapability(settings);
  const sleep = deps.sleep ?? ((ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms)));
  return {
    id: settings.id,
    kind: 'microsoft365',
    sets: SETS,
    fingerprint: asked.fingerprint,
    readPage: (cursor, memory) => readPage({ id: settings.id, asked, graph, exchange, http: deps.http }, cursor, memory),
    capability: (as) => onlyContact(as, settings.id) ?? capability,
    write: async (request) => {
      onlyContact(request.as, settings.id);
      return writeContact({ exchange, graph, contacts, asked, sleep }, request);
    },
    get: async (targetId, as) => {
      onlyContact(as, settings.id);
      return contacts.get(targetId);
    },
    find: async (query) => {
      onlyContact(query.as, settings.id);
      return contacts.find(query);
    },
  };
}
