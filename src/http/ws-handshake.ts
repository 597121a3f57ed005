/**
 * How a WebSocket begins: the headers that ask for it, and what the server must answer. Source: RFC 6455, section 4.
 */
import { createHash, randomBytes } from 'node:crypto';
import type net from 'node:net';
import { WSServerHandshakeError } from './errors.ts';
import type { Exchange, Head } from './exchange.ts';
import { CIMultiDict } from './multi-dict.ts';
import type { ClientResponse } from './response.ts';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a WebSocket lives on. */
export interface Upgraded {
  readonly socket: net.Socket;
  /** Close it, and give its slot back. */
  readonly destroy: () => void;
}

export class Handshake {
  readonly headers: CIMultiDict;
  readonly protocols: readonly string[];
  readonly #key: string = randomBytes(16).toString('base64');
  #upgraded: Upgraded | null = null;

  constructor(options: {
    readonly protocols?: readonly string[] | undefined;
    readonly origin?: string | undefined;
  }) {
    const { protocols = [], origin } = options;
    this.protocols = protocols;
    this.headers = new CIMultiDict({ 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': this.#key });
    if (protocols.length > 0) this.headers.set('Sec-WebSocket-Protocol', protocols.join(','));
    if (origin !== undefined) this.headers.set('Origin', origin);
  }

  /** The last response has come. */
  take(exchange: Exchange, { socket }: Head): void {
    const { connection } = exchange;
    if (socket !== null) this.#upgraded = { socket, destroy: () => connection.destroy() };
  }

  /**
   * Is it what was asked for? @returns the socket, and the protocol that the server has chosen.
   * @throws {WSServerHandshakeError}
   */
  accept(response: ClientResponse): { readonly upgraded: Upgraded; readonly protocol: string | null } {
    const { headers, status } = response;
    const upgraded = this.#upgraded;
    const refuse = (reason: string): never => {
      response.release();
      upgraded?.destroy();
      throw new WSServerHandshakeError(response.requestInfo, response.history, { status, reason, headers });
    };
    if (status !== 101) return refuse('Invalid response status');
    if (upgraded === null || headers.get('Upgrade')?.toLowerCase() !== 'websocket')
      return refuse('Invalid upgrade header');
    if (!/(?:^|,)\s*upgrade\s*(?:,|$)/i.test(headers.get('Connection') ?? ''))
      return refuse('Invalid connection header');
    const expected = createHash('sha1')
      .update(this.#key + MAGIC)
      .digest('base64');
    if (headers.get('Sec-WebSocket-Accept') !== expected) return refuse('Invalid challenge response');
    const protocol = headers.get('Sec-WebSocket-Protocol')?.trim() ?? null;
    if (protocol !== null && !this.protocols.includes(protocol))
      return refuse(`Invalid protocol ${protocol}`);
    return { upgraded, protocol };
  }
}
