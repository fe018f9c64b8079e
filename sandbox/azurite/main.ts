/** Table Storage's emulator in a process of its own, behind a journal. `node main.ts [DIR]`; prints one JSON line when it is ready. */
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openJournal } from './journal.ts';
import { startJournalProxy } from './journalProxy.ts';
import { ACCOUNT, KEY } from './sign.ts';

interface TableServer {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
  readonly metadataStore: { readonly db: { saveDatabase(done: (error?: unknown) => void): void; autosaveDisable(): void } };
}

/** How often the emulator's files are written; what came since is in the journal. */
const CHECKPOINT_MS = 5_000;

const directory = process.argv[2] ?? null;
const require = createRequire(import.meta.url);
// Loading the emulator patches console and more (application insights): one reason for the process of its own.
const { default: Server } = require('azurite/dist/src/table/TableServer.js') as { default: new (configuration: unknown) => TableServer };
const { default: Configuration } = require('azurite/dist/src/table/TableConfiguration.js') as {
  default: new (...all: unknown[]) => unknown;
};

if (directory) mkdirSync(directory, { recursive: true });
const server = new Server(
  new Configuration(
    '127.0.0.1',
    0,
    5,
    join(directory ?? '.', 'tables.json'),
    false,
    false,
    undefined,
    undefined,
    true,
    true,
    '',
    '',
    '',
    undefined,
    true,
    directory === null,
  ),
);
await server.start();
const { db } = server.metadataStore;
// Answers when the files are written: its own autosave and close() do not say so.
const save = (): Promise<void> =>
  new Promise((resolve, reject) =>
    db.saveDatabase((error) => (error ? reject(error instanceof Error ? error : new Error(String(error))) : resolve())),
  );
if (directory) db.autosaveDisable();
const journal = directory ? await openJournal(join(directory, 'journal'), server.getHttpServerAddress(), save) : null;
const proxy = await startJournalProxy(server.getHttpServerAddress(), journal);
const { port } = proxy.address() as AddressInfo;
const connectionString = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};TableEndpoint=http://127.0.0.1:${port}/${ACCOUNT};`;

const complain = (error: unknown): void =>
  void process.stderr.write(`storage: its files could not be written: ${error instanceof Error ? error.message : String(error)}\n`);
let saving: Promise<void> = Promise.resolve();
const checkpoint = (): Promise<void> => {
  saving = saving.then(() => journal?.checkpoint()).catch(complain);
  return saving;
};
const timer = setInterval(() => void checkpoint(), CHECKPOINT_MS);

let closing = false;
const stop = async (): Promise<void> => {
  if (closing) return;
  closing = true;
  clearInterval(timer);
  proxy.close();
  proxy.closeAllConnections();
  await checkpoint();
  await server.close();
  process.exit(0);
};
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
process.stdin
  .on('end', () => void stop())
  .on('error', () => void stop())
  .resume();
process.stdout.write(`${JSON.stringify({ connectionString, pid: process.pid })}\n`);
