import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endpointsOf, mayFollow } from './clouds.ts';
import { createExchange, type Exchange, ExchangeError, errorParts } from './exchange.ts';
import { exchangeRefusal, type FakeTenant, httpOn, settingsFor, startFakeTenant } from './fakeTenant.ts';
import { createTokens } from './token.ts';

let tenant: FakeTenant;
let exchange: Exchange;
beforeEach(async () => {
  tenant = await startFakeTenant();
  const settings = settingsFor(tenant.base);
  const http = httpOn({ time: 1e12 });
  const endpoints = endpointsOf(settings);
  exchange = createExchange(
    settings,
    endpoints,
    http,
    createTokens(settings, endpoints, { http, secret: async () => 's', now: () => 1e12 }),
  );
});
afterEach(() => tenant.close());

const READ = { name: 'Get-Recipient', parameters: { ResultSize: 'Unlimited' }, idempotent: true };

describe('InvokeCommand', () => {
  it('posts again to the host of a redirect, and goes there at once the next time', async () => {
    const region = await startFakeTenant();
    region.on((request) => (request.cmdlet ? { body: { value: [{ Guid: 'x' }] } } : undefined));
    tenant.on((request) => (request.cmdlet ? { status: 302, headers: { location: `${region.base}${request.url}` } } : undefined));
    expect((await exchange(READ)).rows).toEqual([{ guid: 'x' }]);
    await exchange(READ);
    expect(tenant.cmdlets()).toHaveLength(1);
    expect(region.seen.map((request) => [request.method, request.headers.authorization])).toEqual([
      ['POST', 'Bearer opaque-1'],
      ['POST', 'Bearer opaque-1'],
    ]);
    await region.close();
  });

  it('takes keys of any case and drops type companions', async () => {
    tenant.on((request) =>
      request.cmdlet ? { body: { Value: [{ GUID: 'x', 'Guid@odata.type': '#Guid' }], '@odata.NextLink': `${tenant.base}/n` } } : undefined,
    );
    expect(await exchange(READ)).toEqual({ rows: [{ guid: 'x' }], nextLink: `${tenant.base}/n`, warnings: [] });
  });

  it('tries again after a page of the front door, a transient class, and "too many concurrent requests"', async () => {
    const replies = [
      { body: '<html>busy</html>' },
      exchangeRefusal(400, 'Microsoft.Exchange.Data.Directory.TransientException', 'x'),
      { status: 400, body: 'You have reached the maximum number of concurrent requests per tenant. Please wait and try again' },
      { body: { value: [] } },
    ];
    tenant.on((request) => (request.cmdlet ? replies.shift() : undefined));
    expect((await exchange(READ)).rows).toEqual([]);
    expect(tenant.cmdlets()).toHaveLength(4);
  });

  it('HTML that stays is no answer', async () => {
    tenant.on((request) => (request.cmdlet ? { body: '<html>busy</html>' } : undefined));
    await expect(exchange(READ)).rejects.toMatchObject({ failure: { code: 'badAnswer' } });
  });

  it('does without $select where it is refused', async () => {
    tenant.on((request) =>
      request.cmdlet
        ? request.url.includes('$select')
          ? { status: 400, body: { error: { code: 'BadRequest', message: 'The query specified in the URI is not valid.' } } }
          : { body: { value: [] } }
        : undefined,
    );
    await exchange({ ...READ, select: ['Guid'] });
    await exchange({ ...READ, select: ['Guid'] });
    expect(tenant.seen.filter((request) => request.cmdlet).map((request) => request.url.includes('$select'))).toEqual([true, false, false]);
  });

  it("sends the token to the vendor's hosts only", async () => {
    tenant.on((request) => (request.cmdlet ? { status: 302, headers: { location: 'https://evil.example/adminapi' } } : undefined));
    await expect(exchange(READ)).rejects.toMatchObject({ failure: { code: 'badAnswer' } });
    const base = 'https://outlook.office365.com';
    expect(mayFollow('https://eurprd04.outlook.office365.com/x', base, 'outlook.office365.com')).toBe(true);
    expect(mayFollow('https://outlook.office365.com.evil.example/x', base, 'outlook.office365.com')).toBe(false);
    expect(mayFollow('http://eurprd04.outlook.office365.com/x', base, 'outlook.office365.com')).toBe(false);
  });
});

describe('errors', () => {
  it('are read from wherever the service put them', () => {
    const json = (error: unknown): string => JSON.stringify({ error });
    expect(errorParts(json({ details: [{ message: 'Ex1|A.B|text | with bar' }] }))).toEqual({ type: 'A.B', text: 'text | with bar' });
    expect(errorParts(json({ details: [{ message: '|A.B|text' }] }))).toEqual({ type: 'A.B', text: 'text' });
    expect(errorParts(json({ innerError: { internalException: { message: 'deep', type: 'T' } } }))).toEqual({ type: 'T', text: 'deep' });
    expect(errorParts(json({ message: 'outer' })).text).toBe('outer');
    expect(errorParts('<html><b>Bad</b> gateway</html>').text).toBe('Bad gateway');
  });

  it.each([
    [
      400,
      'x.UnableToWriteToAadException',
      'Another object with the same value for property proxyAddresses already exists.',
      'addressInUse',
    ],
    [400, 'x.UnableToWriteToAadException', 'The issue may be transient and please retry a couple of minutes later.', 'transient'],
    [400, 'x.NameNotAvailableException', 'The name "Ada" is already being used. Please try another name.', 'exists'],
    [400, 'x.ManagementObjectNotFoundException', "object couldn't be found", 'notFound'],
    [400, 'x', 'Directory_QuotaExceeded', 'quota'],
    [400, 'x.ParameterBindingException', 'Cannot bind parameter.', 'refused'],
  ])('HTTP %i %s "%s" is %s…', async (status, type, text, fault) => {
    tenant.on((request) => (request.cmdlet ? exchangeRefusal(status, type, text) : undefined));
    const error = await exchange({ ...READ, idempotent: false }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ExchangeError);
    expect((error as ExchangeError).fault).toBe(fault);
  });
});
