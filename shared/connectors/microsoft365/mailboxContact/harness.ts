import { afterEach, beforeEach } from 'vitest';
import type { Copies } from '../../copies.ts';
import { createMicrosoft365 } from '../connector.ts';
import { type FakeTenant, httpOn, settingsFor, startFakeTenant } from '../fakeTenant.ts';

/** One request inside a `$batch` as the server saw it. */
export interface Inner {
  readonly id: string;
  readonly method: string;
  /** Decoded. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}
export interface InnerReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
type Answer = (request: Inner) => InnerReply | undefined;

export let tenant: FakeTenant;
export let copies: Copies;
/** Every inner request, and how many came in each call. */
export let asked: Inner[];
export let calls: number[];
let answers: Answer[];

/** Answers inner requests; later ones are asked first. Without an answer: 404. */
export function on(answer: Answer): void {
  answers.push(answer);
}

export function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}): InnerReply {
  return { status, headers, body: { error: { code, message: `${code} it says` } } };
}

/** A Graph that only knows `$batch`, for each test of a file; responses come in reverse order, as they may. */
export function withBatches(): void {
  beforeEach(async () => {
    tenant = await startFakeTenant();
    asked = [];
    calls = [];
    answers = [];
    const clock = { time: 1e12 };
    const connector = createMicrosoft365(settingsFor(tenant.base), {
      http: httpOn(clock),
      secret: async () => 's3cret',
      wanted: { attributes: [], raw: [] },
      now: () => clock.time,
    });
    copies = connector.copies!;
    tenant.on((request) => {
      if (request.method !== 'POST' || !request.url.endsWith('/graph/v1.0/$batch')) return undefined;
      const { requests } = JSON.parse(request.body) as { requests: Inner[] };
      calls.push(requests.length);
      const responses = requests.map((one) => {
        const inner = { ...one, url: decodeURIComponent(one.url) };
        asked.push(inner);
        const reply = answers.toReversed().flatMap((answer) => answer(inner) ?? [])[0] ?? refusal(404, 'ErrorItemNotFound');
        return { id: one.id, status: reply.status ?? 200, headers: reply.headers ?? {}, body: reply.body };
      });
      return { body: { responses: responses.reverse() } };
    });
  });
  afterEach(() => tenant.close());
}

export const STAMP_ID = 'String {7b6c1f52-3d0e-4c55-9a41-6f1e7a0c2d93} Name GalsyncStamp';

/** A folder or contact with our mark, as Graph gives it. */
export function marked(id: string, value: string, more: object = {}): object {
  return { id, singleValueExtendedProperties: [{ id: STAMP_ID, value }], ...more };
}
