import { z } from 'zod';
import type { Http, HttpAnswer } from '../../http/http.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { FailureError } from '../../model/failure.ts';
import { type Endpoints, mayFollow } from './clouds.ts';
import type { TokenSource } from './token.ts';

/**
 * Everything that is odd about Exchange Online's REST (`InvokeCommand`), which its PowerShell module uses and no page documents: one POST
 * for every cmdlet, routing header, pages by posting the same body again, redirects to the region's host, errors inside a text.
 */
const API_VERSION = 'beta';
/** The mailbox that app-only calls are routed by; the same in every tenant. */
const ANCHOR = 'SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}';
const PAGE_SIZE = 1000;
const REDIRECTS = 3;

/** A returned object with lower-case keys; `…@odata.type` companions are gone. */
export type Row = Readonly<Record<string, unknown>>;

export interface Cmdlet {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Properties to return; spares traffic, servers may ignore it. */
  readonly select?: readonly string[];
  /** Link of the page before; the same body is posted to it. */
  readonly link?: string | null;
  /** False for creates: not repeated when the answer was lost. */
  readonly idempotent: boolean;
}

export interface CmdletResult {
  readonly rows: readonly Row[];
  readonly nextLink: string | null;
  readonly warnings: readonly string[];
}

export type ExchangeFault =
  | 'permission'
  | 'notFound'
  | 'missingCmdlet'
  | 'addressInUse'
  | 'exists'
  | 'readOnly'
  | 'tooManyAddresses'
  | 'quota'
  | 'transient'
  | 'refused';

/** A cmdlet that was refused. `text` is Exchange's own sentence. */
export class ExchangeError extends FailureError {
  readonly fault: ExchangeFault;
  readonly status: number;
  readonly text: string;
  constructor(fault: ExchangeFault, status: number, text: string, failure: FailureError['failure']) {
    super(failure);
    this.name = 'ExchangeError';
    this.fault = fault;
    this.status = status;
    this.text = text;
  }
}

/** Runs one cmdlet. Throws `ExchangeError` for refusals, `FailureError` (`badAnswer`, `unreachable`), `ThrottledError`. */
export type Exchange = (cmdlet: Cmdlet) => Promise<CmdletResult>;

const Answer = z.object({
  value: z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())]).nullish(),
  '@odata.nextlink': z.string().nullish(),
  '@adminapi.warnings': z.array(z.unknown()).nullish(),
});

/** The client of one tenant; it remembers the region's host and whether the server knows `$select`. */
export function createExchange(settings: Microsoft365Settings, endpoints: Endpoints, http: Http, tokens: TokenSource): Exchange {
  let base = endpoints.exchange;
  let selects = true;
  const path = `/adminapi/${API_VERSION}/${encodeURIComponent(settings.tenant)}/InvokeCommand`;
  const run = async (cmdlet: Cmdlet): Promise<CmdletResult> => {
    const body = JSON.stringify({ CmdletInput: { CmdletName: cmdlet.name, Parameters: cmdlet.parameters } });
    const query = cmdlet.select && selects ? `?$select=${cmdlet.select.join(',')}` : '';
    let url = cmdlet.link ?? `${base}${path}${query}`;
    for (let hop = 0; ; hop += 1) {
      if (!mayFollow(url, endpoints.exchange, endpoints.cloud.exchangeDomain)) throw foreignHost(cmdlet.name, url);
      const answer = await http({
        method: 'POST',
        url,
        headers: headersFor(settings.tenant, cmdlet.name),
        body,
        token: tokens('exchange'),
        idempotent: cmdlet.idempotent,
        isThrottle: saysThrottled,
        isTransient: saysTransient,
      });
      const location = answer.headers.location;
      if (answer.status < 300 || answer.status >= 400 || !location || hop === REDIRECTS) return resultOf(cmdlet.name, answer);
      // Never followed automatically: a POST would become a GET and lose its token.
      const region = new URL(location, url);
      const regional = region.pathname.indexOf(path);
      // Later calls go to the region at once; a place that is no InvokeCommand names only the region's host.
      if (regional >= 0) base = `${region.origin}${region.pathname.slice(0, regional)}`;
      else base = region.origin;
      url = cmdlet.link ? `${region.origin}${new URL(url).pathname}${new URL(url).search}` : `${base}${path}${query}`;
    }
  };
  return async (cmdlet) => {
    try {
      return await run(cmdlet);
    } catch (error) {
      if (!selects || !cmdlet.select || cmdlet.link || !refusesSelect(error)) throw error;
      selects = false;
      return run(cmdlet);
    }
  };
}

