import { Agent, createServer, type IncomingMessage, type Server, type ServerResponse, request as send } from 'node:http';
import type { Journal } from './journal.ts';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/**
 * Passes requests on to the emulator; a write that succeeded is in the journal before its answer goes out. With a journal, writes go one at
 * a time: the order of its lines is then the order in which they took effect (a delete and the create that followed it, say).
 */
export async function startJournalProxy(server: string, journal: Journal | null): Promise<Server> {
  const target = new URL(server);
  const inTurn = queue();
  const proxy = createServer((request, response) => {
    const writes = journal !== null && request.method !== 'GET' && request.method !== 'HEAD';
    const work = writes ? write(request, response, target, journal, inTurn) : read(request, response, target);
    work.catch((error: unknown) => {
      process.stderr.write(`storage: ${error instanceof Error ? error.message : String(error)}\n`);
      if (!response.headersSent) response.writeHead(502);
      response.end();
    });
  });
  proxy.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return proxy;
}

function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}

async function read(request: IncomingMessage, response: ServerResponse, target: URL): Promise<void> {
  const { answer, text } = await forward(request, await bytesOf(request), target);
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  response.end(text);
}

async function write(
  request: IncomingMessage,
  response: ServerResponse,
  target: URL,
  journal: Journal,
  inTurn: ReturnType<typeof queue>,
): Promise<void> {
  const body = await bytesOf(request);
  const { answer, text } = await inTurn(async () => {
    const forwarded = await forward(request, body, target);
    if (wrote(forwarded.answer, forwarded.text)) {
      const type = String(request.headers['content-type'] ?? '');
      journal.append(request.method ?? 'POST', (request.url ?? '').split('?')[0]!, type, body);
    }
    return forwarded;
  });
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  response.end(text);
}

async function forward(request: IncomingMessage, body: Buffer, target: URL): Promise<{ answer: IncomingMessage; text: Buffer }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const out = send(
      { host: target.hostname, port: target.port, method: request.method, path: request.url, headers: request.headers, agent },
      resolve,
    );
    out.on('error', reject);
    out.end(body);
  });
  return { answer, text: await bytesOf(answer) };
}

/** A batch answers 202 whatever became of it; its inner status line (values hold no bare line ends) says whether it was done. */
function wrote(answer: IncomingMessage, text: Buffer): boolean {
  const status = answer.statusCode ?? 500;
  return status >= 200 && status < 300 && !(status === 202 && /^HTTP\/1\.1 [45]\d\d /m.test(text.toString('latin1')));
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
