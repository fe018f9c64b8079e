import { describe, expect, it } from 'vitest';
import type { Http, HttpAnswer, HttpRequest } from '../../http/http.ts';
import { endpointsOf } from './clouds.ts';
import { settingsFor } from './fakeTenant.ts';
import { createTokens } from './token.ts';

const settings = { ...settingsFor('http://127.0.0.1:1/p'), cloud: 'usgov' as const };

function tokensWith(
  answer: (n: number) => Partial<HttpAnswer>,
  clock: { time: number },
): { readonly tokens: ReturnType<typeof createTokens>; readonly requests: HttpRequest[] } {
  const requests: HttpRequest[] = [];
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    requests.push(request);
    await new Promise((resolve) => setImmediate(resolve));
    return { status: 200, headers: {}, text: '', ...answer(requests.length) };
  };
  const http: Http = Object.assign(send, { calls: () => requests.length });
  return {
    tokens: createTokens(settings, endpointsOf(settings), { http, secret: async () => 's3cret&=', now: () => clock.time }),
    requests,
  };
}

const token = (value: string, seconds: unknown): Partial<HttpAnswer> => ({
  text: JSON.stringify({ access_token: value, expires_in: seconds }),
});

describe('tokens', () => {
  it('asks for the resource of the cloud, once for all callers', async () => {
    const { tokens, requests } = tokensWith((n) => token(`t${n}`, '3600'), { time: 0 });
    expect(await Promise.all([tokens('graph')(false), tokens('graph')(false), tokens('graph')(false)])).toEqual(['t1', 't1', 't1']);
    expect(await tokens('exchange')(false)).toBe('t2');
    const forms = requests.map((request) => new URLSearchParams(request.body));
    expect(forms.map((form) => form.get('scope'))).toEqual([
      'https://graph.microsoft.us/.default',
      'https://outlook.office365.us/.default',
    ]);
    expect(forms[0]!.get('client_secret')).toBe('s3cret&=');
    expect(requests[0]!.url).toBe('http://127.0.0.1:1/p/contoso.example/oauth2/v2.0/token');
  });

  it('refreshes before the end', async () => {
    const clock = { time: 0 };
    const { tokens } = tokensWith((n) => token(`t${n}`, 3600), clock);
    await tokens('graph')(false);
    clock.time = 3_299_000;
    expect(await tokens('graph')(false)).toBe('t1');
    clock.time = 3_301_000;
    expect(await tokens('graph')(false)).toBe('t2');
  });

  it('R55: a token that cannot get fresher is not asked for with every call', async () => {
    const clock = { time: 0 };
    const { tokens, requests } = tokensWith(() => token('same', 200 - clock.time / 1000), clock);
    for (let call = 0; call < 100; call += 4) {
      clock.time = call * 600;
      await Promise.all(Array.from({ length: 8 }, () => tokens('graph')(false)));
    }
    // The case allows three; one is enough, because the margin shrinks with the token's life.
    expect(requests).toHaveLength(1);
  });

  it('after a 401 the first caller fetches, those behind it take what came', async () => {
    const { tokens, requests } = tokensWith((n) => token(`t${n}`, 3600), { time: 0 });
    const [one, two] = [tokens('graph'), tokens('graph')];
    await one(false);
    await two(false);
    expect(await one(true)).toBe('t2');
    expect(await two(true)).toBe('t2');
    expect(requests).toHaveLength(2);
  });

  it('says why there is none, without the secret', async () => {
    const { tokens } = tokensWith(
      () => ({
        status: 401,
        text: JSON.stringify({
          error: 'invalid_client',
          error_description: 'AADSTS7000222: The provided client secret s3cret&= has expired.',
        }),
      }),
      { time: 0 },
    );
    const error = await tokens('graph')(false).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      failure: { code: 'authentication', message: expect.stringContaining('AADSTS7000222'), nextStep: expect.stringContaining('expired') },
    });
    expect(JSON.stringify(error)).not.toContain('s3cret');
  });
});
