/**
 * Queries with named parameters: where in the text they stand, and the same query as the engine wants it, with `?` or `$1`.
 *
 * A parameter is `:name`. What looks like one and is none stays as it is: in strings, quoted names, comments and dollar quotes; a cast (`::int`), an
 * assignment (`:=`), the bounds of a slice (`a[1:n]`: a letter or digit stands before the colon). `\:` is a colon and nothing else. Values never
 * become a part of the text. Reading a query takes time proportional to its length; the result is kept.
 * Source: SQLAlchemy docs, "text()"; PostgreSQL docs, "Lexical Structure"; SQLite docs, "Binding Values"; MySQL docs, "Literal Values".
 */
import { describe } from '../core/repr.ts';
import { ProgrammingError } from './errors.ts';

/** How an engine writes what is no code. */
export interface Syntax {
  /** The placeholder of the parameter number `index`, from 1. Where it holds the number, each name has one; else each place has. */
  readonly placeholder: (index: number) => string;
  readonly numbered: boolean;
  /** Do backslashes escape in strings: never, always, or in those that begin with `E'`? */
  readonly backslash: 'never' | 'always' | 'prefixed';
  /** Do comments in comments count? */
  readonly nestedComments: boolean;
  /** Does `#` begin a comment, and `--` only with a blank behind it? */
  readonly hashComments: boolean;
  readonly dollarQuotes: boolean;
  /** Quotes besides `'` and `"`: `` ` `` and `[`. */
  readonly quotes: string;
  /** What other parameters look like that the engine knows, and this library does not pass on. */
  readonly foreign: RegExp;
}

/** A query as the engine wants it. */
export interface Compiled {
  readonly text: string;
  /** The names of the values, in the order in which the engine wants them. */
  readonly names: readonly string[];
  /** What it does: the first word that is no `WITH` clause, in capitals. */
  readonly verb: string;
  /** Is there a second statement behind the first? */
  readonly several: boolean;
}

/** A query with its values. */
export interface Query {
  readonly compiled: Compiled;
  readonly values: readonly unknown[];
}

/** The values of a query, by name. */
export type Values = Readonly<Record<string, unknown>>;

const KEPT = 500;
const VERBS = /^(?:SELECT|INSERT|REPLACE|UPDATE|DELETE|MERGE|VALUES|TABLE)$/;
const NAME = /[\p{ID_Start}_][\p{ID_Continue}$]*/uy;
const PARAMETER = /[\p{ID_Start}_]\p{ID_Continue}*/uy;
const DOLLAR = /\$(?:[\p{ID_Start}_]\p{ID_Continue}*)?\$/uy;
const NUMBER = /\d[\w.]*/y;

/** Reads the queries of one engine, and remembers them. */
export class Compiler {
  readonly #syntax: Syntax;
  readonly #known = new Map<string, Compiled>();

  constructor(syntax: Syntax) {
    this.#syntax = syntax;
  }

  /** @throws {TypeError} where it is no text; {ProgrammingError} where its parameters are written for another library. */
  compile(query: string): Compiled {
    const known = this.#known.get(query);
    if (known !== undefined) return known;
    if (typeof query !== 'string') throw new TypeError(`a query is a string, not ${describe(query)}`);
    const compiled = new Reader(query, this.#syntax).read();
    if (this.#known.size >= KEPT) this.#known.delete(this.#known.keys().next().value as string);
    this.#known.set(query, compiled);
    return compiled;
  }

  /** The query with its values. @throws {ProgrammingError} where one is missing, or was not asked for. */
  bind(query: string, values: Values | null | undefined): Query {
    const compiled = this.compile(query);
    return { compiled, values: valuesFor(compiled, values, query) };
  }
}

/** The values in the order in which the engine wants them. */
export function valuesFor(
  compiled: Compiled,
  values: Values | null | undefined,
  query: string,
): readonly unknown[] {
  const { names } = compiled;
  const given = values ?? NO_VALUES;
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new TypeError(
      `values are an object with a value for each parameter, such as { name: 'Daisy' }, not ${describe(given)}`,
    );
  }
  const list: unknown[] = new Array(names.length);
  let repeated = 0;
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    if (!Object.hasOwn(given, name)) throw missingValue(name, given, query);
    list[at] = checked(given[name], name);
    if (at > 0 && names.indexOf(name) < at) repeated++;
  }
  const keys = Object.keys(given);
  if (keys.length === names.length - repeated) return list;
  const extra = keys.find((key) => !names.includes(key));
  const own = [...new Set(names)].map((name) => `:${name}`).join(', ');
  throw new ProgrammingError(
    `there is a value for :${extra}, and no such parameter in ${describe(query)}; it has: ${own || 'none'}`,
  );
}

function missingValue(name: string, given: Values, query: string): ProgrammingError {
  const keys = Object.keys(given).map((key) => `:${key}`);
  return new ProgrammingError(
    `there is no value for the parameter :${name} of ${describe(query)}; given: ${keys.join(', ') || 'none'}`,
  );
}

const NO_VALUES: Values = {};

function checked(value: unknown, name: string): unknown {
  if (value === undefined)
    throw new TypeError(`the value of the parameter :${name} is undefined; SQL's NULL is null`);
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`the value of the parameter :${name} is ${describe(value)}, which no database keeps`);
  if (value instanceof Date && Number.isNaN(value.getTime()))
    throw new TypeError(`the value of the parameter :${name} is an invalid Date`);
  return value;
}

