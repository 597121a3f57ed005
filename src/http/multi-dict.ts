/**
 * `CIMultiDict`: headers. Several values may have one name; names keep the case that they were given in, and any case finds them.
 *
 * Complexity goals: headers are few, so everything is a walk along one flat array, which is what the wire takes. Source: multidict docs, `CIMultiDict`.
 */
import { describe } from '../core/repr.ts';

/** What headers can be given as. Of a list in an object each value becomes a header of its own. */
export type LooseHeaders =
  | CIMultiDict
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | number | readonly string[]>>;

export class CIMultiDict implements Iterable<[name: string, value: string]> {
  /** @internal Names and values in turn. */
  readonly _flat: string[];

  constructor(headers?: LooseHeaders) {
    this._flat = [];
    if (headers !== undefined) this.extend(headers);
  }

  /** @internal The array belongs to the result from now on. */
  static _of(flat: string[]): CIMultiDict {
    const dict = new CIMultiDict();
    (dict as { _flat: string[] })._flat = flat;
    return dict;
  }

  /** How many values there are. */
  get size(): number {
    return this._flat.length / 2;
  }

  /** The first value of that name; `fallback`, or `undefined`, where there is none. */
  get(name: string): string | undefined;
  get<D>(name: string, fallback: D): string | D;
  get<D>(name: string, fallback?: D): string | D | undefined {
    const at = this.#find(name, 0);
    return at === -1 ? fallback : this._flat[at + 1];
  }

  /** All values of that name, in their order. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let at = this.#find(name, 0); at !== -1; at = this.#find(name, at + 2))
      values.push(this._flat[at + 1] as string);
    return values;
  }

  has(name: string): boolean {
    return this.#find(name, 0) !== -1;
  }

  /** Add a value; those of the same name stay. */
  add(name: string, value: string): this {
    checkText(name, name);
    checkText(value, name);
    this._flat.push(name, value);
    return this;
  }

  /** Set the one value of that name. */
  set(name: string, value: string): this {
    checkText(value, name);
    const at = this.#find(name, 0);
    if (at === -1) return this.add(name, value);
    this._flat[at + 1] = value;
    for (let next = this.#find(name, at + 2); next !== -1; next = this.#find(name, next))
      this._flat.splice(next, 2);
    return this;
  }

  /** The value of that name, which is `value` where there was none. */
  setDefault(name: string, value: string): string {
    const at = this.#find(name, 0);
    if (at !== -1) return this._flat[at + 1] as string;
    this.add(name, value);
    return value;
  }

  /** Take all values of that name away. @returns whether there were any. */
  delete(name: string): boolean {
    const before = this._flat.length;
    for (let at = this.#find(name, 0); at !== -1; at = this.#find(name, at)) this._flat.splice(at, 2);
    return this._flat.length < before;
  }

  /** Add all of these; what is there stays. */
  extend(headers: LooseHeaders): this {
    for (const [name, value] of pairsOf(headers)) this.add(name, value);
    return this;
  }

  /** Replace what has the names of these by these. */
  update(headers: LooseHeaders): this {
    const pairs = [...pairsOf(headers)];
    for (const [name] of pairs) this.delete(name);
    return this.extend(pairs);
  }

  copy(): CIMultiDict {
    return CIMultiDict._of(this._flat.slice());
  }

  *keys(): Generator<string, void, undefined> {
    for (const [name] of this) yield name;
  }

  *values(): Generator<string, void, undefined> {
    for (const [, value] of this) yield value;
  }

  entries(): Generator<[name: string, value: string], void, undefined> {
    return this[Symbol.iterator]();
  }

  *[Symbol.iterator](): Generator<[name: string, value: string], void, undefined> {
    for (let at = 0; at < this._flat.length; at += 2)
      yield [this._flat[at] as string, this._flat[at + 1] as string];
  }

  toString(): string {
    return `<CIMultiDict(${[...this].map(([name, value]) => `'${name}': '${value}'`).join(', ')})>`;
  }

  #find(name: string, from: number): number {
    const flat = this._flat;
    const { length } = name;
    let lower: string | null = null;
    for (let at = from; at < flat.length; at += 2) {
      const candidate = flat[at] as string;
      if (candidate === name) return at;
      if (candidate.length !== length) continue;
      lower ??= name.toLowerCase();
      if (candidate.toLowerCase() === lower) return at;
    }
    return -1;
  }
}

function* pairsOf(headers: LooseHeaders): Generator<readonly [string, string], void, undefined> {
  if (typeof headers !== 'object' || headers === null)
    throw new TypeError(
      `headers must be an object, a CIMultiDict or pairs of names and values, not ${describe(headers)}`,
    );
  if (Symbol.iterator in headers) {
    for (const pair of headers) {
      if (!Array.isArray(pair) || pair.length !== 2)
        throw new TypeError(`headers must be pairs of names and values, not ${describe(pair)}`);
      yield pair as readonly [string, string];
    }
    return;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (Array.isArray(value)) for (const each of value as readonly string[]) yield [name, each];
    else yield [name, typeof value === 'number' ? String(value) : (value as string)];
  }
}

function checkText(text: unknown, name: unknown): void {
  if (typeof text === 'string') return;
  throw new TypeError(
    `names and values of headers must be strings, not ${describe(text)} (in ${describe(name)})`,
  );
}
