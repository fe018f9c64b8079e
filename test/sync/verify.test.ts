import { describe, expect, it } from 'vitest';
import { usesOf } from '../../shared/config/usesOf.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import type { Purpose } from '../../shared/connectors/permission.ts';
import { type Finding, type Probe, pass } from '../../shared/connectors/verification.ts';
import { FailureError, ThrottledError } from '../../shared/model/failure.ts';
import type { SyncContext } from '../../shared/sync/context.ts';
import { verifyConnector } from '../../shared/sync/verify.ts';
import { createWorld } from './world.ts';

const world = createWorld({ a: 3 });

function asking(probes: readonly Probe[]): SyncContext {
  return {
    ...world.context,
    open: () => ({ connector: { verify: () => probes } as unknown as Connector, calls: () => 0, ready: async () => undefined }),
  };
}
const probe = (name: string, run: () => Promise<Finding>, ...after: string[]): Probe => ({ name, after, run });
const settings = async (id = 'a') => (await world.context.configuration()).configuration.connectors.find((one) => one.id === id)!;
const never = (): Promise<Finding> => new Promise(() => undefined);

describe('verify', () => {
  it('answers every check in order, whatever is thrown', async () => {
    const checks = await verifyConnector(
      asking([
        probe('one', async () => pass('fine')),
        probe('two', async () => {
          throw new FailureError({ code: 'permission', message: 'No.', nextStep: 'Grant it.' });
        }),
        probe('three', async () => {
          throw new ThrottledError('graph', Date.parse('2026-11-26T04:00:00Z'));
        }),
        probe('four', async () => {
          throw new Error('broken');
        }),
      ]),
      await settings(),
    );
    expect(checks).toMatchObject([
      { name: 'one', result: 'pass', detail: 'fine' },
      { name: 'two', result: 'fail', detail: 'No.', fix: 'Grant it.' },
      { name: 'three', result: 'warning', detail: expect.stringContaining('2026-11-26T04:00') },
      { name: 'four', result: 'fail', detail: expect.stringContaining('broken') },
    ]);
  });

  it('what no job depends on is a warning when it cannot be asked, and a failure when it was found', async () => {
    const away = async (): Promise<Finding> => {
      throw new FailureError({ code: 'unreachable', message: 'Away.', nextStep: 'Wait.' });
    };
    const checks = await verifyConnector(
      asking([
        { ...probe('thrown', away), advisory: true },
        { ...probe('hangs', never), advisory: true },
        { ...probe('found', async () => ({ result: 'fail', detail: 'wrong', fix: 'x' })), advisory: true },
      ]),
      await settings(),
      { eachMs: 50, allMs: 5_000 },
    );
    expect(checks.map(({ result }) => result)).toEqual(['warning', 'warning', 'fail']);
  });

  it('tries nothing behind a failed check, and says which', async () => {
    let asked = 0;
    const count = async (): Promise<Finding> => {
      asked += 1;
      return pass('asked');
    };
    const checks = await verifyConnector(
      asking([
        probe('token', async () => ({ result: 'fail', detail: 'none', fix: 'x' })),
        probe('users', count, 'token'),
        probe('domains', count, 'users', 'not there'),
      ]),
      await settings(),
    );
    expect(asked).toBe(0);
    expect(checks.slice(1)).toMatchObject([
      { result: 'warning', detail: expect.stringContaining('"token"') },
      { result: 'warning', detail: expect.stringContaining('"users"') },
    ]);
  });

  it('waits for no probe longer than told, nor for all of them together', async () => {
    const started = Date.now();
    const checks = await verifyConnector(
      asking([probe('hangs', never), probe('behind', never, 'hangs'), probe('fine', async () => pass('yes'))]),
      await settings(),
      { eachMs: 60, allMs: 10_000 },
    );
    expect(checks).toMatchObject([
      { result: 'fail', detail: expect.stringContaining('0.06 s') },
      { result: 'warning' },
      { result: 'pass' },
    ]);
    const chain = Array.from({ length: 5 }, (_, n) =>
      probe(`${n}`, () => new Promise<Finding>((resolve) => setTimeout(() => resolve(pass('slow')), 100)), ...(n > 0 ? [`${n - 1}`] : [])),
    );
    const slow = await verifyConnector(asking(chain), await settings(), { eachMs: 1_000, allMs: 250 });
    expect(slow.map((check) => check.result)).toEqual(['pass', 'pass', 'fail', 'warning', 'warning']);
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('a connector that cannot be made is a failed check', async () => {
    const context: SyncContext = {
      ...world.context,
      open: () => {
        throw new FailureError({ code: 'configuration', message: 'Not here.', nextStep: 'Remove it.' });
      },
    };
    expect(await verifyConnector(context, await settings())).toEqual([
      { name: 'connector', result: 'fail', detail: 'Not here.', fix: 'Remove it.' },
    ]);
  });

  it('a directory in memory passes', async () => {
    expect(await verifyConnector(world.context, await settings())).toMatchObject([{ name: 'read', result: 'pass' }]);
  });
});

describe('what a configuration uses of a connector', () => {
  it('sources read what they pull, targets what they push as', async () => {
    const { configuration } = await world.context.configuration();
    const a = usesOf(configuration, 'a');
    const b = usesOf(configuration, 'b');
    expect([...a]).toEqual(expect.arrayContaining(['read', 'source', 'groups', 'rooms', 'sharedMailboxes', 'hiddenEntries', 'owns']));
    expect(a.has('contact') || a.has('target')).toBe(false);
    expect([...b].toSorted()).toEqual(['contact', 'owns', 'read', 'target', 'x500']);
  });

  it('custom schemas are used where a condition or a text names them', async () => {
    const used = async (route: object): Promise<boolean> => {
      const changed = createWorld({ a: 1 });
      changed.configure((document) => Object.assign(document.routes[0]!, route));
      return usesOf((await changed.context.configuration()).configuration, 'a').has('customSchemas');
    };
    const where = { attribute: 'raw.customSchemas.hr.costCentre', operator: 'Equals', value: '7' };
    expect(await used({ filter: { where } })).toBe(true);
    expect(await used({ push: { set: { department: '{raw.customSchemas.hr.costCentre}' } } })).toBe(true);
    expect(await used({ filter: { where: { ...where, attribute: 'raw.orgUnitPath' } } })).toBe(false);
  });

  it('what is switched off needs no right', () => {
    const changed = createWorld({ a: 1 });
    changed.configure((document) => {
      document.connectors[0]!['pull'] = { groups: false, rooms: false };
      document.connectors[0]!['owns'] = ['a.example'];
      document.routes[0]!['push'] = { as: 'contact', addresses: { x500: false } };
    });
    return changed.context.configuration().then(({ configuration }) => {
      const uses = usesOf(configuration, 'a');
      expect(['groups', 'rooms', 'owns', 'x500'].filter((purpose) => uses.has(purpose as Purpose))).toEqual([]);
    });
  });

  it('under a low ceiling an answer that does not come in time is no fault of the directory yet', async () => {
    const limited = async (requestsPerMinute: number): Promise<unknown> => {
      const one = { ...(await settings()), limits: { lanes: null, requestsPerMinute } };
      return verifyConnector(asking([probe('slow', never)]), one, { eachMs: 20, allMs: 1_000 });
    };
    expect(await limited(30)).toMatchObject([
      { result: 'warning', detail: expect.stringMatching(/requestsPerMinute \(30\)/), fix: expect.stringContaining('Raise it') },
    ]);
    expect(await limited(120)).toMatchObject([{ result: 'fail', detail: 'No answer within 0.02 s.' }]);
  });
});
