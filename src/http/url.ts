/**
 * The URL of a request: what it is given as, what it is relative to, and the query that `params` add.
 *
 * Source: aiohttp docs, "Client Quickstart", "Passing Parameters In URLs"; yarl docs, `URL.with_query`.
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { InvalidUrlClientError, NonHttpUrlClientError } from './errors.ts';

type Param = string | number | bigint;

/** What is added to the query of a URL. Of a list in an object each value becomes a parameter. */
export type Params =
  | string
  | URLSearchParams
  | Iterable<readonly [name: string, value: Param]>
  | Readonly<Record<string, Param | readonly Param[]>>;

const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'ws:', 'wss:']);

/** A URL, taken apart. It is shared by the requests to it: nobody may change it. */
export class Target {
  readonly url: URL;
  /** With TLS? */
  readonly secure: boolean;
  /** As a socket takes it: an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** Host and port as the header `Host` has them. */
  readonly authority: string;
  /** The path and the query. */
  readonly path: string;
  /** Connections to targets of the same key are alike, where nothing else is asked for. */
  readonly key: string;
  /** Does it name a user? */
  readonly hasUser: boolean;

  constructor(url: URL) {
    const { protocol, hostname, host } = url;
    this.url = url;
    this.secure = protocol === 'https:' || protocol === 'wss:';
    this.host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    this.port = url.port !== '' ? Number(url.port) : this.secure ? 443 : 80;
    this.authority = host;
    this.path = `${url.pathname}${url.search}`;
    this.key = `${this.secure ? 'https' : 'http'}://${host}`;
    this.hasUser = url.username !== '' || url.password !== '';
  }
}

/** How many targets are remembered: programs ask for the same ones again and again. */
const REMEMBERED = 64;
const remembered = new Map<string, Target>();

/** @throws {InvalidURL} where it is no URL of HTTP. */
export function targetOf(given: string | URL, base: URL | null, params: Params | undefined): Target {
  if (typeof given !== 'string' || base !== null || params !== undefined)
    return new Target(urlOf(given, base, params));
  let target = remembered.get(given);
  if (target === undefined) {
    target = new Target(urlOf(given, null, undefined));
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(given, target);
  }
  return target;
}

function urlOf(given: string | URL, base: URL | null, params: Params | undefined): URL {
  if (typeof given !== 'string' && !(given instanceof URL))
    throw new TypeError(`a URL must be a string or a URL, not ${describe(given)}`);
  let url: URL;
  try {
    url = base === null ? new URL(given) : new URL(given, base);
  } catch (error) {
    const advice =
      base === null && !/^\w+:/.test(String(given))
        ? 'it is relative: give the session a baseUrl'
        : undefined;
    throw Object.assign(new InvalidUrlClientError(String(given), advice), { cause: error });
  }
  if (!SCHEMES.has(url.protocol)) throw new NonHttpUrlClientError(String(given));
  if (params !== undefined) addParams(url, params);
  return url;
}

function addParams(url: URL, params: Params): void {
  const added =
    typeof params === 'string'
      ? new URLSearchParams(params).toString()
      : new URLSearchParams(pairsOf(params)).toString();
  if (added === '') return;
  url.search = url.search === '' ? added : `${url.search}&${added}`;
}

function pairsOf(params: Exclude<Params, string>): [string, string][] {
  if (typeof params !== 'object' || params === null) {
    throw new TypeError(
      `params must be a string, an object or pairs of names and values, not ${describe(params)}`,
    );
  }
  const pairs: [string, string][] = [];
  const entries: Iterable<readonly [string, unknown]> =
    Symbol.iterator in params ? (params as Iterable<[string, unknown]>) : Object.entries(params);
  for (const [name, value] of entries) {
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
      pairs.push([name, textOf(name, each)]);
  }
  return pairs;
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'number') {
    throw new TypeError(
      `the parameter ${describe(name)} must be a string or a number, not ${describe(value)}: say how it is to be written`,
    );
  }
  if (!Number.isFinite(value)) throw new ValueError(`the parameter ${describe(name)} cannot be ${value}`);
  return String(value);
}

/** What a session's URLs are relative to. */
export function baseUrlOf(given: string | URL): URL {
  const url = urlOf(given, null, undefined);
  if (!url.pathname.endsWith('/')) throw new ValueError(`baseUrl must have a trailing '/': ${url.href}`);
  return url;
}

/** The same URL without its fragment. */
export function withoutFragment(url: URL): URL {
  const copy = new URL(url);
  copy.hash = '';
  return copy;
}
