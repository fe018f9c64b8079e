import { afterEach, describe, expect, it } from 'vitest';
import type { Check } from '../../shared/connectors/verification.ts';
import { bucketFaults, startWorld, type World, type WorldOptions } from './harness.ts';

const CLIENT_ID = '6f0f0a7e-0000-4000-8000-000000000001';
const WORKLOAD = {
  kind: 'workloadIdentity',
  audience: '//iam.googleapis.com/projects/4711/locations/global/workloadIdentityPools/azure/providers/galsync',
  serviceAccount: 'galsync@fabrikam-sandbox.iam.gserviceaccount.com',
  subject: 'galsync@fabrikam.example',
};
const platform: WorldOptions['settings'] = ({ identity }) => ({ IDENTITY_ENDPOINT: identity.endpoint, IDENTITY_HEADER: identity.header });

describe('a whole sync with each credential', () => {
  let world: World | null = null;
  afterEach(async () => {
    await world?.stop();
    world = null;
  });

  async function syncWith(options: WorldOptions): Promise<World> {
    world = await startWorld({ people: { contoso: 25, fabrikam: 25 }, ...options });
    for (const connector of ['contoso', 'fabrikam']) {
      const { body } = await world.api.send('POST', `connectors/${connector}/verify`, {});
      const { checks } = body as { checks: readonly Check[] };
      expect(checks.filter(({ result }) => result === 'fail')).toEqual([]);
    }
    const job = await world.run('sync');
    expect(job.routes.map(({ id, state, cause }) => ({ id, failed: state === 'failed', cause }))).toEqual(
      job.routes.map(({ id }) => ({ id, failed: false, cause: null })),
    );
    expect(bucketFaults(job)).toEqual([]);
    expect(job.routes.every((route) => route.created > 10)).toBe(true);
    return world;
  }

  it('certificate; with a stamp place and a customer id other than the default', async () => {
    await syncWith({
      configure: ({ connectors }) => {
        connectors[0]!['stamp'] = 'customAttribute7';
        connectors[1]!['customer'] = 'C0fabrikam1';
        connectors[0]!['credential'] = { kind: 'certificate', clientId: CLIENT_ID, certificate: 'CONTOSO_CERTIFICATE' };
      },
      // As a command line leaves it in an app setting.
      settings: ({ secrets }) => ({
        CONTOSO_CERTIFICATE: secrets['CONTOSO_CERTIFICATE']!.replaceAll('\n', '\\n'),
        CONTOSO_SECRET: 'not the secret',
      }),
    });
    const marks = (await world!.ask<{ custom: Record<string, string> }[]>('microsoft', 'objects')).map(({ custom }) => custom);
    expect(marks.filter((custom) => custom?.['CustomAttribute7']?.startsWith('galsync:')).length).toBeGreaterThan(10);
    expect(marks.filter((custom) => custom?.['CustomAttribute15']?.startsWith('galsync:'))).toEqual([]);
    const asked = await world!.ask<{ path: string; query: string }[]>('google', 'log');
    const customers = asked.flatMap(({ path, query }) => /customer[=/]([^&/]+)/.exec(`${path}?${query}`)?.[1] ?? []);
    expect(new Set(customers)).toEqual(new Set(['C0fabrikam1']));
  });

  it('federated and workloadIdentity: no secret at all', async () => {
    await syncWith({
      configure: ({ connectors }) => {
        connectors[0]!['credential'] = { kind: 'federated', clientId: CLIENT_ID };
        connectors[1]!['credential'] = WORKLOAD;
      },
      settings: (samples) => ({ ...platform(samples), CONTOSO_SECRET: '-', CONTOSO_CERTIFICATE: '-', FABRIKAM_KEY: '-' }),
    });
  });

  it('without a managed identity the job fails with words, and so does verify', async () => {
    world = await startWorld({
      people: { contoso: 5, fabrikam: 5 },
      configure: ({ connectors }) => {
        connectors[0]!['credential'] = { kind: 'federated', clientId: CLIENT_ID };
      },
    });
    const job = await world.run('sync');
    expect(job.state).toBe('failed');
    expect(job.connectors.find(({ id }) => id === 'contoso')?.cause).toMatch(/^authentication: This process has no managed identity/);
    const { body } = await world.api.send('POST', 'connectors/contoso/verify', {});
    expect((body as { checks: readonly Check[] }).checks[0]).toMatchObject({
      name: 'credential',
      result: 'fail',
      fix: expect.stringContaining('clientSecret'),
    });
  });
});
