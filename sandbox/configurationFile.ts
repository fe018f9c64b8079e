import { readFileSync } from 'node:fs';
import { parseConfigurationText } from '../shared/config/parseConfiguration.ts';
import type { ConfigurationFault } from '../shared/model/configuration.ts';
import type { Api } from './client.ts';

/** A configuration file: comments and trailing commas are allowed there, unlike over HTTP. */
export function readConfigurationFile(
  path: string,
): { ok: true; document: unknown } | { ok: false; faults: readonly ConfigurationFault[] } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return {
      ok: false,
      faults: [
        {
          path: '',
          message: `The configuration file cannot be read: ${error instanceof Error ? error.message : String(error)}`,
          fix: 'Give the path of a readable file.',
        },
      ],
    };
  }
  return parseConfigurationText(text, { jsonc: true });
}

/** Makes a document the running configuration through the API; answers its faults. */
export async function saveConfiguration(api: Api, document: unknown): Promise<readonly ConfigurationFault[]> {
  const answer = await api.send('PUT', 'configuration', document);
  if (answer.status === 200) return [];
  const { errors, detail } = answer.body as { errors?: readonly ConfigurationFault[]; detail?: string };
  return (
    errors ?? [{ path: '', message: detail ?? `PUT /api/configuration answered ${answer.status}`, fix: 'Look at the log of the host.' }]
  );
}
