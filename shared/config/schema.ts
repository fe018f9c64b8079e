import { z } from 'zod';
import { CONNECTOR_INPUTS } from './connectorInput.ts';
import { RetentionInput, routeInput } from './routeInput.ts';

/** JSON Schema 2020-12 of the document as it is written. Cross-checks (references, pairs, endpoints) are made when it is saved. */
export function configurationSchema(): object {
  const Document = z.strictObject({
    $schema: z.string().optional(),
    version: z.literal(1),
    paused: z.boolean().default(false).describe('true: jobs pull and simulate, nothing writes to any directory'),
    defaults: z
      .strictObject({ connector: z.record(z.string(), z.unknown()).default({}), route: z.record(z.string(), z.unknown()).default({}) })
      .optional(),
    meshes: z
      .array(
        z.strictObject({ id: z.string(), connectors: z.array(z.string()).min(2), route: z.record(z.string(), z.unknown()).optional() }),
      )
      .optional(),
    connectors: z.array(
      z.discriminatedUnion('kind', [CONNECTOR_INPUTS.microsoft365, CONNECTOR_INPUTS.googleWorkspace, CONNECTOR_INPUTS.exchangeOnPremises]),
    ),
    routes: z.array(routeInput(true)).optional(),
    retention: RetentionInput.optional(),
  });
  return { title: 'galsync configuration', ...z.toJSONSchema(Document, { target: 'draft-2020-12', io: 'input' }) };
}
