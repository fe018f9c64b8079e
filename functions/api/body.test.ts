import { describe, expect, it } from 'vitest';
import { bodyOf } from './body.ts';
import type { Call, Problem } from './door.ts';
import { Start } from './jobs.ts';

const refused = async (body: unknown): Promise<Problem> =>
  bodyOf({ body: async () => body } as Call, Start).then(
    () => Promise.reject(new Error('it was taken')),
    (error: Problem) => error,
  );

describe('the body of a call', () => {
  it('has all its faults told at once, each with its path and what to do', async () => {
    const problem = await refused({ action: 'go', routes: 'x', frsh: true, only: [1], connectors: [], reason: 'r'.repeat(2_000) });
    expect(problem.status).toBe(400);
    expect(problem.extra['errors']).toEqual([
      { path: '/action', message: expect.stringContaining('one of'), fix: 'Use one of pull, simulate, push, sync.' },
      { path: '/routes', message: 'Expected array, received string', fix: 'Give a value of type array.' },
      { path: '/connectors', message: expect.stringContaining('Too small'), fix: 'At least 1.' },
      { path: '/only/0', message: 'Expected string, received number', fix: 'Give a value of type string.' },
      { path: '/reason', message: expect.stringContaining('Too big'), fix: 'At most 1024.' },
      { path: '/frsh', message: 'There is no key "frsh" here.', fix: 'Did you mean "fresh"? Otherwise remove it.' },
    ]);
  });

  it('is an object; what is missing is named', async () => {
    expect((await refused([])).extra['errors']).toMatchObject([{ path: '', fix: 'Give a value of type object.' }]);
    expect((await refused(null)).extra['errors']).toMatchObject([{ path: '' }]);
    expect((await refused({})).extra['errors']).toMatchObject([{ path: '/action' }]);
  });
});
