import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it, vi } from 'vitest';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: object }[];
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
  readonly security?: readonly object[];
}
interface Description {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly securitySchemes: object };
}

/** What the Functions host would route: recorded from the SDK itself, not from our own list. */
const hosted: string[] = [];
let description: Description;

beforeAll(async () => {
  const sdk = await import('@azure/functions');
  vi.spyOn(sdk.app, 'http').mockImplementation((_name, options) => {
    for (const method of options.methods ?? []) hosted.push(`${method} /api/${options.route}`);
  });
  await import('../main.ts');
  const { doors } = await import('./door.ts');
  const { openApiDocument } = await import('./openApiDocument.ts');
  description = JSON.parse(JSON.stringify(openApiDocument(doors()))) as Description;
});

const operations = (): readonly (readonly [string, string, Operation])[] =>
  Object.entries(description.paths).flatMap(([path, item]) => Object.entries(item).map(([method, one]) => [path, method, one] as const));

describe('the description of the API', () => {
  it('has every route that the host serves, and nothing else', () => {
    const described = operations().map(([path, method]) => `${method.toUpperCase()} ${path}`);
    expect(hosted.length).toBeGreaterThan(20);
    expect([...described].sort()).toEqual([...hosted].sort());
  });

  it('regards every file of doors', async () => {
    const { doors } = await import('./door.ts');
    const files = readdirSync(new URL('.', import.meta.url)).filter((name) => !name.endsWith('.test.ts'));
    const { readFileSync } = await import('node:fs');
    const names = files.flatMap((file) =>
      [...readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(/^door\(\s*'(\w+)'/gm)].map((match) => match[1]!),
    );
    expect(names.filter((name) => !doors().some((door) => door.name === name))).toEqual([]);
  });

  it('describes no door that is not there', async () => {
    const { DESCRIBED } = await import('./described.ts');
    const { doors } = await import('./door.ts');
    expect(Object.keys(DESCRIBED).filter((name) => !doors().some((door) => door.name === name))).toEqual([]);
  });

  it('describes every door', async () => {
    const { DESCRIBED } = await import('./described.ts');
    const { doors } = await import('./door.ts');
    expect(doors().flatMap((door) => (door.name in DESCRIBED ? [] : [door.name]))).toEqual([]);
  });

  it('is OpenAPI 3.1: unique ids, path parameters declared, answers described, references that lead somewhere', () => {
    expect(description.openapi).toMatch(/^3\.1\.\d+$/);
    expect(description.info.title && description.info.version).toBeTruthy();
    const ids = operations().map(([, , one]) => one.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, method, one] of operations()) {
      expect(path.startsWith('/')).toBe(true);
      expect(['get', 'put', 'post', 'delete']).toContain(method);
      expect(one.summary.length).toBeGreaterThan(3);
      const inPath = one.parameters.filter((parameter) => parameter.in === 'path');
      expect(inPath.map((parameter) => parameter.name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
      expect(inPath.every((parameter) => parameter.required)).toBe(true);
      const names = one.parameters.map((parameter) => `${parameter.in} ${parameter.name}`);
      expect(new Set(names).size).toBe(names.length);
      expect(Object.keys(one.responses).every((code) => /^([1-5]\d\d|default)$/.test(code))).toBe(true);
      expect(Object.values(one.responses).every((answer) => answer.description !== '')).toBe(true);
      if (method === 'get' || method === 'delete') expect(one.requestBody).toBeUndefined();
    }
    const text = JSON.stringify(description);
    const refs = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!);
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of new Set(refs)) {
      expect(ref).toMatch(/^#\/components\/schemas\/[a-zA-Z0-9._-]+$/);
      expect(description.components.schemas).toHaveProperty([ref.split('/').at(-1)!]);
    }
    expect(text).not.toContain('"$defs"');
  });

  it('says which role a call needs, and that health alone needs none', () => {
    const open = operations()
      .filter(([, , one]) => one.security?.length === 0)
      .map(([path]) => path);
    expect(open).toEqual(['/api/health']);
  });

  it('takes bodies from the schemas that parse them', () => {
    const body = JSON.stringify(description.paths['/api/jobs']!['post']!.requestBody);
    expect(body).toContain('"enum":["pull","simulate","push","sync"]');
    expect(body).toContain('"additionalProperties":false');
    expect(JSON.stringify(description.paths['/api/configuration']!['put']!.requestBody)).toContain('#/components/schemas/Configuration');
    expect(JSON.stringify(description.components.schemas['Configuration'])).toContain('onlyMembersOf');
  });
});
