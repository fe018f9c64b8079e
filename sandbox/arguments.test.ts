import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readArguments } from './arguments.ts';

const paths = (...argv: string[]): readonly string[] => {
  const read = readArguments(argv);
  return read.ok ? [] : read.faults.map((fault) => fault.path);
};

describe('the command line', () => {
  const directory = mkdtempSync(join(tmpdir(), 'galsync-arguments-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  /** The command as people start it; only for what ends before anything is started. */
  const start = (...argv: string[]): { code: number | null; out: string; err: string } => {
    const entry = fileURLToPath(new URL('start.ts', import.meta.url));
    const run = spawnSync(process.execPath, [entry, ...argv], { encoding: 'utf8', timeout: 30_000 });
    return { code: run.status, out: run.stdout, err: run.stderr };
  };

  it('is read with its defaults', () => {
    expect(readArguments([])).toMatchObject({ ok: true, arguments: { once: false, action: 'sync', json: false, port: 7071, keep: null } });
    expect(readArguments(['--once', '--action', 'push', '--port', '0', '--json'])).toMatchObject({
      ok: true,
      arguments: { once: true, action: 'push', json: true, port: 0 },
    });
  });

  it('has all its faults told at once', () => {
    expect(paths('--once', '--action', 'undo', '--port', '70000')).toEqual(['--action', '--port']);
    expect(paths('--action', 'push')).toEqual(['--action']);
    for (const port of ['', ' ', 'x', '-1', '0x10', '1e3', '7071.5']) expect(paths(`--port=${port}`), port).toEqual(['--port']);
    for (const bad of [['--bogus'], ['extra'], ['--keep']]) expect(paths(...bad)).toHaveLength(1);
  });

  it('exits with 2 and one JSON document for bad arguments, a folder or a file that cannot be used, a bad configuration', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '{ "version": 1, "connectors": 7 }');
    for (const argv of [['--bogus'], ['--keep', file], ['--keep', join(file, 'below')], ['--configuration', join(directory, 'none')]]) {
      const { code, out, err } = start(...argv, '--once', '--json');
      expect([code, JSON.parse(out)], argv.join(' ')).toEqual([
        2,
        { errors: [{ path: expect.any(String), message: expect.any(String), fix: expect.any(String) }] },
      ]);
      expect(err).not.toContain('    at ');
    }
    expect(start('--keep', file).err).toContain('Name a folder that can be written to.');
  }, 60_000);
});