/** Reads one query from left to right. */
class Reader {
  readonly #source: string;
  readonly #syntax: Syntax;
  #at = 0;
  /** Up to where the source has been taken over. */
  #taken = 0;
  #text = '';
  readonly #names: string[] = [];
  readonly #numbers = new Map<string, number>();
  #depth = 0;
  #first = '';
  #verb = '';
  #ended = false;
  #several = false;

  constructor(source: string, syntax: Syntax) {
    this.#source = source;
    this.#syntax = syntax;
  }

  read(): Compiled {
    const source = this.#source;
    while (this.#at < source.length) {
      const char = source[this.#at] as string;
      if (this.#skipBlank(char)) continue;
      if (this.#ended && char !== ';') this.#several = true;
      this.#token(char);
    }
    this.#text += source.slice(this.#taken);
    const isTrigger = this.#first === 'CREATE' && /\bTRIGGER\b/i.test(source);
    return {
      text: this.#text,
      names: this.#names,
      verb: this.#verb || this.#first,
      several: this.#several && !isTrigger,
    };
  }

  /** White space and comments. */
  #skipBlank(char: string): boolean {
    const source = this.#source;
    const { hashComments } = this.#syntax;
    if (/\s/.test(char)) {
      this.#at++;
      return true;
    }
    const isDash =
      source.startsWith('--', this.#at) && (!hashComments || /^$|\s/.test(source[this.#at + 2] ?? ''));
    if (isDash || (hashComments && char === '#')) {
      const end = source.indexOf('\n', this.#at);
      this.#at = end === -1 ? source.length : end + 1;
      return true;
    }
    if (!source.startsWith('/*', this.#at)) return false;
    this.#at = this.#endOfComment(this.#at + 2);
    return true;
  }

  #endOfComment(from: number): number {
    const source = this.#source;
    for (let at = from; at < source.length; at++) {
      if (source.startsWith('*/', at)) return at + 2;
      if (this.#syntax.nestedComments && source.startsWith('/*', at)) at = this.#endOfComment(at + 2) - 1;
    }
    return source.length;
  }

  #token(char: string): void {
    const { quotes, dollarQuotes, backslash } = this.#syntax;
    if (char === "'") this.#quoted("'", backslash === 'always');
    else if (char === '"') this.#quoted('"', backslash === 'always');
    else if (char === '`' && quotes.includes('`')) this.#quoted('`', false);
    else if (char === '[' && quotes.includes('[')) this.#bracketed();
    else if (char === '$' && dollarQuotes && this.#dollarQuoted()) return;
    else if (char === ':' || char === '\\') this.#colon(char);
    else if (!this.#word(char)) this.#mark(char);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#source)?.[0];
  }

  #word(char: string): boolean {
    const word = this.#match(NAME) ?? this.#match(NUMBER);
    if (word === undefined) return false;
    this.#at += word.length;
    const capitals = word.toUpperCase();
    if (this.#first === '' && /^[A-Z]/.test(capitals)) this.#first = capitals;
    if (this.#verb === '' && this.#depth === 0 && VERBS.test(capitals)) {
      if (this.#first === capitals || this.#first === 'WITH') this.#verb = capitals;
    }
    if (/^e$/i.test(word) && this.#syntax.backslash === 'prefixed' && this.#source[this.#at] === "'")
      this.#quoted("'", true);
    return char !== '';
  }

  #mark(char: string): void {
    if (char === '(') this.#depth++;
    else if (char === ')') this.#depth--;
    else if (char === ';') this.#ended = true;
    const foreign = this.#match(this.#syntax.foreign);
    if (foreign !== undefined) {
      throw new ProgrammingError(
        `${describe(foreign)} in ${describe(this.#source)}: parameters are written :name, and their values given by name`,
      );
    }
    this.#at++;
  }

  /** A string or a quoted name; twice the quote is one of its characters. */
  #quoted(quote: string, escapes: boolean): void {
    const source = this.#source;
    for (let at = this.#at + 1; at < source.length; at++) {
      if (escapes && source[at] === '\\') at++;
      else if (source[at] === quote) {
        if (source[at + 1] !== quote) {
          this.#at = at + 1;
          return;
        }
        at++;
      }
    }
    this.#at = source.length;
  }

  #bracketed(): void {
    const end = this.#source.indexOf(']', this.#at);
    this.#at = end === -1 ? this.#source.length : end + 1;
  }

  #dollarQuoted(): boolean {
    const tag = this.#match(DOLLAR);
    if (tag === undefined) return false;
    const end = this.#source.indexOf(tag, this.#at + tag.length);
    this.#at = end === -1 ? this.#source.length : end + tag.length;
    return true;
  }

  #colon(char: string): void {
    const source = this.#source;
    if (char === '\\') {
      if (source[this.#at + 1] === ':') {
        this.#text += source.slice(this.#taken, this.#at);
        this.#taken = this.#at + 1;
        this.#at++;
      }
      this.#at++;
      return;
    }
    if (source[this.#at + 1] === ':') {
      this.#at += 2;
      return;
    }
    const start = this.#at;
    this.#at++;
    const name = /[\p{ID_Continue}$]/u.test(source[start - 1] ?? '') ? undefined : this.#match(PARAMETER);
    if (name === undefined) return;
    this.#at += name.length;
    this.#text += source.slice(this.#taken, start) + this.#placeholder(name);
    this.#taken = this.#at;
  }

  #placeholder(name: string): string {
    const { placeholder, numbered } = this.#syntax;
    const known = numbered ? this.#numbers.get(name) : undefined;
    if (known !== undefined) return placeholder(known);
    this.#names.push(name);
    this.#numbers.set(name, this.#names.length);
    return placeholder(this.#names.length);
  }
}
