import type { Job } from '../shared/model/job.ts';

/** The HTTP API as a person's script would call it. */
export interface Api {
  readonly url: string;
  get<T>(path: string): Promise<T>;
  send(
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    /** null: none. */
    body: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: unknown }>;
  job(id: string): Promise<Job>;
}

/** @param url `http://127.0.0.1:7071`, without a final slash. */
export function createApi(url: string): Api {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${url}/api/${path}`);
    if (!response.ok) throw new Error(`GET /api/${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
    return (await response.json()) as T;
  };
  return {
    url,
    get,
    async send(method, path, body, headers = {}) {
      const response = await fetch(`${url}/api/${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === null ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text ? (JSON.parse(text) as unknown) : null };
    },
    job: (id) => get<Job>(`jobs/${id}`),
  };
}
