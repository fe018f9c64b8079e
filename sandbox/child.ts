import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A child process of the sandbox that prints one JSON line when it is ready and ends in order when its standard input closes. */
export interface Child<Ready> {
  readonly name: string;
  readonly ready: Ready;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** Starts `node file …arguments`; everything it prints besides the ready line goes to `output`. */
export async function startChild<Ready>(
  name: string,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  output: (line: string) => void,
): Promise<Child<Ready>> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let why = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (why === '' && /\berror\b/i.test(line)) why = `: ${line.slice(0, 300)}`;
    output(line);
  });
  const lines = createInterface({ input: child.stdout });
  const ready = await new Promise<Ready>((resolve, reject) => {
    let done = false;
    lines.on('line', (line) => {
      if (done) return output(line);
      const parsed = readyLine<Ready>(line);
      if (parsed === undefined) return output(line);
      done = true;
      resolve(parsed);
    });
    child.once('close', (code, signal) => reject(new Error(`${name} ended before it was ready (${signal ?? code})${why}`)));
    child.once('error', reject);
  });
  return { name, ready, process: child, stop: () => stopChild(child) };
}

function readyLine<Ready>(line: string): Ready | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Ready;
  } catch {
    return undefined;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await ended;
  clearTimeout(timer);
}
