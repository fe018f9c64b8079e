import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Settings } from '../settings.ts';
import { callerOf } from './caller.ts';
import type { Door } from './door.ts';

const AZURE: Settings = { localOperator: false, platformAuthentication: true, endpointHosts: [], exchangeKey: null };
const LOCAL: Settings = { ...AZURE, localOperator: true, platformAuthentication: false };

const request = (headers: Record<string, string>, url = 'http://127.0.0.1:7071/api/jobs'): HttpRequest =>
  ({ url, headers: new Headers(headers), query: new URL(url).searchParams, params: {} }) as unknown as HttpRequest;

/** As App Service authentication sends it (learn.microsoft.com/azure/app-service/configure-authentication-user-identities). */
const principal = (roles: readonly string[], typ = 'roles'): Record<string, string> => ({
  'x-ms-client-principal': Buffer.from(
    JSON.stringify({
      auth_typ: 'aad',
      claims: [{ typ: 'name', val: 'Ada Adams' }, ...roles.map((val) => ({ typ, val }))],
      name_typ: 'name',
      role_typ: typ,
    }),
  ).toString('base64'),
});

describe('who calls', () => {
  it('in Azure: who App Service authentication says, with the app roles of the token and no other', () => {
    expect(callerOf(request(principal(['Reader'])), AZURE)).toEqual({ name: 'Ada Adams', roles: ['Reader'] });
    expect(callerOf(request(principal(['Operator'])), AZURE)?.roles).toEqual(['Reader', 'Operator']);
    expect(callerOf(request(principal(['Approver', 'Reader'])), AZURE)?.roles).toEqual(['Reader', 'Approver']);
    expect(callerOf(request(principal(['Agent'])), AZURE)?.roles).toEqual(['Agent']);
    expect(callerOf(request(principal(['Owner', 'reader', 'Global Administrator'])), AZURE)?.roles).toEqual([]);
    const long = 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role';
    expect(callerOf(request(principal(['Reader'], long)), AZURE)?.roles).toEqual(['Reader']);
    expect(callerOf(request(principal(['Reader'], 'groups')), AZURE)?.roles).toEqual([]);
  });

  it('in Azure: nobody without the header, with one that is none, or where that authentication is off', () => {
    expect(callerOf(request({}), AZURE)).toBeNull();
    for (const bad of ['', 'x', Buffer.from('{').toString('base64'), Buffer.from('{"claims":{}}').toString('base64')])
      expect(callerOf(request({ 'x-ms-client-principal': bad }), AZURE)).toBeNull();
    expect(callerOf(request(principal(['Operator'])), { ...AZURE, platformAuthentication: false })).toBeNull();
    // The loopback name opens nothing there.
    expect(callerOf(request({ host: 'localhost' }), AZURE)).toBeNull();
  });

  it("on a developer's machine: everybody with a loopback Host has every role but Agent, others none", () => {
    for (const host of ['127.0.0.1:7071', 'localhost', 'LOCALHOST:1', '[::1]:7071', '127.8.9.1'])
      expect(callerOf(request({ host }), LOCAL), host).toEqual({ name: 'local operator', roles: ['Reader', 'Operator', 'Approver'] });
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', 'xlocalhost', '10.0.0.1', '0.0.0.0'])
      expect(callerOf(request({ host }), LOCAL), host).toBeNull();
    expect(callerOf(request({ host: 'localhost', 'x-forwarded-for': '10.1.1.1' }), LOCAL)).toBeNull();
    // A header that anybody can send counts for nothing there.
    expect(callerOf(request({ host: 'evil.example', ...principal(['Operator']) }), LOCAL)).toBeNull();
  });
});

describe('every door', () => {
  beforeEach(() => {
    vi.resetModules();
    vi.stubEnv('GALSYNC_LOCAL_OPERATOR', '');
    vi.stubEnv('WEBSITE_AUTH_ENABLED', 'True');
  });
  afterEach(() => vi.unstubAllEnvs());

  type Handler = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

  async function opened(): Promise<{
    doors: readonly Door[];
    knock: (name: string, headers: Record<string, string>) => Promise<HttpResponseInit>;
  }> {
    const sdk = await import('@azure/functions');
    const handlers = new Map<string, Handler>();
    vi.spyOn(sdk.app, 'http').mockImplementation((name, options) => void handlers.set(name, (options as { handler: Handler }).handler));
    await import('../main.ts');
    const { doors } = await import('./door.ts');
    return { doors: doors(), knock: (name, headers) => handlers.get(name)!(request(headers), {} as InvocationContext) };
  }

  it('but health answers 401 to nobody, and 403 to who has other roles only, as a problem that says so', async () => {
    const { doors, knock } = await opened();
    expect(doors.length).toBeGreaterThan(20);
    for (const { name, role, methods } of doors.filter((door) => door.name !== 'health')) {
      expect(role, name).not.toBeNull();
      // Only reading is for readers.
      if (role === 'Reader') expect(methods.every((method) => method === 'GET') || name === 'previewConfiguration', name).toBe(true);
      const nobody = await knock(name, {});
      expect([nobody.status, (nobody.headers as Record<string, string>)['content-type']], name).toEqual([401, 'application/problem+json']);
      const others = {
        Reader: ['Agent'],
        Operator: ['Reader', 'Approver', 'Agent'],
        Approver: ['Reader', 'Operator'],
        Agent: ['Operator'],
      };
      const stranger = await knock(name, principal(others[role!]));
      expect(stranger.status, name).toBe(403);
      expect(JSON.parse(String(stranger.body)), name).toMatchObject({ status: 403, detail: expect.stringContaining(`"${role}"`) });
    }
  });

  it('is closed where the local operator is switched on inside Azure: the app does not start', async () => {
    vi.stubEnv('GALSYNC_LOCAL_OPERATOR', '1');
    vi.stubEnv('WEBSITE_INSTANCE_ID', 'abc');
    await expect(opened()).rejects.toThrow(/GALSYNC_LOCAL_OPERATOR/);
  });
});
