import { z } from 'zod';
import { CONDITION_FORMS, ConditionInput, WhereInput } from './condition.ts';
import { CONNECTOR_INPUTS } from './connectorInput.ts';
import { RetentionInput, routeInput } from './routeInput.ts';

const Part = z.record(z.string(), z.unknown());

/** JSON Schema 2020-12 of the document as it is written. Cross-checks (references, pairs, endpoints) are made when it is saved. */
export function configurationSchema(): object {
  const Document = z.strictObject({
    version: z.literal(1),
    paused: z.boolean().default(false).describe('true: jobs pull and simulate, nothing writes to any directory'),
    defaults: z
      .strictObject({ connector: Part.default({}), route: Part.default({}) })
      .optional()
      .describe('merged key by key under each connector and route; lists are replaced; a key that does not fit a kind is left out there'),
    meshes: z
      .array(z.strictObject({ id: z.string(), connectors: z.array(z.string()).min(2), route: Part.optional() }))
      .optional()
      .describe('every ordered pair of the connectors as route "a-to-b"; a route written out with that id wins'),
    connectors: z.array(z.union(Object.values(CONNECTOR_INPUTS))).describe('the directories'),
    routes: z.array(routeInput(true)).optional().describe('source connector to target connector'),
    retention: RetentionInput.optional().describe('how long jobs, changes (with what undo needs) and logs are kept'),
  });
  const definitions = Object.fromEntries(
    Object.entries(CONDITION_FORMS).map(([name, forms]) => [name, { anyOf: forms.map((form) => bare(jsonSchema(form))) }]),
  );
  const schema = jsonSchema(Document) as { properties: Record<string, { items?: object; anyOf?: object[] }> };
  loosen(schema.properties['connectors']?.items);
  loosen(schema.properties['routes']?.items);
  return { title: 'galsync configuration', ...schema, $defs: definitions };
}

function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    override: ({ zodSchema, jsonSchema: json }) => {
      if ((zodSchema as unknown) === ConditionInput) Object.assign(json, { $ref: '#/$defs/condition' });
      if ((zodSchema as unknown) === WhereInput) Object.assign(json, { $ref: '#/$defs/where' });
    },
  });
}

function bare(schema: object): object {
  const { $schema: _, ...rest } = schema as { $schema?: string };
  return rest;
}

/** Whatever a connector or route needs besides its id may come from `defaults`. */
function loosen(schema: object | undefined): void {
  if (!schema) return;
  const found = schema as { required?: readonly string[]; anyOf?: readonly object[] };
  if (found.required) found.required = found.required.filter((key) => key === 'id');
  for (const option of found.anyOf ?? []) loosen(option);
}
