import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from './harness.ts';

interface Logged {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly what: string;
  readonly status: number;
  readonly wrote: boolean;
}

/** What the directories see of us: the simulated ones keep a log of every request. */
describe('what is asked of the directories', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      people: { contoso: 260, fabrikam: 60 },
      configure(document) {
        for (const route of document.routes)
          route['push'] = { ...(route['push'] as object), attributes: { only: ['displayName', 'jobTitle'] } };
        document.routes[0]!['filter'] = { where: { attribute: 'raw.employeeType', operator: 'DoesNotEqual', value: 'Robot' } };
      },
    });
    expect((await world.run('sync')).state).toBe('completed');
  });
  afterAll(() => world.stop());

  const again = async (): Promise<{ microsoft: readonly Logged[]; google: readonly Logged[] }> => {
    for (const side of ['microsoft', 'google'] as const) await world.control(side, { clearLog: true });
    expect((await world.run('sync')).state).toBe('completed');
    return { microsoft: await world.ask('microsoft', 'log'), google: await world.ask('google', 'log') };
  };

  it('writes nothing where nothing changed, and reads Microsoft 365 by delta: one call a set, however many people there are', async () => {
    const { microsoft, google } = await again();
    expect([...microsoft, ...google].filter((one) => one.wrote)).toEqual([]);
    expect(counted(microsoft)).toEqual({
      'GET /graph/v1.0/users/delta': 1,
      'GET /graph/v1.0/groups': 1,
      'GET /graph/v1.0/groups/$count': 1,
      'GET /graph/v1.0/organization': 1,
      'POST Get-Recipient': 1,
      'POST Get-Contact': 1,
      // Routes into it push X500 addresses: whose own they are is told by these.
      'POST Get-User': 1,
      'POST Get-MailContact': 1,
    });
  });

  it('sweeps Google page by page, and asks for nothing else', async () => {
    const { google } = await again();
    const calls = counted(google);
    expect(calls['GET /admin/directory/v1/users']).toBe(1);
    expect(Object.keys(calls).filter((call) => !/users|groups|calendars|domains|m8.feeds/.test(call))).toEqual([]);
  });

  it('asks only for what is mapped, filtered or needed to judge an entry', async () => {
    expect((await world.api.send('DELETE', 'connectors/contoso/cache', null)).status).toBe(204);
    const { microsoft, google } = await again();
    const delta = microsoft.find((one) => one.path.endsWith('/users/delta') && one.query.includes('select'))!;
    const asked = new URLSearchParams(delta.query).get('$select')!.split(',');
    expect(asked).toContain('jobTitle');
    expect(asked).toContain('employeeType');
    for (const name of ['department', 'mobilePhone', 'businessPhones', 'streetAddress', 'companyName', 'birthday', 'employeeId'])
      expect(asked).not.toContain(name);
    const recipients = microsoft.find((one) => one.what.endsWith('Get-Contact'))!;
    expect(recipients.query).toContain('Title');
    expect(recipients.query).not.toMatch(/Phone|Department|Street|Notes/);
    const users = google.find((one) => one.path.endsWith('/users'))!;
    const fields = new URLSearchParams(users.query).get('fields')!;
    expect(fields).toContain('organizations');
    expect(fields).not.toMatch(/phones|addresses\b|ims|notes|recoveryEmail|lastLoginTime/);
  });
});

/** Calls by method and path (cmdlets by name), sign-in left out. */
function counted(log: readonly Logged[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const one of log) {
    if (/token$/.test(one.path)) continue;
    const what = one.path.endsWith('/InvokeCommand') ? one.what.split(' ').at(-1)! : one.path;
    counts[`${one.method} ${what}`] = (counts[`${one.method} ${what}`] ?? 0) + 1;
  }
  return counts;
}
