import { appendFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { request as send } from 'node:http';
import { type Operation, operationsOf } from './operations.ts';
import { signed } from './sign.ts';

/**
 * The emulator writes its files every few seconds only: a SIGKILL loses what it acknowledged since. Every write that succeeded is therefore
 * appended here before it is answered (the kernel keeps what a killed process wrote), and done once more at the next start. All entries are
 * absolute writes in the order in which they took effect, so doing a tail of them again gives the last state whatever the files held.
 */
export interface Journal {
  append(method: string, path: string, contentType: string, body: Buffer): void;
  /** Has the emulator write its files now; what was journalled before is dropped once they are written. One call at a time. */
  checkpoint(): Promise<void>;
}

interface Line {
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly body: string;
}

/**
 * Does the writes again that a killed predecessor left in `file` (and in `<file>.old`, from a checkpoint that was cut off), then answers an
 * empty journal. `server` is the emulator's own address; `save` has it write its files and ends when they are written.
 */
export async function openJournal(file: string, server: string, save: () => Promise<void>): Promise<Journal> {
  const old = `${file}.old`;
  for (const left of [old, file]) if (existsSync(left)) await replay(left, server);
  if (existsSync(old) || existsSync(file)) {
    await save();
    // The older file goes first: what a kill in between leaves must be the tail of all writes.
    for (const left of [old, file]) rmSync(left, { force: true });
  }
  return {
    append(method, path, type, body) {
      appendFileSync(file, `${JSON.stringify({ method, path, type, body: body.toString('base64') } satisfies Line)}\n`);
    },
    async checkpoint() {
      // After a save that failed `old` is still needed: both stay until one succeeds.
      if (!existsSync(old) && existsSync(file)) renameSync(file, old);
      if (!existsSync(old)) return;
      await save();
      rmSync(old, { force: true });
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
  const status = await statusOf(server, operation);
  const done =
    (status >= 200 && status < 300) ||
    (operation.method === 'DELETE' && status === 404) ||
    (operation.method === 'POST' && status === 409) ||
    // A write to a table that a later line deletes.
    ((operation.method === 'PUT' || operation.method === 'PATCH') && status === 404);
  if (!done) throw new Error(`The storage journal could not be done again: ${operation.method} ${operation.path} answered ${status}.`);
}

/** The path goes out exactly as it came in: any re-encoding would change keys with "@", "+", ":" or "%". */
function statusOf(server: string, { method, path, body }: Operation): Promise<number> {
  const { hostname, port } = new URL(server);
  const headers: Record<string, string | number> = {
    ...signed(path),
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body ?? ''),
    ...(method === 'DELETE' ? { 'if-match': '*' } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = send({ hostname, port, method, path, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(body ?? '');
  });
}
