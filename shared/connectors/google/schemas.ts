import { z } from 'zod';
import { FailureError } from '../../model/failure.ts';
import type { DirectoryClient } from './directory.ts';
import { type CustomSchemas, schemasIn, unknownField } from './ownFields.ts';

const Schemas = z.looseObject({
  schemas: z
    .array(z.looseObject({ schemaName: z.string(), fields: z.array(z.looseObject({ fieldName: z.string() })).nullish() }))
    .nullish(),
});

export interface SchemaDependencies {
  readonly id: string;
  readonly customer: string;
  readonly directory: DirectoryClient;
  /** The directory's own names, without `raw.`. */
  readonly raw: readonly string[];
}

/** The custom schemas of the organisation (schemas.list; there are no pages). */
export async function customSchemas({ directory, customer }: Pick<SchemaDependencies, 'directory' | 'customer'>): Promise<CustomSchemas> {
  const answer = await directory.page('schemas', 'the list of custom schemas', Schemas, (api, options) =>
    api.schemas.list({ customerId: customer, fields: 'schemas(schemaName,fields(fieldName))' }, options as never),
  );
  return new Map((answer.schemas ?? []).map((one) => [one.schemaName, new Set((one.fields ?? []).map((field) => field.fieldName))]));
}

/**
 * Fails before the first page where a `raw.` name does not exist: it would read as empty for everybody, and a condition on it would fail open.
 * Custom schemas are asked for only where one is named; who may not read them cannot use them (`permission`).
 */
export async function refuseUnknownNames(deps: SchemaDependencies): Promise<void> {
  // A misspelt name of Google's own is told without a call.
  const own = deps.raw.filter((name) => schemasIn([name]).length === 0);
  const unknown = unknownField(own, null);
  if (unknown !== null) throw unknownAttribute(deps.id, unknown, null);
  if (own.length === deps.raw.length) return;
  const custom = await customSchemas(deps);
  const name = unknownField(deps.raw, custom);
  if (name !== null) throw unknownAttribute(deps.id, name, custom);
}

function unknownAttribute(connector: string, name: string, custom: CustomSchemas | null): FailureError {
  const own = custom && [...custom].flatMap(([schema, fields]) => [...fields].map((field) => `raw.customSchemas.${schema}.${field}`));
  const there = own === null ? '' : own.length === 0 ? ' There are no custom attributes.' : ` There are ${own.slice(0, 12).join(', ')}.`;
  return new FailureError({
    code: 'configuration',
    message: `Connector "${connector}": Google's users and groups have no attribute "${name}" (asked for as raw.${name}).${there}`.slice(
      0,
      500,
    ),
    nextStep:
      'Correct the name in filters or "set"; custom attributes are raw.customSchemas.<schema>.<field>, parts of a list raw.organizations.costCenter.',
  });
}
