/**
 * What a session and its worker thread say to each other. They share one word of memory besides: the thread sleeps on it, and is woken when it changes.
 */
import type { Packed } from './packing.ts';

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
export const EXECUTE = 3;
export const EXECUTE_MANY = 4;
export const STREAM = 5;
export const FETCH = 6;
export const END_STREAM = 7;
export const CLOSE = 8;

/** A value as it travels: what SQLite keeps, but that a boolean is one already and an integer may be a number. */
export type Sent = null | number | bigint | string | Uint8Array;

/** What a query is: `verb` is that of the statement, `known` the number of the description that the session has of its columns, or 0. */
export type Asked = readonly [sql: string, verb: string, values: readonly Sent[], known: number];

/** What is asked for. The number of a stream is chosen by the session. */
export type Request =
  | readonly [kind: typeof ROWS | typeof ROW | typeof EXECUTE, ...Asked]
  | readonly [kind: typeof STREAM, stream: number, ...Asked]
  | readonly [kind: typeof EXECUTE_MANY, sql: string, verb: string, count: number, columns: readonly Packed[]]
  | readonly [kind: typeof FETCH, stream: number, count: number]
  | readonly [kind: typeof END_STREAM, stream: number]
  | readonly [kind: typeof CLOSE];

/** What a column was declared as, in capitals; `null` for an expression. */
export type Declared = string | null;

/** What is known of the columns of a statement, under a number that is never used again. */
export interface Description {
  readonly number: number;
  readonly columns: readonly string[];
  readonly declared: readonly Declared[];
}

/** Rows, by columns; with their description, where the session does not have it. */
export type Rows = readonly [description: Description | null, count: number, columns: readonly Packed[]];

/** One row, as a list; `null` where there is none. */
export type OneRow = readonly [description: Description | null, values: readonly unknown[] | null];

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
