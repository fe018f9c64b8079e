import { existsSync, globSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What an app registered: one function with its bindings, as `@azure/functions` hands it to its host. */
export interface RegisteredFunction {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly callback: unknown;
}

export interface Binding {
  readonly type: string;
  readonly direction: 'in' | 'out';
  readonly route?: string;
  readonly methods?: readonly string[];
  readonly schedule?: string;
  readonly [option: string]: unknown;
}

export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
}

export interface HttpData {
  readonly statusCode?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: TypedData;
  readonly cookies?: readonly Cookie[];
}

/** Optional fields come bare or wrapped as `{ value }`. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path?: unknown;
  readonly domain?: unknown;
  readonly maxAge?: unknown;
  readonly secure?: unknown;
  readonly httpOnly?: unknown;
}

interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: unknown): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<{ returnValue?: TypedData; outputData?: readonly unknown[] }>;
}

interface ProgrammingModel {
  getInvocationModel(core: unknown): InvocationModel | Promise<InvocationModel>;
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

type Hook = (context: Record<string, unknown>) => unknown;

export interface AppModule {
  readonly functions: readonly RegisteredFunction[];
  invoke(
    name: string,
    inputs: readonly { name: string; data: TypedData }[],
    triggerMetadata: Readonly<Record<string, TypedData>>,
  ): Promise<TypedData | undefined>;
  stop(): Promise<void>;
}

/**
 * Loads an app as the Functions worker does: `@azure/functions` finds its runtime by requiring `@azure/functions-core`, a module that only
 * a host can supply. Here it is answered in this process (reference: embedded-host.md §1).
 */
export async function loadApp(directory: string, log: (level: string, message: string) => void): Promise<AppModule> {
  const registered = new Map<string, RegisteredFunction>();
  const hooks: Record<string, Hook[]> = { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [], log: [] };
  let model: ProgrammingModel | null = null;
  let locked = false;
  installCore({
    version: '3.12.0',
    hostVersion: '4.1046.100',
    Disposable,
    log: (level: string, _category: string, message: string) => log(level, message),
    setProgrammingModel(given: ProgrammingModel) {
      model = given;
    },
    getProgrammingModel: () => model,
    registerHook(name: string, hook: Hook) {
      const list = hooks[name];
      if (!list) throw new RangeError(`Unrecognized hook "${name}"`);
      list.push(hook);
      return new Disposable(() => void list.splice(list.indexOf(hook), 1));
    },
    registerFunction(meta: { name: string; bindings: Record<string, Binding> }, callback: unknown) {
      if (locked) throw new Error('A function can only be registered during app startup.');
      if (registered.has(meta.name)) throw new Error(`A function with id "${meta.name}" has already been registered.`);
      registered.set(meta.name, { name: meta.name, bindings: meta.bindings, callback });
      return new Disposable(() => void registered.delete(meta.name));
    },
  });
  await importMain(directory);
  if (!model) throw new Error(`The app in ${directory} registered no function: no app.* call of @azure/functions was made.`);
  const appHookData = {};
  for (const hook of hooks['appStart']!) await hook({ hookData: {}, appHookData, functionAppDirectory: directory });
  const capabilities = await (model as ProgrammingModel).getCapabilities({});
  if (capabilities['HttpUri']) throw new Error('The app sets enableHttpStream, which this development host does not know.');
  locked = true;
  return {
    functions: [...registered.values()],
    invoke: (name, inputs, triggerMetadata) => invoke(model!, registered, hooks, appHookData, log, name, inputs, triggerMetadata),
    async stop() {
      for (const hook of hooks['appTerminate']!) await hook({ hookData: {}, appHookData });
    },
  };
}

class Disposable {
  #dispose: (() => void) | undefined;
  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }
  dispose(): void {
    const dispose = this.#dispose;
    this.#dispose = undefined;
    dispose?.();
  }
  static from(...all: readonly { dispose(): void }[]): Disposable {
    return new Disposable(() => {
      for (const one of all) one.dispose();
    });
  }
}

function installCore(core: object): void {
  const prototype = Module.prototype as unknown as { require: (this: unknown, id: string) => unknown };
  const original = prototype.require;
  prototype.require = function (id: string) {
    return id === '@azure/functions-core' ? core : original.call(this, id);
  };
}

async function importMain(directory: string): Promise<void> {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as { main?: string; type?: string };
  if (!manifest.main) throw new Error(`package.json in ${directory} has no "main".`);
  const direct = resolve(directory, manifest.main);
  const files = existsSync(direct) ? [direct] : globSync(manifest.main, { cwd: directory }).map((file) => resolve(directory, file));
  if (files.length === 0) throw new Error(`Found zero files matching the main pattern "${manifest.main}" in ${directory}.`);
  const require = createRequire(join(directory, 'package.json'));
  for (const file of files.sort()) {
    if (file.endsWith('.mjs') || (manifest.type === 'module' && !file.endsWith('.cjs'))) await import(pathToFileURL(file).href);
    else require(file);
  }
}

let invocations = 0;

async function invoke(
  model: ProgrammingModel,
  registered: ReadonlyMap<string, RegisteredFunction>,
  hooks: Readonly<Record<string, readonly Hook[]>>,
  appHookData: object,
  log: (level: string, message: string) => void,
  name: string,
  inputs: readonly { name: string; data: TypedData }[],
  triggerMetadata: Readonly<Record<string, TypedData>>,
): Promise<TypedData | undefined> {
  const found = registered.get(name);
  if (!found) throw new Error(`There is no function "${name}" in the app.`);
  invocations += 1;
  const invocationId = `${process.pid}-${invocations}`;
  const request = { invocationId, functionId: name, inputData: inputs, triggerMetadata, retryContext: undefined, traceContext: undefined };
  const core = {
    invocationId,
    request,
    metadata: { name, bindings: found.bindings, id: name },
    state: undefined,
    log: (level: string, _category: string, message: string) => log(level, message),
  };
  const invocation = await model.getInvocationModel(core);
  const { context, inputs: given } = await invocation.getArguments();
  const before = { hookData: {}, appHookData, invocationContext: context, functionCallback: found.callback, inputs: given };
  for (const hook of hooks['preInvocation']!) await hook(before);
  const after: Record<string, unknown> = {
    hookData: before.hookData,
    appHookData,
    invocationContext: context,
    inputs: before.inputs,
    result: null,
    error: null,
  };
  try {
    after['result'] = await invocation.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after['error'] = error;
  }
  for (const hook of hooks['postInvocation']!) await hook(after);
  if (after['error'] !== null && after['error'] !== undefined) throw after['error'];
  return (await invocation.getResponse(context, after['result'])).returnValue;
}
