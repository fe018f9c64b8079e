import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse, request as send } from 'node:http';
import type { Journal } from './journal.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** Passes requests on to the emulator; a write that succeeded is in the journal before its answer goes out. */
export async function startJournalProxy(server: string, journal: Journal | null): Promise<Server> {
  const target = new URL(server);
  const proxy = createServer((request, response) => {
    pass(request, response, target, journal).catch((error: unknown) => {
      process.stderr.write(`storage: ${error instanceof Error ? error.message : String(error)}\n`);
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
  });
  proxy.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return proxy;
}

async function pass(request: IncomingMessage, response: ServerResponse, target: URL, journal: Journal | null): Promise<void> {
  const body = await bytesOf(request);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const out = send(
      { host: target.hostname, port: target.port, method: request.method, path: request.url, headers: request.headers, agent },
      resolve,
    );
    out.on('error', reject);
    out.end(body);
  });
  const text = await bytesOf(answer);
  const method = request.method ?? 'GET';
  if (journal && method !== 'GET' && method !== 'HEAD' && wrote(answer, text))
    journal.append(method, (request.url ?? '').split('?')[0]!, String(request.headers['content-type'] ?? ''), body);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  response.end(text);
}

/** A batch answers 202 whatever became of it; its inner status says whether it was done. */
function wrote(answer: IncomingMessage, text: Buffer): boolean {
  const status = answer.statusCode ?? 500;
  return status >= 200 && status < 300 && !(status === 202 && /HTTP\/1\.1 [45]\d\d/.test(text.toString('latin1')));
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
