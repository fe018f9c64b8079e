import { describe, expect, it } from 'vitest';
import { configurationSchema } from './schema.ts';

describe('configurationSchema', () => {
  const text = JSON.stringify(configurationSchema());
  const schema = JSON.parse(text);

  it('is a JSON Schema 2020-12 of the document', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(['version', 'paused', 'defaults', 'meshes', 'connectors', 'routes', 'retention']),
    );
    expect(schema.required).toEqual(['version', 'connectors']);
  });

  it('has every reference it uses', () => {
    for (const [, name] of text.matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)) expect(Object.keys(schema.$defs)).toContain(name);
  });

  it('shows defaults', () => {
    expect(schema.properties.routes.items.properties.breakers.properties.creations.default).toBe(500);
  });
});
