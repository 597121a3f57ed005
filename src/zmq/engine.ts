/**
 * The engine under this room: the package `zeromq`, libzmq for Node, and the little of it that is used.
 *
 * It is loaded when the first context is made, so that nobody needs it who does not use it.
 */
import { createRequire } from 'node:module';
import { RuntimeError } from '../core/errors.ts';

/** A socket of the engine. */
export interface EngineSocket {
  readonly readable: boolean;
  readonly writable: boolean;
  send(message: Uint8Array | readonly Uint8Array[]): Promise<void>;
  receive(): Promise<Buffer[]>;
  close(): void;
  bindSync(address: string): void;
  connect(address: string): void;
  disconnect(address: string): void;
  getBoolOption(option: number): boolean;
  setBoolOption(option: number, value: boolean): void;
  getInt32Option(option: number): number;
  setInt32Option(option: number, value: number): void;
  getInt64Option(option: number): number;
  setInt64Option(option: number, value: number): void;
  getUint64Option(option: number): number;
  setUint64Option(option: number, value: number): void;
  getStringOption(option: number): string | null;
  setStringOption(option: number, value: string | Buffer | null): void;
}

/** A context of the engine. */
export interface EngineContext {
  ioThreads: number;
  maxSockets: number;
  maxMessageSize: number;
  ipv6: boolean;
  blocky: boolean;
}

interface Engine {
  readonly version: string;
  readonly capability: Readonly<Record<string, boolean | undefined>>;
  curveKeyPair(): { readonly publicKey: string; readonly secretKey: string };
  readonly Context: new (options?: Partial<EngineContext>) => EngineContext;
  /** The package has a class for each kind of socket, with the options that make sense for it; the class under them takes the kind as a number. */
  readonly Socket: new (
    type: number,
    options: { readonly context: EngineContext },
  ) => EngineSocket;
}

let loaded: Engine | null = null;

/** @throws {RuntimeError} where the package is not installed. */
export function engine(): Engine {
  loaded ??= load();
  return loaded;
}

function load(): Engine {
  try {
    return createRequire(import.meta.url)('zeromq') as Engine;
  } catch (error) {
    throw new RuntimeError('asyncio-ts/zmq needs the package zeromq: npm install zeromq', { cause: error });
  }
}
