/**
 * `BasicAuth`: a name and a password, as the header `Authorization` carries them. Source: RFC 7617; aiohttp docs, "Client Reference", `BasicAuth`.
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';

export class BasicAuth {
  readonly login: string;
  readonly password: string;
  /** How the two are encoded: aiohttp's default is latin1. */
  readonly encoding: 'latin1' | 'utf-8';

  /** @throws {ValueError} where the login has a colon, which would end it. */
  constructor(login: string, password = '', encoding: 'latin1' | 'utf-8' = 'latin1') {
    for (const text of [login, password]) {
      if (typeof text !== 'string')
        throw new TypeError(`BasicAuth() needs a login and a password as strings, not ${describe(text)}`);
    }
    if (login.includes(':')) throw new ValueError('A ":" is not allowed in login (RFC 1945#section-11.1)');
    if (encoding === 'latin1' && /[^\0-\xff]/.test(login + password)) {
      throw new ValueError("latin1 cannot encode this login or password: give 'utf-8' as the third argument");
    }
    this.login = login;
    this.password = password;
    this.encoding = encoding;
  }

  /** Read one from the value of an `Authorization` header. */
  static decode(header: string, encoding: 'latin1' | 'utf-8' = 'latin1'): BasicAuth {
    const match = /^(\S+) (.+)$/.exec(header);
    if (match === null) throw new ValueError('Could not parse authorization header.');
    const [, type = '', coded = ''] = match;
    if (type.toLowerCase() !== 'basic') throw new ValueError(`Unknown authorization method ${type}`);
    const text = Buffer.from(coded, 'base64').toString(encoding);
    const colon = text.indexOf(':');
    if (colon === -1) throw new ValueError('Invalid credentials.');
    return new BasicAuth(text.slice(0, colon), text.slice(colon + 1), encoding);
  }

  /** The login and the password that are in a URL, if any are. */
  static fromUrl(url: URL): BasicAuth | null {
    if (url.username === '' && url.password === '') return null;
    return new BasicAuth(unquote(url.username), unquote(url.password), 'utf-8');
  }

  /** The value of the header. */
  encode(): string {
    return `Basic ${Buffer.from(`${this.login}:${this.password}`, this.encoding).toString('base64')}`;
  }

  toString(): string {
    return `BasicAuth(login='${this.login}', password=***, encoding='${this.encoding}')`;
  }
}

/** What is not percent-encoded well stands for itself. */
function unquote(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
