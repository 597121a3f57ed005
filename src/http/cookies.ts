/**
 * A cookie: what a `Set-Cookie` header says, and how it is written back. Source: RFC 6265, section 5; Python docs, "http.cookies".
 */

/** What `Set-Cookie` said of one name. */
export interface Cookie {
  readonly name: string;
  /** Without the quotes that it may have been sent in. */
  readonly value: string;
  /** As it was sent. */
  readonly codedValue: string;
  readonly domain: string | null;
  readonly path: string | null;
  /** When it ends, in milliseconds since 1970; `null`: with the session. */
  readonly expires: number | null;
  /** How long it lasts, in seconds. */
  readonly maxAge: number | null;
  readonly secure: boolean;
  readonly httponly: boolean;
  readonly samesite: string | null;
}

/** Cookies by their names. */
export type Cookies = ReadonlyMap<string, Cookie>;

/** What cookies can be given as. */
export type LooseCookies =
  | Cookies
  | ReadonlyMap<string, string>
  | Iterable<readonly [name: string, value: string | Cookie]>
  | Readonly<Record<string, string>>;

/** What may stand in a name. */
const NAME = /^[^\s;,="]+$/;

/** Read one `Set-Cookie` header; `null` where it is none. */
export function parseSetCookie(header: string): Cookie | null {
  const [pair = '', ...attributes] = header.split(';');
  const equals = pair.indexOf('=');
  if (equals === -1) return null;
  const name = pair.slice(0, equals).trim();
  const codedValue = pair.slice(equals + 1).trim();
  if (!NAME.test(name) || hasControls(pair)) return null;
  const cookie = {
    name,
    value: unquoted(codedValue),
    codedValue,
    domain: null as string | null,
    path: null as string | null,
    expires: null as number | null,
    maxAge: null as number | null,
    secure: false,
    httponly: false,
    samesite: null as string | null,
  };
  for (const attribute of attributes) {
    const at = attribute.indexOf('=');
    const key = (at === -1 ? attribute : attribute.slice(0, at)).trim().toLowerCase();
    const value = at === -1 ? '' : unquoted(attribute.slice(at + 1).trim());
    if (key === 'domain') cookie.domain = value.toLowerCase();
    else if (key === 'path') cookie.path = value;
    else if (key === 'secure') cookie.secure = true;
    else if (key === 'httponly') cookie.httponly = true;
    else if (key === 'samesite') cookie.samesite = value;
    else if (key === 'max-age' && /^-?\d+$/.test(value)) cookie.maxAge = Number(value);
    else if (key === 'expires') cookie.expires = parseDate(value);
  }
  return cookie;
}

/** The cookies of several `Set-Cookie` headers; of two of one name the last counts. */
export function parseSetCookies(headers: readonly string[]): Map<string, Cookie> {
  const cookies = new Map<string, Cookie>();
  for (const header of headers) {
    const cookie = parseSetCookie(header);
    if (cookie !== null) cookies.set(cookie.name, cookie);
  }
  return cookies;
}

/** A cookie that was not sent by a server. */
export function plainCookie(name: string, value: string): Cookie {
  if (!NAME.test(name) || hasControls(name))
    throw new TypeError(`${JSON.stringify(name)} cannot be the name of a cookie`);
  if (typeof value !== 'string')
    throw new TypeError(`the value of the cookie ${name} must be a string, not ${typeof value}`);
  return {
    name,
    value,
    codedValue: quoted(value),
    domain: null,
    path: null,
    expires: null,
    maxAge: null,
    secure: false,
    httponly: false,
    samesite: null,
  };
}

/** Whatever cookies can be given as, as cookies. */
export function cookiesOf(loose: LooseCookies): Cookie[] {
  const pairs: Iterable<readonly [string, string | Cookie]> =
    Symbol.iterator in loose ? (loose as Iterable<[string, string | Cookie]>) : Object.entries(loose);
  return [...pairs].map(([name, value]) => (typeof value === 'object' ? value : plainCookie(name, value)));
}

function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 32 && code !== 9) || code === 127) return true;
  }
  return false;
}

function unquoted(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text
    .slice(1, -1)
    .replaceAll(/\\([0-3][0-7]{2})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    .replaceAll(/\\(.)/g, '$1');
}

/** As Python's `http.cookies` quotes what may not stand bare. */
function quoted(text: string): string {
  if (/^[\w!#$%&'*+\-.^`|~:/?=@[\]{}()<>]*$/.test(text)) return text;
  const escaped = text
    .replaceAll(/["\\]/g, '\\$&')
    .replaceAll(/[^\x20-\x7e]|[,;]/gu, (char) =>
      [...Buffer.from(char)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
    );
  return `"${escaped}"`;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** A date in any of the forms that servers write. Source: RFC 6265, section 5.1.1. */
export function parseDate(text: string): number | null {
  let time: [number, number, number] | null = null;
  let day: number | null = null;
  let month: number | null = null;
  let year: number | null = null;
  for (const token of text.split(/[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/)) {
    const clock = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)/.exec(token);
    const number = /^(\d{1,4})(?!\d)/.exec(token)?.[1];
    const named = MONTHS.indexOf(token.slice(0, 3).toLowerCase());
    if (time === null && clock !== null) time = [Number(clock[1]), Number(clock[2]), Number(clock[3])];
    else if (day === null && number !== undefined && number.length <= 2) day = Number(number);
    else if (month === null && named !== -1) month = named;
    else if (year === null && number !== undefined && number.length !== 3) year = Number(number);
  }
  if (time === null || day === null || month === null || year === null) return null;
  if (year >= 70 && year <= 99) year += 1900;
  else if (year <= 69) year += 2000;
  const [hour, minute, second] = time;
  if (day < 1 || day > 31 || year < 1601 || hour > 23 || minute > 59 || second > 59) return null;
  return Date.UTC(year, month, day, hour, minute, second);
}
