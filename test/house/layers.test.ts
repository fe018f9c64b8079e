import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Room → rooms it may import (design §4). A room may always import itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'shared/model': [],
  'shared/http': ['shared/model'],
  'shared/rules': ['shared/model', 'shared/connectors'],
  'shared/connectors': ['shared/model'],
  'shared/connectors/microsoft365': ['shared/model', 'shared/http', 'shared/connectors'],
  'shared/connectors/google': ['shared/model', 'shared/http', 'shared/connectors'],
  'shared/connectors/memory': ['shared/model', 'shared/connectors'],
  'shared/store': ['shared/model'],
  'shared/config': ['shared/model', 'shared/rules', 'shared/connectors'],
  'shared/sync': ['shared/model', 'shared/rules', 'shared/connectors', 'shared/store', 'shared/config'],
  functions: ['shared/sync', 'shared/model', 'shared/config', 'shared/store'],
  'functions/wiring': [
    'shared/sync',
    'shared/model',
    'shared/config',
    'shared/store',
    'shared/http',
    'shared/connectors',
    'shared/connectors/microsoft365',
    'shared/connectors/google',
    'functions',
  ],
  'sandbox/host': [],
  'sandbox/azurite': [],
  'sandbox/directories': [],
  'sandbox/organisations': ['sandbox/directories'],
  sandbox: ['shared/model', 'shared/config', 'sandbox/azurite', 'sandbox/host', 'sandbox/directories', 'sandbox/organisations', 'scripts'],
};
const ROOMS = Object.keys(ALLOWED).sort((a, b) => b.length - a.length);

/** Everything written in TypeScript below a folder, tests too. */
function written(directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : written(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function roomOf(path: string): string {
  const bare = path.replace(/\.ts$/, '');
  return ROOMS.find((room) => bare === room || bare.startsWith(`${room}/`)) ?? path.split('/')[0]!;
}

function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

const files = ['functions', 'shared', 'sandbox'].flatMap(written).filter((path) => !path.endsWith('.test.ts'));

describe('the rooms of the house', () => {
  it('import one way only', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => ({ from: roomOf(file), to: roomOf(relative(root, resolve(root, dirname(file), name))), file }))
        .filter(({ from, to }) => from !== to && !(ALLOWED[from] ?? []).includes(to))
        .filter(({ from, to }) => !(from === 'functions' && to === 'functions/wiring'))
        .map(({ file: where, to }) => `${where} imports ${to}`),
    );
    expect(wrong).toEqual([]);
  });

  it('keep Azure Functions out of the library', () => {
    const wrong = files.filter(
      (file) => file.startsWith('shared/') && importsOf(file).some((name) => /^(@azure\/functions|durable-functions)/.test(name)),
    );
    expect(wrong).toEqual([]);
  });

  it('call fetch in one place only', () => {
    const wrong = files.filter(
      (file) =>
        file.startsWith('shared/') && !file.startsWith('shared/http/') && /(?<![.\w])fetch\(/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  it('take clock, ids and environment as arguments in rules, sync and orchestrations', () => {
    const wrong = files.filter(
      (file) =>
        /^(shared\/(rules|sync|model)|functions\/orchestrations)\//.test(file) &&
        /Date\.now\(|Math\.random\(|\bprocess\.[a-z]|console\./.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  // Functions of at most 50 lines: biome.json, which leaves out what is only a list of tests.
  it('stay small: no file over 300 lines', () => {
    const long = ['functions', 'shared', 'sandbox', 'scripts', 'bench', 'test']
      .flatMap(written)
      .filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 301);
    expect(long).toEqual([]);
  });
});
