import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import type { Faults } from '../faults.ts';
import type { Call, Reply } from '../server.ts';

type Node = Record<string, unknown>;
const XML = { preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '' } as const;
const parser = new XMLParser({ ...XML, trimValues: false, parseTagValue: false });
const builder = new XMLBuilder({ ...XML, suppressEmptyNode: true });

const MOST = 100;
const METHODS: Readonly<Record<string, string>> = { insert: 'POST', update: 'PUT', delete: 'DELETE', query: 'GET' };
const ROOT = `xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/' xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008' xmlns:batch='http://schemas.google.com/gdata/batch'`;

/**
 * `POST …/full/batch`: up to 100 operations, each answered for itself and not in the order of the request. The service may stop half way
 * (`batch:interrupted`); what it had not answered by then may have been done or not.
 * @param home path of the feed. @param answer the same operation as a call of its own.
 */
export function batchAnswer(call: Call, faults: Faults, home: string, answer: (inner: Call) => Reply): Reply {
  const { batch } = faults;
  if (batch?.status !== undefined) return refused(batch.status, batch.reason ?? 'Batch is not supported.');
  if (call.method !== 'POST') return refused(405, 'Method not allowed');
  let entries: readonly Node[];
  try {
    const root = (parser.parse(call.body, true) as Node[]).find((node) => 'feed' in node);
    entries = ((root?.['feed'] as Node[] | undefined) ?? []).filter((node) => 'entry' in node);
  } catch (error) {
    return refused(400, `Invalid XML: ${String(error).slice(0, 100)}`);
  }
  if (entries.length === 0 || entries.length > MOST) return refused(400, `A batch holds 1 to ${MOST} operations.`);
  const done: { xml: string; wrote: boolean }[] = [];
  for (const [n, entry] of entries.entries()) {
    if (batch?.interruptAfter !== undefined && n >= batch.interruptAfter + (batch.unanswered ?? 0)) break;
    done.push(operation(call, faults, home, entry, answer));
  }
  const shown = batch?.interruptAfter === undefined ? done : done.slice(0, batch.interruptAfter);
  const cut =
    shown.length < entries.length
      ? `<entry><batch:interrupted reason='Unexpected interruption' success='${shown.length}' failures='0' parsed='${entries.length}' unprocessed='${entries.length - done.length}'/></entry>`
      : '';
  const feed = `<?xml version='1.0' encoding='UTF-8'?><feed ${ROOT}><id>https://www.google.com${home}/batch</id>${shown
    .toReversed()
    .map(({ xml }) => xml)
    .join('')}${cut}</feed>`;
  const writes = done.filter((one) => one.wrote).length;
  return { status: 200, headers: { 'content-type': 'application/atom+xml; charset=utf-8' }, body: feed, wrote: writes > 0, writes };
}

function refused(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'text/html' }, body: `<HTML><HEAD><TITLE>${text}</TITLE></HEAD></HTML>` };
}

let counted = 0;

function operation(call: Call, faults: Faults, home: string, entry: Node, answer: (inner: Call) => Reply): { xml: string; wrote: boolean } {
  const children = entry['entry'] as Node[];
  const id = textOf(children, 'batch:id');
  const type = attributesOf(children, 'batch:operation')['type'] ?? '';
  const method = METHODS[type];
  const said = (status: number, reason: string, inner: string, attributes = ''): string =>
    `<entry ${attributes}><batch:id>${escaped(id)}</batch:id><batch:status code='${status}' reason='${escaped(reason)}'/><batch:operation type='${escaped(type)}'/>${inner}</entry>`;
  const fault = (status: number, reason: string): string =>
    said(status, reason, `<title>Error</title><content>${escaped(reason)}</content>`);
  if (!method) return { xml: fault(400, 'Invalid batch operation'), wrote: false };
  const wanted = faults.batch?.operations;
  const hit = wanted && wanted.times > 0 && (!wanted.type || wanted.type === type) && ++counted % wanted.everyNth === 0;
  if (hit) wanted.times -= 1;
  if (hit && !wanted.done) return { xml: fault(wanted.status, wanted.reason), wrote: false };
  const contact = textOf(children, 'id').split('/').at(-1) ?? '';
  const inner = answer({
    ...call,
    method,
    path: type === 'insert' ? home : `${home}/${contact}`,
    headers: { ...call.headers, 'if-match': call.headers['if-match'] ?? attributesOf([entry], 'entry')['gd:etag'] },
    body: builder.build([{ entry: children.filter((child) => !Object.keys(child)[0]!.startsWith('batch:')) }]) as string,
  });
  const wrote = inner.wrote ?? false;
  if (hit) return { xml: fault(wanted.status, wanted.reason), wrote };
  if (inner.status >= 300) return { xml: fault(inner.status, /<TITLE>([^<]*)/.exec(inner.body)?.[1] ?? 'Error'), wrote };
  const [, attributes = '', content = ''] = /<entry([^>]*)>([\s\S]*)<\/entry>/.exec(inner.body) ?? [];
  const etag = /gd:etag='[^']*'/.exec(attributes)?.[0] ?? '';
  return { xml: said(inner.status, inner.status === 201 ? 'Created' : 'Success', content, etag), wrote };
}

function textOf(children: readonly Node[], name: string): string {
  const found = children.find((node) => name in node)?.[name] as Node[] | undefined;
  return String(found?.find((node) => '#text' in node)?.['#text'] ?? '');
}

function attributesOf(nodes: readonly Node[], name: string): Readonly<Record<string, string>> {
  return (nodes.find((node) => name in node)?.[':@'] as Record<string, string> | undefined) ?? {};
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&apos;');
}
