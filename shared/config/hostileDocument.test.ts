import { describe, expect, it } from 'vitest';
import { checkConfiguration } from './checkConfiguration.ts';
import { parseConfigurationText } from './parseConfiguration.ts';
import { sampleDocument } from './sampleDocument.ts';
import { createSecrets } from './secrets.ts';

function faultsOf(document: unknown) {
  const checked = checkConfiguration(document, { local: false, allowedHosts: [] });
  return checked.ok ? [] : checked.faults;
}
const parsed = (text: string): unknown => {
  const read = parseConfigurationText(text, { jsonc: false });
  return read.ok ? read.document : null;
};
const at = (changes: Parameters<typeof sampleDocument>[0]) => faultsOf(sampleDocument(changes)).map((fault) => fault.path);

describe('a hostile document', () => {
  it('that is nothing but brackets is refused, not a crash', () => {
    for (const text of ['['.repeat(100_000), '{"a":'.repeat(50_000)]) expect(parseConfigurationText(text, { jsonc: false }).ok).toBe(false);
    expect(parseConfigurationText(`{"a": "${'['.repeat(100)}"}`, { jsonc: false }).ok).toBe(true);
  });

  it('has no use for the keys of JavaScript objects, in maps and beside defaults neither', () => {
    const route = JSON.stringify(sampleDocument({ top: { defaults: { route: {} } } })).replace(
      '"from"',
      '"__proto__":{"enabled":false},"from"',
    );
    expect(faultsOf(parsed(route)).map((fault) => fault.path)).toEqual(['/routes/0/__proto__']);
    const map = JSON.stringify(sampleDocument({ out: { push: { set: {} } } })).replace('"set":{}', '"set":{"__proto__":"x"}');
    expect(faultsOf(parsed(map)).map((fault) => fault.path)).toEqual(['/routes/0/push/set/__proto__']);
  });

  it('of a few kilobytes does not become a million routes', () => {
    const connectors = Array.from({ length: 100 }, (_, n) => ({ ...(sampleDocument({})['connectors'] as object[])[1], id: `c${n}` }));
    const mesh = { connectors: connectors.map(({ id }) => id) };
    const faults = faultsOf({
      version: 1,
      connectors,
      meshes: [
        { ...mesh, id: 'm' },
        { ...mesh, id: 'n' },
      ],
    });
    expect(faults).toMatchObject([{ path: '/meshes/0/connectors', message: expect.stringContaining('5000') }]);
  });

  it('cannot have an endpoint that readers understand differently', () => {
    for (const graph of [
      'https:graph.microsoft.com',
      'https://graph.microsoft.com?',
      'https://graph.microsoft.com\\@evil.example',
      ' https://graph.microsoft.com',
    ])
      expect(at({ contoso: { endpoints: { graph } } }), graph).toEqual(['/connectors/0/endpoints/graph']);
  });

  it('cannot reach the platform secrets under their second name', async () => {
    const credential = { kind: 'clientSecret', clientId: 'x', secret: 'APPSETTING_AzureWebJobsStorage' };
    expect(at({ contoso: { credential } })).toEqual(['/connectors/0/credential/secret']);
    await expect(createSecrets({}, async () => null).read('constructor')).rejects.toThrow(/secretMissing/);
  });

  it('with a pasted GUID is told apart from a long but speaking name', () => {
    const named = (secret: string) => at({ contoso: { credential: { kind: 'clientSecret', clientId: 'x', secret } } });
    expect(named('ContosoTenantProductionSecret2024')).toEqual([]);
    expect(named('a1b2c3d4-aaaa-4bbb-8ccc-1234567890ab')).toEqual(['/connectors/0/credential/secret']);
  });
});
