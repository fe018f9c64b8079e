import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RestError, TableClient } from '@azure/data-tables';
import { afterEach, describe, expect, it } from 'vitest';
import { type Azurite, startAzurite } from './azurite.ts';

const open: Azurite[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'storage-'));
  folders.push(made);
  return made;
}

async function start(directory: string | null): Promise<Azurite> {
  const one = await startAzurite({ directory });
  open.push(one);
  return one;
}

async function kill(one: Azurite): Promise<void> {
  process.kill(one.pid, 'SIGKILL');
  await one.stop();
}

const table = (one: Azurite, name = 'rows'): TableClient =>
  TableClient.fromConnectionString(one.connectionString, name, { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } });

async function rowsOf(client: TableClient): Promise<string[]> {
  const rows: string[] = [];
  for await (const { etag: _etag, timestamp: _timestamp, ...row } of client.listEntities()) rows.push(JSON.stringify(row));
  return rows.sort();
}

/** Every kind of write, with keys that are awkward in URLs (case R47) and values that look like batch answers. */
async function writeAll(client: TableClient, key: string): Promise<void> {
  const row = (n: number): { partitionKey: string; rowKey: string; text: string; bytes: Uint8Array } => ({
    partitionKey: key,
    rowKey: `${n}${key}`,
    text: `${n} "${key}"\r\nHTTP/1.1 404 Not Found\r\n--changeset_x\r\nPOST /x HTTP/1.1\r\n`,
    bytes: new Uint8Array([0, n, 255]),
  });
  const at = (n: number): { partitionKey: string; rowKey: string } => ({ partitionKey: key, rowKey: `${n}${key}` });
  await client.createEntity(row(1));
  await client.upsertEntity(row(2), 'Replace');
  await client.createEntity(row(3));
  await client.updateEntity({ ...at(3), merged: 'yes' }, 'Merge');
  await client.createEntity(row(4));
  await client.updateEntity({ ...at(4), replaced: 'yes' }, 'Replace', { etag: (await client.getEntity(key, `4${key}`)).etag });
  await client.createEntity(row(5));
  await client.deleteEntity(key, `5${key}`);
  await client.submitTransaction([
    ['create', row(6)],
    ['upsert', row(7), 'Replace'],
    ['create', row(8)],
  ]);
  await client.submitTransaction([
    ['delete', at(8)],
    ['update', { ...at(6), merged: 'yes' }, 'Merge'],
    ['upsert', { ...at(7), merged: 'yes' }, 'Merge'],
  ]);
}

describe('the storage emulator', () => {
  const keys = ["a'b", '50%', 'a+b', 'x@y:z', 'ü日本𝒳', 'a b', 'a%40b', 'a&b=c;d,e$f', '(x)', "''", '!*~'];

  it('holds every kind of write, whatever its key, after SIGKILL', async () => {
    const directory = folder();
    let one = await start(directory);
    await table(one).createTable();
    for (const key of keys) await writeAll(table(one), key);
    const before = await rowsOf(table(one));
    expect(before).toHaveLength(6 * keys.length);
    for (let kills = 0; kills < 2; kills += 1) {
      await kill(one);
      one = await start(directory);
      expect(await rowsOf(table(one))).toEqual(before);
    }
  });

  it('loses no acknowledged row of many writers that a SIGKILL interrupts', async () => {
    const directory = folder();
    let one = await start(directory);
    await table(one).createTable();
    const acknowledged: string[] = [];
    const writers = Array.from({ length: 8 }, async (_, w) => {
      const client = table(one);
      for (let n = 0; ; n += 1) {
        await client.submitTransaction([0, 1, 2].map((r) => ['create', { partitionKey: `w${w}`, rowKey: `${n}.${r}` }]));
        for (const r of [0, 1, 2]) acknowledged.push(`{"partitionKey":"w${w}","rowKey":"${n}.${r}"}`);
        if (acknowledged.length > 700) throw new Error('enough');
      }
    });
    const ended = Promise.allSettled(writers);
    while (acknowledged.length < 500) await new Promise((resolve) => setTimeout(resolve, 5));
    await kill(one);
    await ended;
    one = await start(directory);
    const kept = new Set(await rowsOf(table(one)));
    expect(acknowledged.filter((row) => !kept.has(row))).toEqual([]);
    // A transaction is there as a whole or not at all.
    const perBatch = Map.groupBy(kept, (row) => row.replace(/\.\d"}$/, ''));
    expect([...perBatch.values()].filter((rows) => rows.length !== 3)).toEqual([]);
  });

  it('takes writes after a journal whose last line was cut', async () => {
    const directory = folder();
    let one = await start(directory);
    await table(one).createTable();
    await kill(one);
    appendFileSync(join(directory, 'journal'), '{"method":"POST","path":"/devst');
    one = await start(directory);
    await table(one).createEntity({ partitionKey: 'p', rowKey: 'after the cut' });
    await kill(one);
    one = await start(directory);
    expect(await rowsOf(table(one))).toEqual(['{"partitionKey":"p","rowKey":"after the cut"}']);
  });

  it('does a checkpoint that was cut off again, in order', async () => {
    const directory = folder();
    let one = await start(directory);
    await table(one).createTable();
    for (const n of [1, 2]) await table(one).upsertEntity({ partitionKey: 'p', rowKey: 'r', n }, 'Replace');
    await kill(one);
    const lines = readFileSync(join(directory, 'journal'), 'utf8').split('\n');
    writeFileSync(join(directory, 'journal.old'), lines.slice(0, 2).join('\n'));
    writeFileSync(join(directory, 'journal'), lines.slice(2).join('\n'));
    one = await start(directory);
    expect(await rowsOf(table(one))).toEqual(['{"partitionKey":"p","rowKey":"r","n":2}']);
  });

  it('keeps nothing of a write that was refused', async () => {
    const directory = folder();
    let one = await start(directory);
    await table(one).createTable();
    await table(one).createEntity({ partitionKey: 'p', rowKey: 'r', by: 'first' });
    const refused = [
      table(one).createEntity({ partitionKey: 'p', rowKey: 'r', by: 'second' }),
      table(one).submitTransaction([
        ['upsert', { partitionKey: 'p', rowKey: 'other' }, 'Replace'],
        ['create', { partitionKey: 'p', rowKey: 'r', by: 'third' }],
      ]),
      table(one).updateEntity({ partitionKey: 'p', rowKey: 'r', by: 'fourth' }, 'Replace', { etag: 'W/"datetime\'old\'"' }),
    ];
    const outcomes = await Promise.allSettled(refused);
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason instanceof RestError)).toEqual([true, true, true]);
    await kill(one);
    one = await start(directory);
    expect(await rowsOf(table(one))).toEqual(['{"partitionKey":"p","rowKey":"r","by":"first"}']);
  });

  it('ends in order with its journal worked off', async () => {
    const directory = folder();
    let one = await start(directory);
    await table(one).createTable();
    await table(one).createEntity({ partitionKey: 'p', rowKey: 'r' });
    await one.stop();
    expect(existsSync(join(directory, 'journal'))).toBe(false);
    expect(existsSync(join(directory, 'journal.old'))).toBe(false);
    one = await start(directory);
    expect(await rowsOf(table(one))).toHaveLength(1);
  });

  it('ends when its parent is gone', async () => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'main.ts')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const code = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.destroy();
    expect(await code).toBe(0);
  });

  it('starts empty in memory', async () => {
    const one = await start(null);
    await table(one).createTable();
    expect(await rowsOf(table(one))).toEqual([]);
  });
});
