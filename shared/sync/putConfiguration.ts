import { createHash } from 'node:crypto';
import { type CheckOptions, checkConfiguration } from '../config/checkConfiguration.ts';
import { besides, droppedRoutes } from '../config/droppedRoutes.ts';
import { parseConfigurationText } from '../config/parseConfiguration.ts';
import type { Configuration, ConfigurationFault } from '../model/configuration.ts';
import { SHARDS, StoreConflict } from '../store/store.ts';
import type { SyncContext } from './context.ts';
import { Refusal } from './refusal.ts';

export interface PutOptions {
  /** The caller's `If-Match`: our short tags, any of which will do, or `*` for whatever is there; null for none. */
  readonly ifMatch: readonly string[] | null;
  readonly dryRun: boolean;
  readonly local: boolean;
  readonly allowedHosts: readonly string[];
}

export interface SavedConfiguration {
  readonly version: string | null;
  readonly etag: string | null;
  readonly warnings: readonly string[];
}

/** Storage ETags hold quotes and time stamps: callers get a short tag that stands for one. */
export function shortTag(etag: string): string {
  return createHash('sha256').update(etag).digest('hex').slice(0, 20);
}

/** Checks a document and, unless `dryRun`, makes it the running one. A refused one leaves the running configuration untouched. */
export async function putConfiguration(context: SyncContext, text: string, options: PutOptions): Promise<SavedConfiguration> {
  const parsed = parsedText(text);
  const checked = checkConfiguration(parsed, options);
  const stored = await context.store.configuration.read();
  if (!checked.ok) {
    const dropped = checked.judged ? await droppedFaults(context, stored?.document, checked.judged, options) : [];
    throw invalid([...checked.faults, ...besides(checked.faults, dropped)]);
  }
  const { ifMatch } = options;
  if (ifMatch && !(stored && (ifMatch.includes('*') || ifMatch.includes(shortTag(stored.etag))))) throw changed();
  const managed = await droppedFaults(context, stored?.document, checked.configuration, options);
  if (managed.length > 0) throw invalid(managed);
  if (options.dryRun) return { version: stored?.version ?? null, etag: null, warnings: checked.warnings };
  try {
    const written = await context.store.configuration.write(parsed, stored?.etag ?? null, context.now());
    await rememberNewRoutes(context, checked.configuration);
    context.log({
      event: 'configuration.saved',
      version: written.version,
      connectors: checked.configuration.connectors.length,
      routes: checked.configuration.routes.length,
    });
    return { version: written.version, etag: shortTag(written.etag), warnings: checked.warnings };
  } catch (error) {
    if (error instanceof StoreConflict) throw changed();
    throw error;
  }
}

/** A document that can be saved, worked out. Throws `Refusal` 400 with all faults. */
export function checkedText(
  text: string,
  options: CheckOptions,
): { readonly document: unknown; readonly configuration: Configuration; readonly warnings: readonly string[] } {
  const document = parsedText(text);
  const checked = checkConfiguration(document, options);
  if (!checked.ok) throw invalid(checked.faults);
  return { document, configuration: checked.configuration, warnings: checked.warnings };
}

function parsedText(text: string): unknown {
  const parsed = parseConfigurationText(text, { jsonc: false });
  if (!parsed.ok) throw invalid(parsed.faults);
  return parsed.document;
}

function invalid(errors: readonly ConfigurationFault[]): Refusal {
  const detail = `The configuration has ${errors.length} fault(s); the running one is untouched. First: ${errors[0]?.path || '/'} ${errors[0]?.message}`;
  return new Refusal('invalid-configuration', 400, detail, { errors });
}

function changed(): Refusal {
  return new Refusal(
    'precondition-failed',
    412,
    'The configuration was changed in the meantime: read it again (GET /api/configuration) and apply your change to that.',
  );
}

/** A route counts from the moment it is saved: a first due minute that the host misses is caught up (case R43). */
async function rememberNewRoutes(context: SyncContext, configuration: Configuration): Promise<void> {
  const now = context.now().toISOString();
  for (const route of configuration.routes) {
    if (!route.schedule) continue;
    await context.store.routes.update(route.id, (state) => (state.lastDue === null ? { ...state, lastDue: now } : state));
  }
}

async function droppedFaults(
  context: SyncContext,
  previous: unknown,
  next: Pick<Configuration, 'connectors' | 'routes'>,
  options: CheckOptions,
): Promise<readonly ConfigurationFault[]> {
  const before = previous === undefined ? null : checkConfiguration(previous, options);
  return before?.ok ? stillManaged(context, before.configuration, next) : [];
}

/** The faults of routes that would be dropped, renamed or re-stamped while they manage objects. Only their links are counted. */
export async function stillManaged(
  context: SyncContext,
  before: Configuration,
  next: Pick<Configuration, 'connectors' | 'routes'>,
): Promise<readonly ConfigurationFault[]> {
  const managed: Record<string, number> = {};
  for (const route of before.routes)
    if (droppedRoutes(before, next, { [route.id]: 1 }).length > 0) managed[route.id] = await managedObjects(context, route.id);
  return droppedRoutes(before, next, managed);
}

/** How many objects a route manages now. */
export async function managedObjects(context: SyncContext, route: string): Promise<number> {
  let count = 0;
  for await (const link of context.store.links.range(route, 0, SHARDS)) if (link.state === 'linked') count += 1;
  return count;
}
