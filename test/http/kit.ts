/**
 * Scenarios with a server of Node and a session, in both styles; each ends with a balance: no task, no socket and no listener is left, and nothing was
 * reported or warned of that the scenario did not ask for.
 */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DEBIAN_PYTHON } from '../../scripts/programs.ts';
import * as web from '../../src/http/index.ts';
import * as asyncio from '../../src/index.ts';
import type { Style } from '../both-styles.ts';
import { HOST, type NetScene, onSockets } from '../net/kit.ts';

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => unknown;

/** What a scenario may use of its surroundings. */
export interface HttpScene extends NetScene {
  /** Where the server is, with a slash at the end. */
  readonly base: string;
  readonly session: web.ClientSession;
  readonly peer: Peer;
}

type Body = (scene: HttpScene) => asyncio.Coroutine<unknown>;

export interface Setting {
  readonly session?: () => web.ClientSessionOptions;
  /** Certificate and key of a server with TLS. */
  readonly tls?: https.ServerOptions;
  readonly skip?: string | false;
}

export interface HttpStyled {
  readonly style: Style;
  co<F extends (...args: never[]) => Generator<asyncio.Suspension, unknown, unknown>>(fn: F): F;
  /** A scenario with a server that answers by `handler`. */
  scenario(name: string, handler: Handler, body: Body, setting?: Setting): void;
}

/** Call this first in a test file, with `import.meta.url`; the tests of the file are then registered twice. */
export async function withHttp(url: string): Promise<HttpStyled> {
  const { style, co, scenario } = await onSockets(url);
  return {
    style,
    co,
    scenario(name, handler, body, setting = {}) {
      const play = asyncio.coroutine(body as (scene: HttpScene) => asyncio.Coroutine<unknown>);
      scenario(
        name,
        function* (scene) {
          const peer = new Peer(handler, setting.tls);
          const base = yield* asyncio.wrapFuture(peer.listen());
          const session = new web.ClientSession(setting.session?.());
          try {
            yield* play({ ...scene, base, session, peer });
          } finally {
            yield* session.close();
            if (!session.connector.closed) yield* session.connector.close();
            yield* asyncio.wrapFuture(peer.close());
          }
        },
        setting.skip ?? false,
      );
    },
  };
}

/** A server of Node, which knows its sockets. */
export class Peer {
  readonly server: http.Server | https.Server;
  readonly sockets = new Set<net.Socket>();
  /** How many connections there were. */
  connections = 0;
  /** How many requests came. */
  requests = 0;
  /** How many were in progress at once, at most. */
  most = 0;
  #inProgress = 0;
  readonly #scheme: string;

  constructor(handler: Handler, tls?: https.ServerOptions) {
    const answer = async (request: http.IncomingMessage, response: http.ServerResponse) => {
      this.requests++;
      this.most = Math.max(this.most, ++this.#inProgress);
      response.on('close', () => this.#inProgress--);
      try {
        await handler(request, response);
      } catch {
        // A request that is given up is no fault of the server.
        response.destroy();
      }
    };
    this.server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer);
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: net.Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
    });
    this.server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  }

  async listen(): Promise<string> {
    this.server.listen(0, HOST);
    await once(this.server, 'listening');
    return `${this.#scheme}://${HOST}:${this.port}/`;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }
}

/** A server of bare sockets, which says what it is told to, whatever it is asked. */
export class RawPeer {
  readonly server: net.Server;
  readonly sockets = new Set<net.Socket>();
  connections = 0;

  /** @param talk is called for each request: whenever what came ends with an empty line. */
  constructor(talk: (socket: net.Socket, request: string, connection: number) => unknown) {
    this.server = net.createServer((socket) => {
      const connection = this.connections++;
      let heard = '';
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
      socket.on('data', (data) => {
        heard += data.toString('latin1');
        if (!heard.includes('\r\n\r\n')) return;
        const request = heard;
        heard = '';
        talk(socket, request, connection);
      });
    });
  }

  async listen(): Promise<string> {
    this.server.listen(0, HOST);
    await once(this.server, 'listening');
    return `http://${HOST}:${(this.server.address() as net.AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** What a request brought. */
export interface Echoed {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers with what it is asked. */
export async function echo(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { method, url, headers } = request;
  const body = (await bodyOf(request)).toString('latin1');
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ method, url, headers, body }));
}

export async function bodyOf(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Answers with a text. */
export function says(text: string, headers: http.OutgoingHttpHeaders = {}): Handler {
  return (_request, response) =>
    response.writeHead(200, { 'Content-Type': 'text/plain', ...headers }).end(text);
}

/** aiohttp's own server, in a Python. */
export class AiohttpServer {
  readonly #process: ChildProcessByStdio<null, Readable, null>;
  readonly base: string;

  private constructor(child: ChildProcessByStdio<null, Readable, null>, port: number) {
    this.#process = child;
    this.base = `http://${HOST}:${port}/`;
  }

  static async start(): Promise<AiohttpServer> {
    const program = fileURLToPath(new URL('aiohttp_server.py', import.meta.url));
    const child = spawn(DEBIAN_PYTHON, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return new AiohttpServer(child, Number(line.toString()));
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }
}

/** What `act` throws; fails where it does not. */
export const failure: (act: asyncio.Awaitable<unknown>) => asyncio.CoroutineObject<Error> = asyncio.coroutine(
  function* (act: asyncio.Awaitable<unknown>) {
    try {
      yield* act;
    } catch (error) {
      assert.ok(error instanceof Error);
      return error;
    }
    return assert.fail('nothing was thrown');
  },
);