/** A server without `$select` says so before the cmdlet runs: then everything is returned. */
function refusesSelect(error: unknown): boolean {
  return error instanceof ExchangeError && error.fault === 'refused' && error.status === 400 && /select|propert|query/i.test(error.text);
}

function headersFor(tenant: string, cmdlet: string): Record<string, string> {
  const form = /^[0-9a-f]{8}-/i.test(tenant) ? 'APP' : 'UPN';
  return {
    'content-type': 'application/json; charset=utf-8',
    accept: 'application/json; odata.metadata=minimal',
    'x-anchormailbox': `${form}:${ANCHOR}@${tenant}`,
    'x-cmdletname': cmdlet,
    'x-responseformat': 'json',
    'x-clientapplication': 'galsync',
    prefer: `odata.maxpagesize=${PAGE_SIZE}`,
  };
}

function resultOf(cmdlet: string, answer: HttpAnswer): CmdletResult {
  if (answer.status < 200 || answer.status >= 300) throw refusal(cmdlet, answer);
  if (answer.text.trim() === '') return { rows: [], nextLink: null, warnings: [] };
  const json = parse(answer.text);
  const parsed = Answer.safeParse(json === null ? null : lowerKeys(json));
  if (json === null || !parsed.success) {
    throw new FailureError({
      code: 'badAnswer',
      message: `Exchange Online answered ${cmdlet} with HTTP ${answer.status} and ${answer.text.trimStart().startsWith('<') ? 'an HTML page' : 'truncated or foreign text'} instead of JSON.`,
      nextStep: 'Nothing was changed because of it. The next job tries again; check what stands between us and the service if it stays.',
    });
  }
  const { value } = parsed.data;
  const rows = (Array.isArray(value) ? value : value ? [value] : []).filter((row) => typeof row === 'object' && row !== null);
  return {
    rows: rows.map((row) => plainRow(row as object)),
    nextLink: parsed.data['@odata.nextlink'] ?? null,
    warnings: (parsed.data['@adminapi.warnings'] ?? []).map(String),
  };
}

function plainRow(row: object): Row {
  return Object.fromEntries(Object.entries(row).flatMap(([key, value]) => (key.includes('@') ? [] : [[key.toLowerCase(), value]])));
}

function lowerKeys(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toLowerCase(), inner]));
}

function parse(text: string): object | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' ? json : null;
  } catch {
    return null;
  }
}

const THROTTLED = /maximum number of concurrent requests|too many requests|micro delay applied/i;
const TRANSIENT =
  /TransientException|ServerBusyException|CmdletProxyNotAvailable|BackendCommunicationException|may be transient|retry a couple of minutes later/i;

function saysThrottled(answer: HttpAnswer): boolean {
  return answer.status >= 400 && answer.status !== 429 && THROTTLED.test(answer.text);
}

function saysTransient(answer: HttpAnswer): boolean {
  if (answer.status >= 400) return TRANSIENT.test(answer.text);
  // The front door answers with pages of its own when the service behind it is away.
  return answer.status === 200 && answer.text.trim() !== '' && parse(answer.text) === null;
}

/** Class and sentence of an Exchange error: `details[0].message` is `id|class|text` (the text may hold `|`), else inner, outer, raw. */
export function errorParts(text: string): { readonly type: string; readonly text: string } {
  const error = inner(parse(text), 'error');
  const details = error?.details;
  const detail = Array.isArray(details) ? said(inner(details[0], null)?.message) : '';
  const pieces = /^([^|]*)\|([^|]*)\|(.*)$/s.exec(detail);
  if (pieces) return { type: pieces[2]!.trim(), text: pieces[3]!.trim() };
  const innerError = inner(error?.innererror ?? null, null);
  const internal = inner(innerError?.internalexception ?? null, null);
  const sentence = detail || said(internal?.message) || said(innerError?.message) || said(error?.message) || plainText(text);
  return { type: said(internal?.type) || said(innerError?.type), text: sentence };
}

function inner(value: unknown, key: string | null): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null;
  const lower = lowerKeys(value);
  return key === null ? lower : inner(lower[key], null);
}

function said(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}

function plainText(text: string): string {
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
}

