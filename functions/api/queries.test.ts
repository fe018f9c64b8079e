import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DESCRIBED } from './described.ts';
import { cursorOf, cursorText, rowCursor } from './door.ts';
import { QUERIES, queryFaults } from './queries.ts';

const faults = (door: string, query: string): readonly string[] => queryFaults(door, new URLSearchParams(query)).map((one) => one.path);

describe('the query of a call', () => {
  it('is refused for what is misspelt: a missed dryRun would write, a missed filter would show all', () => {
    expect(faults('putConfiguration', 'dryrun=true')).toEqual(['?dryrun']);
    expect(faults('retireRoute', 'dryRun=')).toEqual(['?dryRun']);
    expect(faults('retireRoute', 'dryRun')).toEqual(['?dryRun']);
    expect(faults('undoJob', 'dryRun=yes&dryRun=true')).toEqual(['?dryRun']);
    expect(faults('listJobs', 'stat=failed')).toEqual(['?stat']);
    expect(faults('health', 'verbose=1')).toEqual(['?verbose']);
    expect(queryFaults('listJobs', new URLSearchParams('stat=failed'))[0]!.fix).toContain('state');
  });

  it('names all faults at once, each with what would be right', () => {
    expect(queryFaults('listJobs', new URLSearchParams('state=done&action=go&from=yesterday&limit=1001'))).toEqual([
      { path: '?state', message: '"state" cannot be "done".', fix: expect.stringContaining('completedWithErrors') },
      { path: '?action', message: '"action" cannot be "go".', fix: expect.stringContaining('simulate') },
      { path: '?from', message: '"from" cannot be "yesterday".', fix: expect.stringContaining('ISO 8601') },
      { path: '?limit', message: '"limit" cannot be "1001".', fix: expect.stringContaining('from 1 to 1000') },
    ]);
    expect(faults('getJobChanges', 'change=make&kind=person&result=ok&new=1&limit=0')).toEqual([
      '?change',
      '?kind',
      '?result',
      '?new',
      '?limit',
    ]);
    expect(faults('getJobLog', 'level=debug&limit=1e2')).toEqual(['?level', '?limit']);
  });

  it('takes what is right; a filter without a value filters nothing', () => {
    expect(
      faults('listJobs', 'route=a&connector=b&action=sync&state=held&from=2026-11-25&to=2026-11-25T09:15:00%2B02:00&limit=1000'),
    ).toEqual([]);
    expect(faults('getJobChanges', 'kind=&new=true&reason=missing%3AinTarget&limit=1&cursor=abc')).toEqual([]);
    expect(faults('putConfiguration', 'dryRun=false')).toEqual([]);
  });

  it('knows the calls it speaks of', () => {
    expect(Object.keys(QUERIES).filter((name) => !(name in DESCRIBED))).toEqual([]);
  });
});

describe('a cursor', () => {
  const query = (cursor: string): URLSearchParams => new URLSearchParams({ cursor });
  it('is read as it was written, and refused if no list gave it', () => {
    expect(cursorOf(query(cursorText('Ünï/1')), z.string())).toBe('Ünï/1');
    expect(cursorOf(new URLSearchParams(), z.string())).toBeNull();
    for (const bad of ['abc', '2', '-4', cursorText({ a: 1 })]) expect(() => cursorOf(query(bad), z.string())).toThrow(/nextLink/);
    expect(rowCursor(query(Buffer.from('79738873086917.20261126').toString('base64url')))).not.toBeNull();
    for (const bad of ['zzz', '!', 'äö']) expect(() => rowCursor(query(bad))).toThrow(/nextLink/);
  });
});
