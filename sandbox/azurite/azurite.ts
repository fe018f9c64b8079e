import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Azurite {
  readonly connectionString: string;
  readonly pid: number;
  /** Ends it in order: everything is flushed to its folder. */
  stop(): Promise<void>;
}

const here = dirname(fileURLToPath(import.meta.url));

/**
 * Starts Table Storage's emulator as a child process. With a `directory`, acknowledged writes survive even a SIGKILL of the whole process
 * group (see journal.ts). It ends when this process ends.
 */
export async function startAzurite(options: { readonly directory: string | null }): Promise<Azurite> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(here, 'main.ts'), ...(options.directory ? [options.directory] : [])],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ready = await new Promise<{ connectionString: string; pid: number }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as { connectionString: string; pid: number }));
    child.once('exit', (code) => reject(new Error(`The storage emulator ended with code ${code} before it was ready.`)));
    child.once('error', reject);
  });
  return {
    ...ready,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      await ended;
    },
  };
}
