/**
 * What is used of the package `pg`: its client, and the part of it that submits queries, which `pg-cursor` and `pg-query-stream` are built on.
 */

/** Sends the messages of PostgreSQL's protocol. Source: PostgreSQL docs, "Message Formats". */
export interface Wire {
  readonly stream: { cork(): void; uncork(): void; destroy(): void };
  parse(message: { readonly text: string; readonly name?: string }): void;
  bind(message: {
    readonly portal?: string;
    readonly statement?: string;
    readonly values: readonly unknown[];
  }): void;
  describe(message: { readonly type: 'P' | 'S'; readonly name?: string }): void;
  execute(message: { readonly portal?: string; readonly rows?: number }): void;
  close(message: { readonly type: 'P' | 'S'; readonly name?: string }): void;
  sync(): void;
  sendCopyFail(reason: string): void;
  connect(portOrPath: number | string, host?: string): void;
  cancel(processID: number, secretKey: number): void;
  on(event: string, listener: (argument: never) => void): void;
  prependListener(event: string, listener: (argument: never) => void): void;
}

export interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

/** A query of our own: the client calls these as the answers come. */
export interface Submittable {
  submit(wire: Wire): Error | null;
  handleRowDescription(message: { readonly fields: readonly Field[] }): void;
  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void;
  handleCommandComplete(message: { readonly text: string }): void;
  handlePortalSuspended(): void;
  handleEmptyQuery(): void;
  handleReadyForQuery(): void;
  handleCopyInResponse(wire: Wire): void;
  handleCopyData(): void;
  handleError(error: Error): void;
}

export interface Client {
  readonly connection: Wire;
  readonly processID: number | null;
  readonly secretKey: number | null;
  connect(callback: (error: Error | null | undefined) => void): void;
  query(query: Submittable): void;
  end(callback: () => void): void;
  ref(): void;
  unref(): void;
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'end', listener: () => void): void;
}

export interface Driver {
  readonly Client: new (config: Readonly<Record<string, unknown>>) => Client;
  readonly Connection: new (config: Readonly<Record<string, unknown>>) => Wire;
}
