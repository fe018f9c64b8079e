import type { Faults } from '../faults.ts';
import { type Call, json, type Reply } from '../server.ts';

interface Inner {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const MOST = 20;

/** `POST /$batch`: up to 20 requests, answered out of order, each throttled for itself. */
export function batchAnswer(call: Call, faults: Faults, answer: (inner: Call) => Reply): Reply {
  const bad = (message: string): Reply => json(400, { error: { code: 'BadRequest', message } });
  if (call.method !== 'POST') return json(405, { error: { code: 'MethodNotAllowed', message: 'Only POST.' } });
  let requests: readonly Inner[];
  try {
    ({ requests } = JSON.parse(call.body) as { requests: readonly Inner[] });
  } catch {
    return bad('Invalid batch payload format.');
  }
  if (!Array.isArray(requests) || requests.length === 0) return bad('Invalid batch payload format.');
  if (requests.length > MOST) return bad(`Number of batch request steps exceeds the maximum value of ${MOST}.`);
  if (new Set(requests.map((one) => one.id)).size < requests.length) return bad('Request ids must be unique.');
  let wrote = false;
  const responses = requests.map((one) => {
    const lacksType = one.body !== undefined && !Object.keys(one.headers ?? {}).some((name) => name.toLowerCase() === 'content-type');
    const reply = lacksType
      ? bad('Write request id : body requires a Content-Type header.')
      : (throttled(faults, one) ?? answer(innerCall(call, one)));
    wrote ||= reply.wrote ?? false;
    const body = reply.body === '' ? null : (JSON.parse(reply.body) as unknown);
    return {
      id: one.id,
      status: reply.status,
      headers: { 'Content-Type': 'application/json', ...reply.headers },
      ...(body ? { body } : {}),
    };
  });
  return { ...json(200, { responses: responses.reverse() }), wrote };
}

let counted = 0;

function throttled(faults: Faults, one: Inner): Reply | null {
  const { throttleInBatch } = faults;
  if (!throttleInBatch || throttleInBatch.times <= 0) return null;
  if (throttleInBatch.match && !new RegExp(throttleInBatch.match).test(`${one.method} ${one.url}`)) return null;
  counted += 1;
  if (counted % throttleInBatch.everyNth !== 0) return null;
  throttleInBatch.times -= 1;
  return json(
    429,
    { error: { code: 'ApplicationThrottled', message: 'Application is over its MailboxConcurrency limit.' } },
    { headers: { 'Retry-After': String(throttleInBatch.retryAfter) } },
  );
}

function innerCall(outer: Call, one: Inner): Call {
  const url = new URL(`http://batch/v1.0${one.url.startsWith('/') ? one.url : `/${one.url}`}`);
  return {
    method: one.method,
    path: url.pathname,
    url,
    // Each request has its own; of the call around it only what says who calls counts.
    headers: { authorization: outer.headers.authorization, ...lowered(one.headers ?? {}) },
    body: one.body === undefined ? '' : JSON.stringify(one.body),
  };
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
