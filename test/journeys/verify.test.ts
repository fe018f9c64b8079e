import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../shared/connectors/verification.ts';
import { startWorld, type World } from './harness.ts';

describe('verify, before the first job', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ people: { contoso: 30, fabrikam: 30 } });
  });
  afterAll(() => world.stop());

  async function verify(connector: string): Promise<readonly Check[]> {
    const { status, body } = await world.api.send('POST', `connectors/${connector}/verify`, {});
    expect(status).toBe(200);
    return (body as { checks: readonly Check[] }).checks;
  }
  const failed = (checks: readonly Check[]): readonly string[] => checks.filter(({ result }) => result === 'fail').map(({ name }) => name);

  it('passes for both sample organisations, quickly, and writes nothing', async () => {
    const started = Date.now();
    for (const connector of ['contoso', 'fabrikam']) {
      const checks = await verify(connector);
      expect(checks.length).toBeGreaterThan(7);
      expect(failed(checks)).toEqual([]);
      for (const check of checks) {
        expect(check.detail.length).toBeGreaterThan(10);
        if (check.result !== 'pass') expect(check.fix?.length ?? 0).toBeGreaterThan(10);
      }
    }
    expect(Date.now() - started).toBeLessThan(20_000);
    for (const side of ['microsoft', 'google'] as const) expect(await world.ask(side, 'stats')).toMatchObject({ writes: 0 });
  });

  it('rights that were taken away are named, each by itself, with a 200', async () => {
    await world.control('microsoft', { faults: { forbidden: ['groups', 'domains'], withoutCmdlets: ['New-MailContact'] } });
    const checks = await verify('contoso');
    expect(failed(checks)).toEqual(['permission: groups', 'permission: domains', 'permission: pushContact']);
    expect(checks.find(({ name }) => name === 'permission: groups')?.fix).toContain('GroupMember.Read.All');
    expect(checks.find(({ name }) => name === 'permission: pushContact')?.detail).toContain('New-MailContact');
    await world.control('microsoft', { faults: {} });

    await world.control('google', { faults: { forbidden: ['groups'] } });
    const google = await verify('fabrikam');
    expect(failed(google)).toEqual(['permission: groups']);
    expect(google.find(({ name }) => name === 'permission: groups')?.fix).toContain('admin.directory.group.readonly');
    await world.control('google', { faults: {} });
    expect(failed(await verify('contoso'))).toEqual([]);
  });

  it('a connector that is not there is a 404, its secret is in no answer', async () => {
    expect((await world.api.send('POST', 'connectors/nobody/verify', {})).status).toBe(404);
    await world.control('microsoft', { faults: { lie: 'html' } });
    const text = JSON.stringify([await verify('contoso'), await verify('fabrikam')]);
    await world.control('microsoft', { faults: {} });
    for (const secret of Object.values(world.samples.secrets)) expect(text).not.toContain(secret.slice(0, 40));
    expect(text).not.toMatch(/ey[A-Za-z0-9_-]{20,}\.|opaque-/);
  });

  it('does not wait for a directory that hangs', async () => {
    await world.control('google', { faults: { latencyMs: 300_000 } });
    const started = Date.now();
    const checks = await verify('fabrikam');
    expect(Date.now() - started).toBeLessThan(60_000);
    expect(checks.find(({ name }) => name === 'token')).toMatchObject({ result: 'fail', detail: expect.stringContaining('20 s') });
  });
});
