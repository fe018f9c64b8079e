/** Builds the deployed bundle: one CommonJS file; `@azure/functions-core` is injected by the host and stays outside. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'dist/app');

/**
 * Writes dist/app: what is zipped and deployed, and what the sandbox runs unmodified. Each file appears whole, so that a host which starts
 * while another build runs never reads half of one.
 */
export async function buildApp(): Promise<{ directory: string; bytes: number }> {
  mkdirSync(join(out, 'dist'), { recursive: true });
  const { outputFiles } = await build({
    write: false,
    entryPoints: [join(root, 'functions/main.ts')],
    outfile: join(out, 'dist/main.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    minify: true,
    keepNames: true,
    sourcemap: 'external',
    legalComments: 'none',
    external: ['@azure/functions-core'],
    // Its CommonJS entry hides its parts from bundlers (UMD).
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    logLevel: 'warning',
  });
  for (const { path, contents } of outputFiles) writeWhole(path, contents);
  for (const file of ['host.json', 'local.settings.sample.json']) writeWhole(join(out, file), readFileSync(join(root, file)));
  writeWhole(
    join(out, 'package.json'),
    `${JSON.stringify({ name: 'galsync-app', private: true, main: 'dist/main.cjs', engines: { node: '>=22' } }, null, 2)}\n`,
  );
  return { directory: out, bytes: statSync(join(out, 'dist/main.cjs')).size };
}

function writeWhole(path: string, contents: string | Uint8Array): void {
  const half = `${path}.${process.pid}`;
  writeFileSync(half, contents);
  renameSync(half, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { directory, bytes } = await buildApp();
  const load = spawnSync(
    process.execPath,
    [
      '-e',
      `const t=process.hrtime.bigint();require(${JSON.stringify(join(directory, 'dist/main.cjs'))});console.log(Number(process.hrtime.bigint()-t)/1e6|0)`,
    ],
    { encoding: 'utf8' },
  );
  const ms = load.stdout.trim().split('\n').at(-1);
  console.log(`dist/app/dist/main.cjs: ${(bytes / 1e6).toFixed(2)} MB, loads in ${ms} ms`);
}
