import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What one reader of a directory cost: a process of its own, so that its memory is its own. */
export interface PullCost {
  readonly name: string;
  /** Objects that it came home with; null: it gave up. */
  readonly objects: number | null;
  readonly seconds: number;
  readonly calls: number;
  readonly peakMiB: number;
  /** Why it gave up. */
  readonly gaveUp: string | null;
}

/** What a reader prints at its end. */
export interface PullReport {
  readonly objects: number | null;
  readonly seconds: number;
  readonly gaveUp: string | null;
}

/** Runs a reader (`bench/pull/<file>`) in a process of its own. `calls` counts at the directory, whatever the reader believes. */
export async function measurePull(name: string, file: string, input: object, calls: () => Promise<number>): Promise<PullCost> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let report: (PullReport & { readonly peakMiB: number }) | null = null;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{"objects"')) report = JSON.parse(line) as PullReport & { readonly peakMiB: number };
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (!report) throw new Error(`${name} ended with ${code} and said nothing.`);
  return { name, ...(report as PullReport & { readonly peakMiB: number }), calls: await calls() };
}

/** In a reader: runs it, and prints what it cost. */
export async function report(read: () => Promise<number>): Promise<void> {
  const started = performance.now();
  let objects: number | null = null;
  let gaveUp: string | null = null;
  try {
    objects = await read();
  } catch (error) {
    gaveUp = (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 120);
  }
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(`${JSON.stringify({ objects, seconds, gaveUp, peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) })}\n`);
  process.exit(0);
}
