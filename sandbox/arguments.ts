import { accessSync, constants, mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

export interface Arguments {
  readonly configuration: string | null;
  readonly keep: string | null;
  readonly once: boolean;
  readonly action: 'pull' | 'simulate' | 'push' | 'sync';
  readonly json: boolean;
  readonly port: number;
}

export interface ArgumentFault {
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

export const USAGE = `npm start -- [options]
  --configuration FILE   run against the directories of a configuration document instead of the sample organisations
  --keep DIR             keep all state in DIR; the next start with the same DIR goes on from there
  --once                 run one job over all enabled routes, then stop
  --action ACTION        pull | simulate | push | sync: the action of --once (default sync)
  --json                 one JSON document on standard output, nothing else there
  --port N               the API's port (default 7071; 0 = any free one)`;

const ACTIONS = ['pull', 'simulate', 'push', 'sync'] as const;

/** Makes the folder of `--keep`; a fault says why there can be none. */
export function keepFault(directory: string): ArgumentFault | null {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK);
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { path: '--keep', message: `No state can be kept in "${directory}": ${why}`, fix: 'Name a folder that can be written to.' };
  }
}

/** Reads the command line; every fault at once. */
export function readArguments(
  argv: readonly string[],
): { ok: true; arguments: Arguments } | { ok: false; faults: readonly ArgumentFault[]; json: boolean } {
  const json = argv.includes('--json');
  const faults: ArgumentFault[] = [];
  let values: Record<string, string | boolean | undefined> = {};
  try {
    ({ values } = parseArgs({
      args: [...argv],
      options: {
        configuration: { type: 'string' },
        keep: { type: 'string' },
        once: { type: 'boolean' },
        action: { type: 'string' },
        json: { type: 'boolean' },
        port: { type: 'string' },
      },
      strict: true,
      allowPositionals: false,
    }));
  } catch (error) {
    faults.push({ path: '', message: error instanceof Error ? error.message.split('\n')[0]! : String(error), fix: USAGE });
  }
  const action = (values['action'] as string | undefined) ?? 'sync';
  const port = /^\d{1,5}$/.test(String(values['port'] ?? '7071')) ? Number(values['port'] ?? 7071) : Number.NaN;
  if (!ACTIONS.includes(action as never))
    faults.push({ path: '--action', message: `There is no action "${action}".`, fix: 'Use pull, simulate, push or sync.' });
  if (values['action'] !== undefined && !values['once'])
    faults.push({ path: '--action', message: '--action goes with --once only.', fix: 'Add --once.' });
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    faults.push({ path: '--port', message: `"${values['port']}" is no port.`, fix: 'Use a number from 0 to 65535.' });
  if (faults.length > 0) return { ok: false, faults, json };
  const text = (name: string): string | null => (values[name] as string | undefined) ?? null;
  return {
    ok: true,
    arguments: {
      configuration: text('configuration'),
      keep: text('keep'),
      once: values['once'] === true,
      action: action as Arguments['action'],
      json,
      port,
    },
  };
}
