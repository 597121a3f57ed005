/**
 * What is used of the package `mysql2`.
 */

export interface Column {
  readonly name: string;
  readonly columnType?: number;
  readonly flags?: number;
}

/** What a statement that gives no rows is answered with. */
export interface Header {
  readonly affectedRows: number;
  readonly insertId: number | string;
  readonly serverStatus?: number;
}

export interface Options {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly rowsAsArray?: boolean;
}

type Callback = (error: Error | null, result?: unknown, columns?: readonly Column[]) => void;

/** A command whose rows come one by one. */
export interface Command {
  on(event: 'fields', listener: (columns: readonly Column[] | undefined) => void): this;
  on(event: 'result', listener: (row: never) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end', listener: () => void): this;
}

export interface Client {
  readonly threadId: number | null;
  readonly stream: { ref(): void; unref(): void; destroy(): void };
  /** Asks in the binary protocol, with a prepared statement. */
  execute(options: Options, callback: Callback): Command;
  execute(options: Options): Command;
  /** Asks in the text protocol. */
  query(options: { readonly sql: string; readonly rowsAsArray?: boolean }, callback: Callback): Command;
  query(options: { readonly sql: string }): Command;
  pause(): void;
  resume(): void;
  end(callback: (error?: Error) => void): void;
  destroy(): void;
  on(event: 'connect', listener: () => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  on(event: 'end', listener: () => void): this;
}

export interface Driver {
  createConnection(config: Readonly<Record<string, unknown>>): Client;
  /** Makes values with their type. */
  readonly TypedParameter?: { LONGLONG(value: bigint, unsigned: boolean): object };
}
