/**
 * Which proxy a request goes through: the one that is given, or the one that the environment names.
 *
 * Source: Python docs, "urllib.request", `getproxies`, `proxy_bypass`; aiohttp docs, "Advanced Client Usage", "Proxy support".
 */
import { ValueError } from '../core/errors.ts';
import { BasicAuth } from './basic-auth.ts';
import { InvalidURL } from './errors.ts';
import { CIMultiDict, type LooseHeaders } from './multi-dict.ts';
import type { ProxyServer } from './open.ts';

export interface ProxyOptions {
  readonly proxy?: string | URL | undefined;
  readonly proxyAuth?: BasicAuth | undefined;
  readonly proxyHeaders?: LooseHeaders | undefined;
}

/** The proxy of these options. */
export function proxyOf({ proxy, proxyAuth, proxyHeaders }: ProxyOptions): ProxyServer | null {
  if (proxy === undefined) return null;
  let url: URL;
  try {
    url = new URL(proxy);
  } catch {
    throw new InvalidURL(String(proxy));
  }
  if (!/^https?:$/.test(url.protocol))
    throw new ValueError(`only http and https proxies are supported, not ${url.protocol}//`);
  const auth = proxyAuth ?? BasicAuth.fromUrl(url);
  url.username = '';
  url.password = '';
  return { url, auth, headers: proxyHeaders === undefined ? null : new CIMultiDict(proxyHeaders) };
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy that the environment names for `url`, by `http_proxy`, `https_proxy` and `no_proxy`. */
export function proxyFromEnvironment(url: URL, env: Environment = process.env): ProxyServer | null {
  const kind = url.protocol === 'https:' || url.protocol === 'wss:' ? 'https' : 'http';
  const named =
    env[`${kind}_proxy`] ?? env[`${kind.toUpperCase()}_PROXY`] ?? env['all_proxy'] ?? env['ALL_PROXY'];
  if (named === undefined || named === '' || isExempt(url, env['no_proxy'] ?? env['NO_PROXY'] ?? ''))
    return null;
  return proxyOf({ proxy: named.includes('://') ? named : `http://${named}` });
}

function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.toLowerCase();
  return list.split(',').some((item) => {
    const name = item
      .trim()
      .toLowerCase()
      .replace(/^\*?\./, '');
    if (name === '') return false;
    if (item.trim() === '*') return true;
    return host === name || host.endsWith(`.${name}`) || url.host === name;
  });
}
