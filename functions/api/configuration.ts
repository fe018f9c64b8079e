import { configurationSchema } from '../../shared/config/schema.ts';
import { putConfiguration, shortTag } from '../../shared/sync/putConfiguration.ts';
import { forgetConfiguration, loadedConfiguration, syncContext } from '../wiring.ts';
import { door, json, Problem } from './door.ts';

door('getConfiguration', ['GET'], 'configuration', 'Reader', async (call) => {
  const stored = await syncContext().store.configuration.read();
  if (!stored) throw new Problem('not-found', 404, 'No configuration was saved yet; send one with PUT /api/configuration.');
  const expanded = call.query.get('expanded') === 'true';
  return json(expanded ? (await loadedConfiguration()).configuration : stored.document, 200, { etag: quoted(shortTag(stored.etag)) });
});

door('putConfiguration', ['PUT'], 'configuration', 'Operator', async (call) => {
  const text = await call.text();
  const ifMatch = call.request.headers.get('if-match');
  const dryRun = call.query.get('dryRun') === 'true';
  const saved = await putConfiguration(syncContext(), text, {
    ifMatch: ifMatch === null ? null : ifMatch.split(',').map(unquoted),
    dryRun,
    ...loadedConfiguration.options(),
  });
  forgetConfiguration();
  return json({ version: saved.version, warnings: saved.warnings, dryRun }, 200, saved.etag ? { etag: quoted(saved.etag) } : {});
});

door('getConfigurationSchema', ['GET'], 'configuration/schema', 'Reader', async () => json(configurationSchema(), 200));

function quoted(tag: string): string {
  return `"${tag}"`;
}

function unquoted(value: string): string {
  return value.trim().replace(/^W\//, '').replace(/^"|"$/g, '');
}
