/** The development host as a process: `node main.ts --app DIR --port N --settings FILE`. Prints one JSON line when it is ready. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startHost } from './host.ts';

const { values } = parseArgs({
  options: { app: { type: 'string' }, port: { type: 'string', default: '7071' }, settings: { type: 'string' } },
});
const settings = values.settings ? (JSON.parse(readFileSync(values.settings, 'utf8')) as Record<string, string>) : {};
const log = (level: string, message: string): void => void process.stderr.write(`${new Date().toISOString()} ${level} ${message}\n`);
// What the app prints itself belongs to the log; standard output carries the ready line only.
console.log = (...all: unknown[]) => log('information', all.map(String).join(' '));
console.info = console.log;

try {
  const host = await startHost({ app: resolve(values.app ?? '.'), port: Number(values.port), settings, log });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), 5_000).unref();
    host.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  // The parent holds the other end of standard input: when it is gone, this process ends in order.
  process.stdin.on('end', stop).on('error', stop).resume();
  log('information', `development host (not for production) on http://127.0.0.1:${host.port}, ${host.functions.length} functions`);
  process.stdout.write(`${JSON.stringify({ port: host.port, pid: process.pid, functions: host.functions })}\n`);
} catch (error) {
  log('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
}
