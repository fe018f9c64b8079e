import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContactObject, WorkspaceObject } from '../../sandbox/directories/google/model.ts';
import type { TenantObject } from '../../sandbox/directories/microsoft365/model.ts';
import type { Job } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface Document {
  connectors: Record<string, unknown>[];
  routes: Record<string, unknown>[];
}
interface Shown {
  readonly change: string;
  readonly reason: string;
  readonly address: string;
  readonly result: string | null;
  readonly owner: { readonly id: string; readonly kind: string; readonly attribute: string } | null;
  readonly fields: readonly { readonly name: string; readonly before: unknown; readonly after: unknown }[];
}

const OUT = 'contoso-to-fabrikam';
const BACK = 'fabrikam-to-contoso';
/** Source and target of each direction: an object that was there before galsync, with the address of somebody of the other side. */
const INFO = 'info@contoso.example';
const RECEPTION = 'reception@fabrikam.example';

describe('objects that are there already', () => {
  let world: World;
  let original: Document;
  const tenant = (): Promise<readonly TenantObject[]> => world.ask('microsoft', 'objects');
  const workspace = (): Promise<readonly WorkspaceObject[]> => world.ask('google', 'objects');
  const contactWith = async (address: string): Promise<readonly ContactObject[]> =>
    (await workspace()).filter((one): one is ContactObject => one.type === 'contact' && one.xml.includes(`"${address}"`));
  const mailContactWith = async (address: string): Promise<readonly TenantObject[]> =>
    (await tenant()).filter((one) => one.type === 'contact' && one.proxyAddresses.includes(`SMTP:${address}`));
  const shown = async (job: Job, route: string, change: string): Promise<readonly Shown[]> =>
    (await world.api.get<{ items: Shown[] }>(`jobs/${job.id}/changes?route=${route}&change=${change}&limit=200`)).items;

  async function configure(push: object, filter: object = {}, back: object = {}): Promise<void> {
    const document = structuredClone(original);
    document.routes[0] = { ...document.routes[0], filter, push, leavers: { gone: { policy: 'delete' }, outOfScope: { policy: 'delete' } } };
    document.routes[1] = { ...document.routes[1], filter: back, push: { as: 'contact', ...push } };
    expect((await world.api.send('PUT', 'configuration', document)).status).toBe(200);
  }
  async function sync(): Promise<Job> {
    const job = await world.run('sync');
    expect(bucketFaults(job)).toEqual([]);
    expect([job.state, job.routes.map((route) => route.failed)]).toEqual(['completed', [0, 0]]);
    return job;
  }

  beforeAll(async () => {
    world = await startWorld({ people: { contoso: 40, fabrikam: 40 } });
    original = (await world.api.get('configuration')) as Document;
  });
  afterAll(() => world.stop());

  it('report: skipped, naming the owner and the attribute; existingWhere that does not hold reports too', async () => {
    for (const push of [
      { existing: 'report' },
      { existing: 'adopt', existingWhere: { attribute: 'displayName', operator: 'StartWith', value: 'nobody' } },
    ]) {
      await configure(push);
      const job = await sync();
      const [info] = (await shown(job, OUT, 'skip')).filter((one) => one.address === INFO);
      const [reception] = (await shown(job, BACK, 'skip')).filter((one) => one.address === RECEPTION);
      expect(info).toMatchObject({ reason: 'collision', owner: { id: (await contactWith(INFO))[0]!.id } });
      expect(reception).toMatchObject({
        reason: 'collision',
        owner: { id: (await mailContactWith(RECEPTION))[0]!.guid, attribute: 'proxyAddresses' },
      });
      expect(job.routes.map((route) => route.adopted)).toEqual([0, 0]);
    }
  });

  it('adopt: stamped as adopted and brought up to date, with the before-image; what others wrote stays; a second run writes nothing', async () => {
    await configure({ existing: 'adopt', existingWhere: { attribute: 'displayName', operator: 'MatchRegex', value: 'old|Reception' } });
    const before = { google: (await contactWith(INFO))[0]!, microsoft: (await mailContactWith(RECEPTION))[0]! };
    const job = await sync();
    expect(job.routes.map((route) => route.adopted)).toEqual([1, 1]);
    const [contact, ...others] = await contactWith(INFO);
    expect([contact!.id, others.length]).toEqual([before.google.id, 0]);
    expect(contact!.xml).toContain('<gd:fullName>Info</gd:fullName>');
    expect(contact!.xml).toContain('name="other-app" value="keep me"');
    expect(contact!.xml).toMatch(/value="galsync-adopted:contoso-to-fabrikam:/);
    const [mailContact, ...more] = await mailContactWith(RECEPTION);
    expect([mailContact!.guid, more.length]).toEqual([before.microsoft.guid, 0]);
    expect(mailContact!.displayName).toBe('Reception Fabrikam');
    expect(mailContact!.custom['CustomAttribute15']).toMatch(/^galsync-adopted:fabrikam-to-contoso:/);
    const [adopted] = await shown(job, OUT, 'adopt');
    expect(adopted!.fields).toContainEqual({ name: 'displayName', before: 'Contoso Info (old)', after: 'Info' });
    const quiet = await sync();
    expect(quiet.routes.map((route) => [route.created, route.updated, route.adopted])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('adopted ones are kept up to date', async () => {
    const info = (await tenant()).find((one) => one.type === 'user' && one.mail === INFO)!;
    await world.control('microsoft', { put: [{ id: info.id, displayName: 'Info Desk' }] });
    const reception = (await workspace()).find((one) => one.type === 'user' && one.data['primaryEmail'] === RECEPTION)!;
    const data = { ...(reception as { data: Record<string, unknown> }).data, phones: [{ value: '+33 1 9999', type: 'work' }] };
    await world.control('google', { put: [{ ...reception, data }] });
    const job = await sync();
    expect(job.routes.map((route) => route.updated)).toEqual([1, 1]);
    expect((await contactWith(INFO))[0]!.xml).toMatch(/Info Desk.*keep me|keep me.*Info Desk/s);
    expect((await mailContactWith(RECEPTION))[0]!.properties['businessPhone']).toBe('+33 1 9999');
  });

  it('a leaver is released: the stamp goes, the object and its values stay, and it is nobody of ours afterwards', async () => {
    const not = (value: string) => ({ where: { attribute: 'primaryAddress', operator: 'DoesNotEqual', value } });
    await configure({ existing: 'adopt' }, not(INFO), not(RECEPTION));
    const job = await sync();
    for (const route of job.routes)
      expect(route.leavers).toMatchObject({ orphaned: 1, kept: 1, keptBecause: { adopted: 1 }, deleted: 0, hidden: 0 });
    const [contact] = await contactWith(INFO);
    expect(contact!.xml).not.toContain('galsync');
    for (const text of ['Info Desk', 'keep me']) expect(contact!.xml).toContain(text);
    const [mailContact] = await mailContactWith(RECEPTION);
    expect(mailContact).toMatchObject({ displayName: 'Reception Fabrikam', properties: { businessPhone: '+33 1 9999' } });
    expect(mailContact!.custom['CustomAttribute15'] ?? '').toBe('');
    const after = await sync();
    expect(after.routes.map((route) => route.leavers.orphaned)).toEqual([0, 0]);
  });

  it('takeOver: ours in full, so what the source does not have goes too by emptyFields, and a leaver is deleted', async () => {
    const [mailContact] = await mailContactWith(RECEPTION);
    await world.control('microsoft', { put: [{ id: mailContact!.id, properties: { ...mailContact!.properties, mobilePhone: '+49 1' } }] });
    await configure({ existing: 'takeOver', emptyFields: 'always' });
    const job = await sync();
    expect(job.routes.map((route) => route.adopted)).toEqual([1, 1]);
    expect((await contactWith(INFO))[0]!.xml).toMatch(/value="galsync:contoso-to-fabrikam:/);
    const [taken] = await mailContactWith(RECEPTION);
    expect(taken!.custom['CustomAttribute15']).toMatch(/^galsync:fabrikam-to-contoso:/);
    expect(taken!.properties['mobilePhone'] ?? '').toBe('');
    await configure({ existing: 'takeOver' }, { where: { attribute: 'primaryAddress', operator: 'DoesNotEqual', value: INFO } });
    const gone = await sync();
    expect(gone.routes[0]!.leavers).toMatchObject({ orphaned: 1, deleted: 1 });
    expect(await contactWith(INFO)).toEqual([]);
  });
});
