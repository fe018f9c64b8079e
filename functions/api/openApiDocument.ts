import { z } from 'zod';
import { configurationSchema } from '../../shared/config/schema.ts';
import { Anything, ProblemAnswer } from './answers.ts';
import { type About, DESCRIBED } from './described.ts';
import type { Door } from './door.ts';
import { QUERIES } from './queries.ts';

type Json = Record<string, unknown>;

/**
 * The OpenAPI 3.1 description of the API (spec.openapis.org/oas/v3.1.0), made of the registered doors and of the zod schemas that parse and
 * answer their calls: a door that is not described further is listed all the same.
 */
export function openApiDocument(doors: readonly Door[]): Json {
  const schemas: Json = { Problem: jsonSchema(ProblemAnswer), ...configurationSchemas() };
  const paths: Record<string, Json> = {};
  for (const door of doors) {
    const path = `/api/${door.route}`;
    for (const method of door.methods) paths[path] = { ...paths[path], [method.toLowerCase()]: operation(door, method) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'galsync',
      version: '1',
      description: 'Global Address List synchronisation. Bodies are JSON; errors are application/problem+json with all faults at once.',
    },
    servers: [{ url: '/' }],
    security: [{ entra: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        entra: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A token of Entra ID with one of the app roles Reader, Operator, Approver, Agent.',
        },
      },
    },
  };
}

function operation({ name, methods, route, role }: Door, method: string): Json {
  const about: About = DESCRIBED[name] ?? { summary: words(name) };
  const status = String(about.status ?? 200);
  const ok = about.answer === null ? {} : { content: contentOf(about) };
  return {
    operationId: methods.length > 1 ? `${name}${method}` : name,
    tags: [route.split('/')[0]!],
    summary: about.summary,
    description: role === null ? 'Anonymous.' : `Needs the role ${role}.`,
    ...(role === null ? { security: [] } : {}),
    parameters: [...pathParameters(route), ...queryParameters(name)],
    ...(about.body ? { requestBody: { required: true, content: { 'application/json': { schema: bodySchema(about.body) } } } } : {}),
    responses: {
      [status]: { description: about.answers ?? 'Done.', ...ok },
      default: {
        description: 'A problem: what, which object, what to do next.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** `startJob` → `Start job`. */
function words(name: string): string {
  const text = name.replace(/([a-z])([A-Z0-9])/g, '$1 $2').toLowerCase();
  return text[0]!.toUpperCase() + text.slice(1);
}

function contentOf({ answer, streams }: About): Json {
  const schema = answer === 'configuration' ? { $ref: CONFIGURATION } : jsonSchema(answer ?? Anything);
  const others = Object.fromEntries((streams ?? []).map((type) => [type, { schema: { type: 'string' } }]));
  return { 'application/json': { schema }, ...others };
}

function pathParameters(route: string): readonly Json[] {
  return [...route.matchAll(/\{(\w+)\}/g)].map((match) => ({
    name: match[1]!,
    in: 'path',
    required: true,
    schema: { type: 'string', maxLength: 63 },
  }));
}

function queryParameters(door: string): readonly Json[] {
  return Object.entries(QUERIES[door] ?? {}).map(([name, schema]) => {
    const { description, ...rest } = jsonSchema(schema) as { description?: string };
    return { name, in: 'query', required: false, ...(description ? { description } : {}), schema: rest };
  });
}

const CONFIGURATION = '#/components/schemas/Configuration';

function bodySchema(body: NonNullable<About['body']>): Json {
  return body === 'configuration' ? { $ref: CONFIGURATION } : jsonSchema(body);
}

function jsonSchema(schema: z.ZodType): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }) as Json & { $schema?: string };
  return json;
}

/** The configuration's schema with its definitions as components of their own. */
function configurationSchemas(): Json {
  const text = JSON.stringify(configurationSchema()).replaceAll('#/$defs/', '#/components/schemas/');
  const { $schema: _, $defs, ...schema } = JSON.parse(text) as Json & { $schema?: string; $defs: Json };
  return { Configuration: schema, ...$defs };
}
