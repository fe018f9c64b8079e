import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Azurite, startAzurite } from '../../../sandbox/azurite/azurite.ts';
import { AWKWARD_IDS } from '../contract/links.ts';
import { all } from '../contract/samples.ts';
import { createMemoryTable } from '../memory/memoryTable.ts';
import { StoreConflict } from '../store.ts';
import { type Entity, escapeKey } from './codec.ts';
import { createTable, partitionIs, statusOf, type Table } from './table.ts';

let azurite: Azurite;
let tables = 0;

beforeAll(async () => {
  azurite = await startAzurite({ directory: null });
});
afterAll(() => azurite?.stop());

async function tableInStorage(): Promise<Table> {
  tables += 1;
  const table = createTable(TableClient.fromConnectionString(azurite.connectionString, `T${tables}x`, { allowInsecureConnection: true }));
  await table.prepare();
  await table.prepare();
  return table;
}

const row = (rowKey: string, value = 'x'): Entity => ({ partitionKey: 'P', rowKey, value });

describe.each([
  ['in Table Storage', tableInStorage],
  ['in memory', async (): Promise<Table> => createMemoryTable()],
])('a table %s', (_, open) => {
  it('R45 a removal by an old ETag is a conflict, and the row stays', async () => {
    const table = await open();
    const e1 = await table.create(row('A', 'one'));
    const e2 = await table.replace(row('A', 'two'), e1);
    expect(e2).not.toBe(e1);
    await expect(table.remove('P', 'A', e1)).rejects.toThrow(StoreConflict);
    expect(await table.get('P', 'A')).toMatchObject({ value: 'two', etag: e2 });
    expect(await table.remove('P', 'A', e2)).toBe(true);
    expect(await table.remove('P', 'A', e2)).toBe(false);
    expect(await table.get('P', 'A')).toBeNull();
  });

  it('creates once and replaces by the newest ETag only', async () => {
    const table = await open();
    const e1 = await table.create(row('A'));
    await expect(table.create(row('A'))).rejects.toThrow(StoreConflict);
    await table.upsert(row('A', 'other'));
    await expect(table.replace(row('A'), e1)).rejects.toThrow(StoreConflict);
    await expect(table.replace(row('B'), e1)).rejects.toThrow(StoreConflict);
    expect(await table.get('P', 'A')).toMatchObject({ value: 'other' });
  });

  it('R47 awkward keys are written, found, rewritten in a transaction, paged one by one and removed', async () => {
    const table = await open();
    const keys = AWKWARD_IDS.map(escapeKey);
    for (const rowKey of keys) await table.create(row(rowKey));
    await table.write(
      'P',
      keys.map((rowKey) => row(rowKey, 'again')),
    );
    const found = await all(table.list(partitionIs('P'), undefined, 1));
    expect(found.map((one) => one.rowKey)).toEqual([...keys].sort());
    expect(found.every((one) => one['value'] === 'again')).toBe(true);
    for (const rowKey of keys) expect(await all(table.list(`${partitionIs('P')} and RowKey eq '${rowKey}'`))).toHaveLength(1);
    for (const rowKey of keys) expect(await table.remove('P', rowKey)).toBe(true);
    expect(await all(table.list(partitionIs('P')))).toEqual([]);
  });

  it('writes and removes more rows than a transaction holds, and removes what is gone already', async () => {
    const table = await open();
    const keys = Array.from({ length: 250 }, (__, n) => String(n).padStart(4, '0'));
    await table.write(
      'P',
      keys.map((key) => row(key)),
    );
    await table.write('P', [row('0000', 'new')], [...keys.slice(1), 'never', 'neither']);
    expect((await all(table.list(partitionIs('P')))).map((one) => [one.rowKey, one['value']])).toEqual([['0000', 'new']]);
    await table.writeAtOnce('P', [row('0001')], ['0000', '0002']);
    expect((await all(table.list(partitionIs('P')))).map((one) => one.rowKey)).toEqual(['0001']);
    await table.write('P', [], []);
    await table.writeAtOnce('P', [], ['0002']);
  });

  it('refuses what Azure would refuse, whichever way it is written', async () => {
    const table = await open();
    const bad = row('r', 'x'.repeat(40_000));
    for (const attempt of [
      () => table.create(bad),
      () => table.upsert(bad),
      () => table.replace(bad, '*'),
      () => table.write('P', [bad]),
      () => table.writeAtOnce('P', [bad], []),
      () =>
        table.writeAtOnce(
          'P',
          Array.from({ length: 101 }, (__, n) => row(`${n}`)),
          [],
        ),
    ])
      await expect(attempt()).rejects.toThrow(RangeError);
    expect(await all(table.list(partitionIs('P')))).toEqual([]);
  });

  it('lists in key order, many pages, ranges and properties', async () => {
    const table = await open();
    const keys = Array.from({ length: 1200 }, (__, n) => String(n).padStart(5, '0'));
    await table.write(
      'P',
      keys.map((key, n) => ({ ...row(key), even: n % 2 === 0 })),
    );
    expect((await all(table.list(partitionIs('P')))).map((one) => one.rowKey)).toEqual(keys);
    expect((await all(table.list(`${partitionIs('P')} and RowKey gt '00003' and RowKey le '00005'`))).map((one) => one.rowKey)).toEqual(
      keys.slice(4, 6),
    );
    expect(await all(table.list(`${partitionIs('P')} and even eq true`, ['partitionKey', 'rowKey']))).toHaveLength(600);
  });
});

