/**
 * Thrown by the steps behind the API for a request that cannot be carried out. Doors turn it into a problem document (RFC 9457);
 * `type` is stable and documented.
 */
export class Refusal extends Error {
  readonly type: string;
  readonly status: 400 | 404 | 409 | 412 | 422 | 501;
  readonly extra: Readonly<Record<string, unknown>>;
  constructor(type: string, status: Refusal['status'], detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.name = 'Refusal';
    this.type = type;
    this.status = status;
    this.extra = extra;
  }
}