/** Exchange's words by kind of fault, first match wins (reference §3.4; learn.microsoft.com exchange/troubleshoot/email-alias). */
const FAULTS: readonly (readonly [ExchangeFault, RegExp])[] = [
  ['missingCmdlet', /CommandNotFoundException|is not recognized as (the|a) name of a cmdlet|cmdlet .* (was|is) not (found|available)/i],
  ['readOnly', /synchronized from your on-premises|dir(ectory)?[- ]?sync(ed|hronized)? object|on-premises mastered/i],
  ['transient', TRANSIENT],
  [
    'addressInUse',
    /proxy address .* (is )?already being used|ProxyAddressExists|same value for property (proxyAddresses|mail|userPrincipalName)|address .* already (exists|in use)/i,
  ],
  ['tooManyAddresses', /maximum (allowed )?(number of )?proxy addresses|proxy addresses\. The maximum/i],
  ['quota', /QuotaExceeded|exceeded (the|your) .*quota|directory quota/i],
  ['exists', /ADObjectAlreadyExists|NameNotAvailable|AliasNotAvailable|already exists|is already being used/i],
  ['notFound', /ManagementObjectNotFound|couldn['’]t be found|could not be found|object .* not found/i],
  [
    'permission',
    /access (is )?denied|UnauthorizedAccess|not (assigned|authorized|allowed) to (run|any)|insufficient (access )?rights|CmdletAccessDenied/i,
  ],
];

function refusal(cmdlet: string, answer: HttpAnswer): ExchangeError {
  const parts = errorParts(answer.text);
  const fault = faultOf(answer, `${parts.type} ${parts.text}`);
  const code = CODES[fault];
  const message = `Exchange Online refuses ${cmdlet} (HTTP ${answer.status}): ${parts.text || 'no reason given'}`.slice(0, 500);
  return new ExchangeError(fault, answer.status, parts.text, { code, message, nextStep: NEXT_STEPS[fault] });
}

function faultOf(answer: HttpAnswer, words: string): ExchangeFault {
  if (answer.status === 401 || answer.status === 403) return 'permission';
  const known = FAULTS.find(([, pattern]) => pattern.test(words));
  if (known) return known[0];
  // A 404 without an error of Exchange's says that the service is not there, never that an object is gone.
  if (answer.status === 404) return inner(parse(answer.text), 'error') ? 'notFound' : 'missingCmdlet';
  return answer.status >= 500 || answer.status === 408 ? 'transient' : 'refused';
}

const CODES: Readonly<Record<ExchangeFault, FailureError['failure']['code']>> = {
  permission: 'permission',
  missingCmdlet: 'permission',
  notFound: 'notFound',
  addressInUse: 'addressInUse',
  exists: 'conflict',
  readOnly: 'refused',
  tooManyAddresses: 'refused',
  quota: 'quota',
  transient: 'unreachable',
  refused: 'refused',
};

const NEXT_STEPS: Readonly<Record<ExchangeFault, string>> = {
  permission:
    'Grant the application Exchange.ManageAsApp with admin consent and give it the role Exchange Recipient Administrator; a new role takes up to an hour to work.',
  missingCmdlet:
    'Give the application a role that holds this cmdlet (Exchange Recipient Administrator); some licence plans do not have it at all.',
  notFound: 'The object may not be visible yet or is gone; the next job looks again.',
  addressInUse: 'Free the address at the object that holds it, or take the entry out of the route.',
  exists: 'An object of that name or alias exists; look at it in the Exchange admin centre.',
  readOnly: 'The object is mastered in an on-premises directory: change it there, or remove the galsync stamp from it.',
  tooManyAddresses: 'The entry has more addresses than Exchange Online takes; push without secondary or X500 addresses.',
  quota: 'The directory is full: remove objects or ask Microsoft for a larger quota.',
  transient: 'The service is busy or away for a moment; the change is tried again.',
  refused: 'Look at the text; correct the value in the source or leave the attribute out of the route.',
};

function foreignHost(cmdlet: string, url: string): FailureError {
  const host = URL.canParse(url) ? new URL(url).host : url.slice(0, 60);
  return new FailureError({
    code: 'badAnswer',
    message: `Exchange Online sent ${cmdlet} on to a host that is not its own (${host}); our token was not sent there.`,
    nextStep: 'Check endpoints.exchange and cloud of the connector.',
  });
}

/** A text as an OPATH literal: single quotes are doubled. */
export function opath(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
