/** One write as it is done again: unconditional, an insert as an upsert. */
export interface Operation {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body: string | null;
}

/** The writes in one request to the Table service; a batch is taken apart, because replayed writes need no atomicity. */
export function operationsOf(method: string, path: string, contentType: string, body: Buffer): readonly Operation[] {
  if (path.endsWith('/$batch')) return batched(path.slice(0, -'/$batch'.length), contentType, body.toString('utf8'));
  const operation = single(method, path, body.byteLength > 0 ? body.toString('utf8') : null);
  return operation ? [operation] : [];
}

function single(method: string, path: string, body: string | null): Operation | null {
  if (method === 'DELETE') return { method, path, body: null };
  if (method === 'PUT') return { method, path, body };
  if (method === 'MERGE' || method === 'PATCH') return { method: 'PATCH', path, body };
  if (method !== 'POST' || body === null) return null;
  if (/\/Tables$/i.test(path)) return { method: 'POST', path, body };
  const { PartitionKey, RowKey } = JSON.parse(body) as { PartitionKey: string; RowKey: string };
  const key = (text: string): string => encodeURIComponent(text.replaceAll("'", "''"));
  return { method: 'PUT', path: `${path}(PartitionKey='${key(PartitionKey)}',RowKey='${key(RowKey)}')`, body };
}

const REQUEST = /^(POST|PUT|MERGE|PATCH|DELETE) (\S+) HTTP\/1\.1\r?\n/;

function batched(account: string, contentType: string, text: string): readonly Operation[] {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1] ?? '';
  const change = /boundary="?(changeset_[^"\s;]+)"?/.exec(text)?.[1];
  return text.split(`--${change ?? boundary}`).flatMap((part) => {
    const at = part.search(/(POST|PUT|MERGE|PATCH|DELETE) \S+ HTTP\/1\.1/);
    if (at < 0) return [];
    const inner = part.slice(at);
    const request = REQUEST.exec(inner);
    if (!request) return [];
    const split = /\r?\n\r?\n/.exec(inner);
    const body = split ? inner.slice(split.index + split[0].length).trim() : '';
    const url = new URL(request[2]!, 'http://127.0.0.1');
    const path = url.pathname.startsWith(account) ? url.pathname : account + url.pathname;
    const operation = single(request[1]!, path, body === '' ? null : body);
    return operation ? [operation] : [];
  });
}
