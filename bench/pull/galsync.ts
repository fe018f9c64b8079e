/** Reads one directory to its end through our connector, page by page, keeping nothing but ids: what a pull activity does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkConfiguration } from '../../shared/config/checkConfiguration.ts';
import { wantedAttributes } from '../../shared/config/wantedAttributes.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { createGoogleWorkspace } from '../../shared/connectors/google/connector.ts';
import { createMicrosoft365 } from '../../shared/connectors/microsoft365/connector.ts';
import { createHttp } from '../../shared/http/createHttp.ts';
import { ThrottledError } from '../../shared/model/failure.ts';
import { report } from './measure.ts';

const { document, connector: id, secret } = JSON.parse(process.argv[2]!) as { document: unknown; connector: string; secret: string };
const checked = checkConfiguration(document, { local: true, allowedHosts: [] });
if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
const { configuration } = checked;
const rows = new Map<string, number>();
const http = createHttp({
  tenant: id,
  connector: id,
  waits: {
    read: async (key) => rows.get(key) ?? 0,
    raise: async (key, until) => void rows.set(key, until),
    take: async (_key, from) => from,
  },
  paces: new Map(),
  fetch: globalThis.fetch,
  now: Date.now,
  sleep: (ms) => sleep(ms),
  random: Math.random,
});
const deps = { http, secret: async () => secret, wanted: wantedAttributes(configuration, id), now: Date.now };
const settings = configuration.connectors.find((one) => one.id === id)!;
const connector: Connector =
  settings.kind === 'microsoft365' ? createMicrosoft365(settings, deps) : createGoogleWorkspace(settings as never, deps);

await report(async () => {
  const ids = new Set<string>();
  let cursor: string | null = null;
  do {
    const page = await patient(() => connector.readPage(cursor, { tokens: {}, readBefore: [] }));
    for (const part of page.parts) if (part.primary) ids.add(part.id);
    cursor = page.cursor;
  } while (cursor !== null);
  return ids.size;
});

/** A wait over 5 s is a durable timer in the product. */
async function patient<T>(read: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ThrottledError)) throw error;
      await sleep(Math.max(0, error.notBefore - Date.now()));
    }
  }
}
