import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { generatedPages } from '../../scripts/docs.ts';
import { CAUSE_CODES } from '../../shared/model/failure.ts';
import { createWorld } from '../sync/world.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('documents that describe code', () => {
  it('explain every cause code', () => {
    const text = read('docs/causes.md');
    expect(CAUSE_CODES.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
  });

  it('explain every type of problem that calls answer, with its status, and no other', () => {
    const sources = ['functions', 'shared']
      .flatMap((room) => readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((path) => join(room, path)))
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map(read)
      .join('\n');
    const thrown = [...sources.matchAll(/new (?:Refusal|Problem)\(\s*'([a-z-]+)',\s*(\d{3})/g)].map((match) => `${match[1]} ${match[2]}`);
    const told = [...read('docs/problems.md').matchAll(/^\| `([a-z-]+)` \| ([\d, ]+) \|/gm)].flatMap((match) =>
      match[2]!.split(', ').map((status) => `${match[1]} ${status}`),
    );
    expect(told.sort()).toEqual([...new Set([...thrown, 'conflict 409', 'internal 500'])].sort());
  });

  it('made from data are current (npm run docs)', async () => {
    const pages = await generatedPages();
    expect(Object.keys(pages)).toHaveLength(2);
    for (const [path, text] of Object.entries(pages)) expect(read(path), `${path} is stale: npm run docs`).toBe(text);
  });

  it('list every event that the app logs, with its fields (infra/queries/events.json)', async () => {
    const listed = JSON.parse(read('infra/queries/events.json')) as {
      events?: Record<string, { fields: Record<string, string> }>;
    } & Record<string, { fields: Record<string, string> }>;
    const events = listed.events ?? listed;
    const world = createWorld({ a: 60 });
    await world.run({ action: 'sync' });
    for (let n = 0; n < 20; n += 1) world.a.entries.delete(`a-${n}`);
    await world.run({ action: 'sync' });
    const unknown = world.events.flatMap((event) => {
      const known = events[event.event];
      if (!known) return [event.event];
      return Object.keys(event)
        .filter((field) => field !== 'event' && !(field in known.fields))
        .map((field) => `${event.event}.${field}`);
    });
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('name no machine, no registry and no way of working', () => {
    const files = [
      'README.md',
      'CONTRIBUTING.md',
      ...readdirSync(join(root, 'docs'))
        .filter((name) => name.endsWith('.md'))
        .map((name) => `docs/${name}`),
      ...readdirSync(join(root, 'docs/decisions')).map((name) => `docs/decisions/${name}`),
    ];
    expect(files.filter((file) => /\/(work|root|tmp)\//.test(read(file)))).toEqual([]);
  });

  it('has the scripts that the README names', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read('README.md').matchAll(/npm (?:run )?(start|test|check|build|bench)\b/g)].map((match) => match[1]!);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
