/**
 * `Statements`: which statements a session has the server keep, so that it reads and plans them once.
 *
 * A text that comes for the second time is kept; the one that was used longest ago makes place for a new one, and is told so to the server. A kept statement
 * can go stale, when its table changes or somebody removes it: then it is forgotten, and made again.
 * Source: PostgreSQL docs, "PREPARE"; asyncpg docs, "statement_cache_size".
 */
import type { Prepared } from './exchange.ts';

/** Of these it pays. */
const KINDS = /^(?:SELECT|INSERT|UPDATE|DELETE|MERGE|VALUES|TABLE)$/;
/** `invalid_sql_statement_name`, `feature_not_supported`: what the server says of a statement that is stale. */
const STALE = /^(?:26000|0A000)$/;

let names = 0;

export class Statements {
  readonly #size: number;
  readonly #kept = new Map<string, Prepared>();
  /** Texts that came once. */
  readonly #seen = new Set<string>();
  /** Names that the server may forget. */
  readonly #dropped: string[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** The statement to use for a text; `null` where it is not kept. */
  use(text: string, verb: string): Prepared | null {
    if (this.#size === 0) return null;
    const known = this.#kept.get(text);
    if (known !== undefined) {
      this.#kept.delete(text);
      this.#kept.set(text, known);
      return known;
    }
    if (!KINDS.test(verb)) return null;
    if (!this.#seen.delete(text)) {
      if (this.#seen.size >= this.#size) this.#seen.clear();
      this.#seen.add(text);
      return null;
    }
    if (this.#kept.size >= this.#size) this.forget(this.#kept.keys().next().value as string);
    const prepared: Prepared = { name: `asyncio_${++names}`, parsed: false, shape: null };
    this.#kept.set(text, prepared);
    return prepared;
  }

  /** Keep it no longer. */
  forget(text: string): void {
    const prepared = this.#kept.get(text);
    this.#kept.delete(text);
    if (prepared?.parsed === true) this.#dropped.push(prepared.name);
  }

  /** The names that the server is to forget, told once. */
  dropped(): readonly string[] {
    return this.#dropped.splice(0);
  }

  /** Is this what the server says of a kept statement that is stale? */
  isStale(error: unknown): boolean {
    return STALE.test(String((error as { readonly code?: unknown } | null)?.code));
  }
}
