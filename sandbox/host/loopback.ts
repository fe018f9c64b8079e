import type { IncomingMessage } from 'node:http';

const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;

/**
 * Whether a request comes by a name that is not a loopback name, or from a page that is not served from one: any web site can have a browser
 * call this machine (DNS rebinding, cross-site requests).
 */
export function isForeign(request: IncomingMessage): boolean {
  const { host, origin } = request.headers;
  if (!LOOPBACK.test(host ?? '')) return true;
  return origin !== undefined && !LOOPBACK.test(origin.replace(/^https?:\/\//i, ''));
}
