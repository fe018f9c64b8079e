import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { selfSigned } from '../../sandbox/directories/selfSigned.ts';
import { answerLost } from './answerLost.ts';
import { createHttp } from './createHttp.ts';

const DAY = 86_400_000;
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

async function failureAt(url: string): Promise<{ error: unknown; attempts: number }> {
  let attempts = 0;
  const http = createHttp({
    connector: 'x',
    tenant: 'x',
    waits: { read: async () => 0, raise: async () => undefined, take: async (_key, from) => from },
    paces: new Map(),
    fetch: (...request) => {
      attempts += 1;
      return fetch(...request);
    },
    now: Date.now,
    sleep: async () => undefined,
    random: () => 0,
  });
  const error = await http({ method: 'POST', url, idempotent: false, body: 'x' }).catch((one: unknown) => one);
  return { error, attempts };
}

describe('a connection that cannot be made', () => {
  it('a certificate that nobody here trusts is said so, once: nothing was sent', async () => {
    const own = selfSigned('localhost', new Date(Date.now() - DAY), new Date(Date.now() + DAY));
    server = createServer({ cert: own.certificate, key: own.privateKey });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    const { error, attempts } = await failureAt(`https://127.0.0.1:${(server.address() as AddressInfo).port}/token`);
    expect(error).toMatchObject({
      failure: {
        code: 'unreachable',
        message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
        nextStep: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
      },
    });
    expect(attempts).toBe(1);
    expect(answerLost(error)).toBe(false);
  });

  it('a name that is not known and a port where nothing listens', async () => {
    const unknown = await failureAt('https://nobody.invalid/x');
    expect(unknown.error).toMatchObject({
      failure: { code: 'unreachable', nextStep: expect.stringMatching(/name of the host|reachable/) },
    });
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const refused = await failureAt(`http://127.0.0.1:${port}/x`);
    expect(refused.error).toMatchObject({
      failure: { message: expect.stringContaining('ECONNREFUSED'), nextStep: expect.stringContaining('port') },
    });
    expect(answerLost(refused.error)).toBe(false);
  });
});
