/**
 * `DatabaseURL`: where a database is, as one line: `dialect://user:password@host:port/database?option=value`.
 *
 * Source: encode/databases, `DatabaseURL`; RFC 3986.
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';

/** What `replace` can change. */
export interface URLParts {
  readonly dialect?: string | undefined;
  readonly username?: string | null | undefined;
  readonly password?: string | null | undefined;
  readonly hostname?: string | null | undefined;
  readonly port?: number | null | undefined;
  readonly database?: string | undefined;
}

const FORM = /^([a-z][\w.-]*)(?:\+([\w.-]+))?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;
const USER = /^(?:([^:]*)(?::(.*))?@)?$/s;
const PLACE = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/;

/**
 * ```ts
 * const url = new DatabaseURL('postgresql://kim:secret@localhost:5432/scores?min_size=2');
 * url.hostname; // 'localhost'
 * String(url.replace({ database: 'test' })); // 'postgresql://kim:secret@localhost:5432/test?min_size=2'
 * ```
 */
export class DatabaseURL {
  readonly #text: string;
  readonly #password: string | null;
  /** The engine: `sqlite`, `postgresql`, `mysql`. */
  readonly dialect: string;
  /** What follows it behind a `+`, or `''`. There is one driver for each engine, so it is not looked at. */
  readonly driver: string;
  readonly username: string | null;
  readonly hostname: string | null;
  readonly port: number | null;
  /** The name of the database; of SQLite the path of its file: relative behind three slashes, absolute behind four. */
  readonly database: string;
  /** What stands behind the `?`. */
  readonly options: Readonly<Record<string, string>>;

  /** @throws {ValueError} where it has not the form of such a URL. */
  constructor(url: string | DatabaseURL) {
    if (typeof url !== 'string' && !(url instanceof DatabaseURL))
      throw new TypeError(`a URL is expected, such as 'sqlite:///scores.db', not ${describe(url)}`);
    this.#text = String(url);
    const [, dialect = '', driver = '', authority = '', database = '', query = ''] =
      FORM.exec(this.#text) ?? [];
    const place = PLACE.exec(authority.slice(authority.lastIndexOf('@') + 1));
    const user = USER.exec(authority.slice(0, authority.lastIndexOf('@') + 1));
    if (dialect === '' || place === null || user === null) {
      throw new ValueError(
        `${describe(hidden(this.#text))} is no URL of a database, such as 'postgresql://user:password@host:5432/name'`,
      );
    }
    this.dialect = dialect.toLowerCase();
    this.driver = driver;
    this.username = decoded(user[1]);
    this.#password = decoded(user[2]);
    this.hostname = decoded(place[1]?.replace(/^\[(.*)\]$/, '$1')) || null;
    this.port = place[2] === undefined || place[2] === '' ? null : Number(place[2]);
    if (this.port !== null && this.port > 65_535)
      throw new ValueError(`the port of ${describe(hidden(this.#text))} must be 0-65535`);
    this.database = decoded(database) ?? '';
    this.options = Object.freeze(Object.fromEntries(new URLSearchParams(query)));
  }

  /** The same URL with other parts. */
  replace(parts: URLParts): DatabaseURL {
    const { dialect, username, password, hostname, port, database } = { ...this.#parts(), ...defined(parts) };
    const secret = password === null ? '' : `:${encodeURIComponent(password)}`;
    const user =
      username === null && password === null ? '' : `${encodeURIComponent(username ?? '')}${secret}@`;
    const host =
      hostname === null ? '' : hostname.includes(':') ? `[${hostname}]` : encodeURIComponent(hostname);
    const query = this.#text.includes('?') ? this.#text.slice(this.#text.indexOf('?')) : '';
    const driver = this.driver === '' ? '' : `+${this.driver}`;
    const path = database.split('/').map(encodeURIComponent).join('/');
    return new DatabaseURL(
      `${dialect}${driver}://${user}${host}${port === null ? '' : `:${port}`}/${path}${query}`,
    );
  }

  #parts() {
    const { dialect, username, password, hostname, port, database } = this;
    return { dialect, username, password, hostname, port, database };
  }

  /** The URL as it was given, with its password. */
  toString(): string {
    return this.#text;
  }

  /** The password. It is not shown by `console.log`. */
  get password(): string | null {
    return this.#password;
  }

  /** The URL without its password, for messages. */
  get safe(): string {
    return hidden(this.#text);
  }
}

function defined(parts: URLParts): { readonly [K in keyof URLParts]?: never } {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}

function decoded(text: string | undefined): string | null {
  if (text === undefined) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hidden(text: string): string {
  return text.replace(/^([^/]*:\/\/[^/?#]*?:)[^/?#]*@/, '$1********@');
}
