import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type Operation, operationsOf } from './operations.ts';
import { signed } from './sign.ts';

/**
 * The emulator writes its files every 5 s only: a SIGKILL loses what it acknowledged since. Every write that succeeded is therefore appended
 * here before it is answered (the kernel keeps what a killed process wrote), and done once more at the next start. All entries are absolute
 * writes, so doing all of them again in order gives the last state whatever the files held.
 */
export interface Journal {
  append(method: string, path: string, contentType: string, body: Buffer): void;
  /** After an orderly end the files hold everything. */
  clear(): void;
}

interface Line {
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

export async function openJournal(file: string, server: string): Promise<Journal> {
  if (existsSync(file)) await replay(file, server);
  return {
    append(method, path, type, body) {
      appendFileSync(file, `${JSON.stringify({ method, path, type, body: body.toString('base64') } satisfies Line)}\n`);
    },
    clear() {
      writeFileSync(file, '');
    },
  };
}

async function replay(file: string, server: string): Promise<void> {
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    const line = parsed(text);
    if (!line) continue;
    for (const operation of operationsOf(line.method, line.path, line.type, Buffer.from(line.body, 'base64')))
      await carryOut(server, operation);
  }
}

/** The last line may be cut: its write was not acknowledged. */
function parsed(text: string): Line | null {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return null;
  }
}

async function carryOut(server: string, operation: Operation): Promise<void> {
  const path = encodeURI(decodeURI(operation.path)).replaceAll('#', '%23').replaceAll('?', '%3F');
  const headers: Record<string, string> = { ...signed(path), 'content-type': 'application/json' };
  if (operation.method === 'DELETE') headers['if-match'] = '*';
  const response = await fetch(new URL(path, server), {
    method: operation.method,
    headers,
    ...(operation.body === null ? {} : { body: operation.body }),
  });
  await response.arrayBuffer();
  const expected =
    response.ok || (operation.method === 'DELETE' && response.status === 404) || (operation.method === 'POST' && response.status === 409);
  if (!expected) process.stderr.write(`storage journal: ${operation.method} ${operation.path} answered ${response.status}\n`);
}