describe('a service', () => {
  let server: Server | undefined;
  afterAll(() => server?.close());

  async function served(
    answer: (query: URLSearchParams) => { status: number; headers?: Record<string, string>; body: unknown },
  ): Promise<Table> {
    server?.close();
    server = createServer((request, response) => {
      const { status, headers, body } = answer(new URL(request.url ?? '/', 'http://x').searchParams);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/account`;
    const connection = `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${Buffer.from('key').toString('base64')};TableEndpoint=${endpoint};`;
    return createTable(
      TableClient.fromConnectionString(connection, 'T', { allowInsecureConnection: true, retryOptions: { maxRetries: 0 } }),
    );
  }

  it('that answers empty pages with a token is asked on', async () => {
    const pages: { next: string | null; rows: string[] }[] = [
      { next: 'a', rows: [] },
      { next: 'b', rows: ['1'] },
      { next: 'c', rows: [] },
      { next: null, rows: ['2'] },
    ];
    const table = await served((query) => {
      const page = pages['abc'.indexOf(query.get('NextPartitionKey') ?? ' ') + 1]!;
      const headers: Record<string, string> = page.next
        ? { 'x-ms-continuation-nextpartitionkey': page.next, 'x-ms-continuation-nextrowkey': page.next }
        : {};
      return { status: 200, headers, body: { value: page.rows.map((RowKey) => ({ PartitionKey: 'P', RowKey })) } };
    });
    expect((await all(table.list(partitionIs('P')))).map((one) => one.rowKey)).toEqual(['1', '2']);
    expect((await all(table.list(partitionIs('P'), undefined, 1))).map((one) => one.rowKey)).toEqual(['1', '2']);
  });

  it('that refuses is an error, neither "not there" nor "somebody was faster"', async () => {
    const table = await served(() => ({
      status: 403,
      body: { 'odata.error': { code: 'AuthorizationFailure', message: { value: 'no' } } },
    }));
    for (const attempt of [
      () => table.get('P', 'A'),
      () => table.create(row('A')),
      () => table.replace(row('A'), '*'),
      () => table.remove('P', 'A', '*'),
      () => table.write('P', [row('A')], ['B']),
      () => all(table.list(partitionIs('P'))),
    ]) {
      const error = await attempt().then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).not.toBeInstanceOf(StoreConflict);
      expect(statusOf(error)).toBe(403);
    }
    expect(statusOf(new Error('x'))).toBeNull();
  });
});
