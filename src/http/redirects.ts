/**
 * Where a redirect leads, and what of the request goes there.
 *
 * A 303, and a 301 or 302 to a POST, become a GET without a body; everything else is sent again as it was. What proves who we are stays with the
 * origin that it was meant for. Source: RFC 9110, "Redirection 3xx"; aiohttp docs, "Client Reference", `allow_redirects`.
 */
import { InvalidUrlRedirectClientError, NonHttpUrlRedirectClientError } from './errors.ts';
import type { CIMultiDict } from './multi-dict.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

/** Does the next request become a GET without a body? */
export function becomesGet(status: number, method: string): boolean {
  return (status === 303 && method !== 'HEAD') || ((status === 301 || status === 302) && method === 'POST');
}

/** Where the response redirects to; `null` where it does not say. */
export function redirectTarget(headers: CIMultiDict, from: URL): URL | null {
  const location = headers.get('Location') ?? headers.get('URI');
  if (location === undefined) return null;
  let url: URL;
  try {
    url = new URL(utf8(location), from);
  } catch {
    throw new InvalidUrlRedirectClientError(
      location,
      'Server attempted redirecting to a location that does not look like a URL',
    );
  }
  if (!/^(?:https?|wss?):$/.test(url.protocol)) throw new NonHttpUrlRedirectClientError(location);
  return url;
}

/** Headers are read as latin1; a URL that was sent bare is UTF-8. */
function utf8(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}

/** Take from the headers what is meant for one origin only. */
export function dropSecrets(headers: CIMultiDict): void {
  for (const name of ['Authorization', 'Cookie', 'Proxy-Authorization', 'Host']) headers.delete(name);
}

/** Take from the headers what tells of the body. */
export function dropBodyHeaders(headers: CIMultiDict): void {
  for (const name of ['Content-Length', 'Content-Type', 'Content-Encoding', 'Transfer-Encoding'])
    headers.delete(name);
}
