/**
 * `CookieJar`: what servers asked to be told again, and which of it goes with a request.
 *
 * The rules are those of RFC 6265, section 5.3 and 5.4, as aiohttp's jar keeps them: cookies of hosts that are named by a number are refused unless
 * `unsafe` is set, and cookies that no server set go to every host. Source: aiohttp docs, "Client Reference", `CookieJar`.
 */
import net from 'node:net';
import { type Cookie, cookiesOf, type LooseCookies } from './cookies.ts';

export interface CookieJarOptions {
  /** Take cookies from hosts that are named by an IP address, too. */
  readonly unsafe?: boolean | undefined;
  /** Origins, such as `'http://localhost:8080'`, that are as good as HTTPS. */
  readonly treatAsSecureOrigin?: string | readonly string[] | undefined;
  /**
   * Is this domain one under which anybody can have a name (`co.uk`)? Cookies for such a one are refused. Without it that is so for names without a dot;
   * `tough-cookie` and `psl` have the whole list.
   */
  readonly isPublicSuffix?: ((domain: string) => boolean) | undefined;
}

/** What a session asks of a jar. */
export interface AbstractCookieJar extends Iterable<Cookie> {
  /** Take what a server at `responseUrl`, or nobody, has set. */
  updateCookies(cookies: LooseCookies, responseUrl?: URL): void;
  /** Those that go with a request to `url`, by their names. */
  filterCookies(url: URL): Map<string, Cookie>;
  /** Forget all, or those for which `predicate` holds. */
  clear(predicate?: (cookie: Cookie) => boolean): void;
  clearDomain(domain: string): void;
}

interface Stored {
  readonly cookie: Cookie;
  /** '' for those that go everywhere. */
  readonly domain: string;
  readonly path: string;
  /** Does it go to no host below? */
  readonly hostOnly: boolean;
  /** In milliseconds since 1970. */
  readonly expires: number;
}

export class CookieJar implements AbstractCookieJar {
  readonly #unsafe: boolean;
  readonly #secureOrigins: ReadonlySet<string>;
  readonly #isPublicSuffix: (domain: string) => boolean;
  /** By domain, path and name. */
  readonly #stored = new Map<string, Stored>();

  constructor(options: CookieJarOptions = {}) {
    const { treatAsSecureOrigin = [], isPublicSuffix = (domain) => !domain.includes('.') } = options;
    this.#unsafe = options.unsafe === true;
    const origins = typeof treatAsSecureOrigin === 'string' ? [treatAsSecureOrigin] : treatAsSecureOrigin;
    this.#secureOrigins = new Set(origins.map((origin) => new URL(origin).origin));
    this.#isPublicSuffix = isPublicSuffix;
  }

  /** How many cookies there are. */
  get size(): number {
    this.#expire();
    return this.#stored.size;
  }

  updateCookies(cookies: LooseCookies, responseUrl?: URL): void {
    const host = responseUrl === undefined ? null : hostOf(responseUrl);
    if (host !== null && !this.#unsafe && isAddress(host)) return;
    for (const cookie of cookiesOf(cookies)) this.#store(cookie, host, responseUrl);
  }

  #store(cookie: Cookie, host: string | null, url: URL | undefined): void {
    let domain = (cookie.domain ?? '').replace(/^\./, '');
    if (domain.endsWith('.')) domain = '';
    const hostOnly = domain === '' || domain === host;
    if (domain === '') domain = host ?? '';
    else if (host !== null && domain !== host && (!covers(domain, host) || this.#isPublicSuffix(domain)))
      return;
    let { path } = cookie;
    if (path === null || !path.startsWith('/')) path = url === undefined ? '/' : directoryOf(url.pathname);
    const key = `${domain}\n${path}\n${cookie.name}`;
    const expires =
      cookie.maxAge !== null
        ? Date.now() + cookie.maxAge * 1000
        : (cookie.expires ?? Number.POSITIVE_INFINITY);
    // Set again it goes to the end, so that what is sent last is the newest.
    this.#stored.delete(key);
    if (expires <= Date.now()) return;
    // With `Domain` of its own host a cookie goes to the hosts below as well.
    this.#stored.set(key, { cookie, domain, path, hostOnly: hostOnly && cookie.domain === null, expires });
  }

  filterCookies(url: URL): Map<string, Cookie> {
    const chosen = new Map<string, Cookie>();
    if (this.#stored.size === 0) return chosen;
    this.#expire();
    const host = hostOf(url);
    const secure = /^(?:https|wss):$/.test(url.protocol) || this.#secureOrigins.has(url.origin);
    const isNumber = isAddress(host);
    const fits = ({ cookie, domain, path, hostOnly }: Stored): boolean => {
      if (domain !== '') {
        if (isNumber && !this.#unsafe) return false;
        if (hostOnly ? domain !== host : !covers(domain, host)) return false;
        if (!isBelow(path, url.pathname)) return false;
      }
      return secure || !cookie.secure;
    };
    // Of two of one name that of the longer path counts.
    const all = [...this.#stored.values()].filter(fits).sort((a, b) => a.path.length - b.path.length);
    for (const { cookie } of all) chosen.set(cookie.name, cookie);
    return chosen;
  }

  clear(predicate: (cookie: Cookie) => boolean = () => true): void {
    for (const [key, { cookie }] of this.#stored) if (predicate(cookie)) this.#stored.delete(key);
  }

  /** Forget those of `domain` and of the hosts below it. */
  clearDomain(domain: string): void {
    for (const [key, stored] of this.#stored) if (covers(domain, stored.domain)) this.#stored.delete(key);
  }

  *[Symbol.iterator](): Generator<Cookie, void, undefined> {
    this.#expire();
    for (const { cookie, domain, path } of this.#stored.values()) yield { ...cookie, domain, path };
  }

  #expire(): void {
    const now = Date.now();
    for (const [key, { expires }] of this.#stored) if (expires <= now) this.#stored.delete(key);
  }
}

/** A jar that keeps nothing. */
export class DummyCookieJar implements AbstractCookieJar {
  updateCookies(_cookies: LooseCookies, _responseUrl?: URL): void {}
  filterCookies(_url: URL): Map<string, Cookie> {
    return new Map();
  }
  clear(_predicate?: (cookie: Cookie) => boolean): void {}
  clearDomain(_domain: string): void {}
  *[Symbol.iterator](): Generator<Cookie, void, undefined> {}
}

function hostOf(url: URL): string {
  return url.hostname.toLowerCase();
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || net.isIP(host) !== 0;
}

/** Is `host` the domain, or below it? */
function covers(domain: string, host: string): boolean {
  if (domain === host) return true;
  return host.endsWith(`.${domain}`) && !isAddress(host);
}

function isBelow(path: string, requested: string): boolean {
  if (path === requested) return true;
  return requested.startsWith(path) && (path.endsWith('/') || requested[path.length] === '/');
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')));
}
