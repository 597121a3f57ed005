/**
 * What a session and its worker thread say to each other. They share one word of memory besides: the thread sleeps on it, and is woken when it changes.
 */

/** What the thread needs to begin. */
export interface WorkerData {
  readonly port: unknown;
  /** Counts what was asked; the thread sleeps until it changes. */
  readonly bell: SharedArrayBuffer;
  readonly location: string;
  readonly readOnly: boolean;
  readonly foreignKeys: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  /** Statements that are run at first. */
  readonly pragmas: readonly string[];
}

export const ROWS = 0;
export const ROW = 1;
export const TUPLE = 2;
export const EXECUTE = 3;
export const EXECUTE_MANY = 4;
export const STREAM = 5;
export const FETCH = 6;
export const END_STREAM = 7;
export const CLOSE = 8;

/** A value as it travels: what SQLite keeps, but that a boolean is one already and an integer may be a number. */
export type Sent = null | number | bigint | string | Uint8Array;

/** What is asked for. `verb` is that of the statement; the number of a stream is chosen by the session. */
export type Request =
  | readonly [
      kind: typeof ROWS | typeof ROW | typeof TUPLE | typeof EXECUTE,
      sql: string,
      verb: string,
      values: readonly Sent[],
    ]
  | readonly [kind: typeof EXECUTE_MANY, sql: string, verb: string, lists: readonly (readonly Sent[])[]]
  | readonly [kind: typeof STREAM, sql: string, verb: string, values: readonly Sent[], stream: number]
  | readonly [kind: typeof FETCH, stream: number, count: number]
  | readonly [kind: typeof END_STREAM, stream: number]
  | readonly [kind: typeof CLOSE];

/** What a column was declared as, in capitals; `null` for an expression. */
export type Declared = string | null;

/** Rows with what is known of their columns. */
export interface Rows {
  readonly columns: readonly string[];
  readonly declared: readonly Declared[];
  readonly rows: readonly Record<string, unknown>[];
}

export interface SentTuple {
  readonly columns: readonly string[];
  readonly declared: readonly Declared[];
  readonly values: readonly unknown[] | null;
}

/** What a failure looks like on its way. */
export interface SentError {
  readonly message: string;
  /** SQLite's extended result code, where it is one of SQLite's. */
  readonly errcode: number | undefined;
  readonly code: string | undefined;
}

/** An answer: whether a transaction is open now, and the result or the failure. */
export type Answered =
  | readonly [inTransaction: boolean, result: unknown]
  | readonly [inTransaction: boolean, result: null, error: SentError];
