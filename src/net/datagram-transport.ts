/**
 * `UdpTransport`: the whole life of a datagram endpoint.
 *
 * All its state changes in this file. It is open, then closing, then lost; `connectionLost` is called exactly once, never before `connectionMade`. An
 * error of the system does not end it: the protocol's `errorReceived` is told, and it goes on. Nor does a protocol that fails: the loop's
 * exception handler is told.
 *
 *     open ── close() ──> closing: receives nothing, sends what waits ──┐
 *       └── abort() ────────────────────────────────────────────────────┴──> lost: connectionLost(null), channel closed
 *
 * Datagrams go to the channel at once; what it does not take waits here, in order. So does one to a host that has to be looked up, and all that
 * are behind it: Python would block there. Each waiting datagram counts 8 bytes more than it holds.
 * Source: Python docs, "Transports and Protocols", "Datagram Transports"; asyncio/selector_events.py, `_SelectorDatagramTransport`.
 */
import { isIP } from 'node:net';
import type {
  DatagramChannel,
  DatagramSink,
  Endpoint,
  Operation,
  Outcome,
  SocketAddress,
} from '../core/channel.ts';
import { OSError, ValueError } from '../core/errors.ts';
import { type Future, setResultUnlessDone } from '../core/future.ts';
import { describe } from '../core/repr.ts';
import { running } from '../core/running.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { warn } from '../core/warn.ts';
import { Deque } from '../sync/deque.ts';
import { formatAddress, toPort } from './address.ts';
import { checkBytes } from './bytes.ts';
import { FlowControl } from './flow-control.ts';
import { endpointAt } from './name-lookup.ts';
import { networkOf } from './operation.ts';
import { toOSError } from './os-error.ts';
import { type Callee, ProtocolCaller } from './protocol-caller.ts';
import type { DatagramProtocol } from './protocols.ts';
import { SOCK_DGRAM } from './socket-constants.ts';
import { TransportSocket } from './transport-socket.ts';
import { DatagramTransport, type ExtraInfo, type WriteBufferLimits } from './transports.ts';

/** How many datagrams to a lost endpoint are borne in silence. */
const SENDS_BEFORE_WARNING = 5;
/** What a waiting datagram counts beyond its bytes. */
const HEADER_SIZE = 8;

/** What a new transport is told. */
export interface UdpTransportOptions {
  /** The only address that can be sent to, if there is one. */
  readonly address?: SocketAddress | null | undefined;
  /** Completed when the protocol knows of the endpoint. */
  readonly waiter?: Future<void> | undefined;
}

/** A host that has to be looked up. */
interface Name {
  readonly family: 0;
  readonly host: string;
  readonly port: number;
}

/** Where a datagram goes; `null` on a connected socket. */
type Target = Endpoint | Name | null;

interface Waiting {
  readonly data: Uint8Array;
  to: Target;
}

export class UdpTransport extends DatagramTransport implements DatagramSink, Callee {
  readonly #loop: Scheduler;
  readonly #channel: DatagramChannel;
  readonly #family: 4 | 6;
  readonly #caller: ProtocolCaller<DatagramProtocol>;
  readonly #flow = new FlowControl();
  readonly #address: SocketAddress | null;
  /** What it sends to without being told: `null` where the socket is connected, or there is no such address. */
  readonly #target: Endpoint | null;
  #waiting = new Deque<Waiting>();
  #waitingSize = 0;
  #lookup: Operation | null = null;
  /** The last host that was sent to; it is an address of this family. */
  #knownHost = '';
  #socket: TransportSocket | null = null;
  #closing = false;
  /** The call of `connectionLost` is under way; and how many sends came after it. */
  #lost = 0;
  /** It waits until the fate of the last datagrams is known. */
  #lingers = false;

  constructor(
    loop: Scheduler,
    channel: DatagramChannel,
    family: 4 | 6,
    protocol: DatagramProtocol,
    options: UdpTransportOptions = {},
  ) {
    super();
    this.#loop = loop;
    this.#channel = channel;
    this.#family = family;
    this.#address = options.address ?? null;
    const connected = (channel.info('peername') ?? null) !== null;
    this.#target = this.#address === null || connected ? null : endpointAt(family, this.#address);
    this.#caller = new ProtocolCaller<DatagramProtocol>(loop, this, protocol);
    channel.attach(this);
    loop._soon(connectionMade, [protocol, this], null);
    loop._soon(startReceiving, [this], null);
    if (options.waiter !== undefined) loop._soon(setResultUnlessDone, [options.waiter, undefined], null);
  }

  override getExtraInfo<K extends keyof ExtraInfo>(name: K): ExtraInfo[K] | null;
  override getExtraInfo(name: string, fallback?: unknown): unknown;
  override getExtraInfo(name: string, fallback: unknown = null): unknown {
    if (name === 'socket') {
      this.#socket ??= new TransportSocket(this.#channel, SOCK_DGRAM);
      return this.#socket;
    }
    return this.#channel.info(name) ?? fallback;
  }

  override setProtocol(protocol: DatagramProtocol): void {
    this.#caller.protocol = protocol;
  }

  override getProtocol(): DatagramProtocol | null {
    return this.#caller.protocol;
  }

  override isClosing(): boolean {
    return this.#closing;
  }

  // ---- receiving ----------------------------------------------------------------------------------------------------------------

  /** @internal Receiving begins when the protocol knows of the endpoint, unless it has closed it. */
  _startReceiving(): void {
    if (!this.#closing) this.#channel.resume();
  }

  /** For the channel. */
  channelDatagram(data: Uint8Array, address: SocketAddress): void {
    if (this.#closing) return;
    if (running.loop !== this.#loop) this.#whenRunning(() => this.channelDatagram(data, address));
    else this.#caller.run(() => this.#caller.protocol?.datagramReceived(data, address), 'datagramReceived');
  }

  /** For the channel. */
  channelError(error: unknown): void {
    if (this.#caller.protocol === null) return;
    if (running.loop !== this.#loop) this.#whenRunning(() => this.channelError(error));
    else this.#tell(toOSError(error));
  }

  /** For the channel. */
  channelFailed(error: unknown): void {
    if (this.#lingers) this.#loseSoon(null);
    else this.#forceClose(error instanceof Error ? error : new OSError(describe(error)));
  }

  #tell(error: unknown): void {
    if (error instanceof OSError) {
      this.#caller.run(() => this.#caller.protocol?.errorReceived(error), 'errorReceived');
      return;
    }
    this._report(error, 'Fatal error on datagram transport');
    this.#forceClose(error instanceof Error ? error : new OSError(describe(error)));
  }

  // ---- sending ------------------------------------------------------------------------------------------------------------------

  /**
   * @throws {ValueError} where the endpoint has one address to send to, and `addr` is another.
   * @throws {TypeError} where `addr` is no address, or none is given and the endpoint has none.
   */
  override sendto(data: Uint8Array, addr: SocketAddress | null = null): void {
    checkBytes(data, 'sendto');
    const to = this.#targetOf(addr);
    if (this.#lost > 0) {
      this.#droppedOne();
      return;
    }
    const waiting = this.#waiting;
    if (isName(to) || waiting.size > 0 || !this.#channel.send(data, to)) {
      // Who sends may use the array again.
      waiting.push({ data: Uint8Array.prototype.slice.call(data), to });
      this.#waitingSize += data.length + HEADER_SIZE;
      if (isName(to) && waiting.size === 1) this.#lookUp(to);
    } else if (this.#channel.unsent === 0) return;
    this.#caller.flowChanged(this.#flow.grown(this.getWriteBufferSize()));
  }

  #targetOf(addr: SocketAddress | null): Target {
    if (this.#address !== null) {
      if (addr === null || sameAddress(addr, this.#address)) return this.#target;
      throw new ValueError(`Invalid address: must be None or ${formatAddress(this.#address)}`);
    }
    if (addr === null) {
      throw new TypeError(
        'sendto() needs an address, such as ["127.0.0.1", 9999]: the endpoint was made without remoteAddr',
      );
    }
    if (!Array.isArray(addr) || addr.length < 2 || addr.length > 4 || typeof addr[0] !== 'string') {
      throw new TypeError(`sendto() needs an address such as ["127.0.0.1", 9999], not ${describe(addr)}`);
    }
    if (typeof addr[1] !== 'number') {
      throw new TypeError(`sendto(): port must be a number, not ${describe(addr[1])}`);
    }
    const port = toPort(addr[1], 'sendto()');
    const family = this.#family;
    const host = addr[2] === undefined ? addr[0] : endpointAt(family, addr as unknown as SocketAddress).host;
    if (host === this.#knownHost) return { family, host, port };
    if (host === '') return { family, host: family === 6 ? '::' : '0.0.0.0', port };
    if (host === '<broadcast>' && family === 4) return { family, host: '255.255.255.255', port };
    if (isIP(host) !== family) return { family: 0, host, port };
    this.#knownHost = host;
    return { family, host, port };
  }

  #droppedOne(): void {
    if (this.#lost++ !== SENDS_BEFORE_WARNING) return;
    warn(
      `${SENDS_BEFORE_WARNING} datagrams to a closed endpoint were dropped, and so will others be: ` +
        `stop sending with ${this} when isClosing() is true or connectionLost() was called`,
      'RuntimeWarning',
    );
  }

  /** The first that waits is for this host. */
  #lookUp({ host, port }: Name): void {
    const request = { host, port, family: this.#family, passive: false };
    this.#lookup = networkOf(this.#loop, 'sendto').resolve(request, (outcome) => this.#lookedUp(outcome));
  }

  #lookedUp(outcome: Outcome<readonly Endpoint[]>): void {
    if (running.loop !== this.#loop) {
      this.#whenRunning(() => this.#lookedUp(outcome));
      return;
    }
    this.#lookup = null;
    const first = this.#waiting.peek();
    if (first === undefined || this.#lost > 0) return;
    const [found] = 'value' in outcome ? outcome.value : [];
    if (found !== undefined) first.to = found;
    else {
      this.#shift();
      this.#tell(
        'error' in outcome ? toOSError(outcome.error) : new OSError('getaddrinfo() returned empty list'),
      );
    }
    this.#caller.run(this.#sendMore, 'resumeWriting');
  }

  /** For the channel. */
  channelWritable(): void {
    if (this.#lingers) this.#loseSoon(null);
    else if (this.#lost > 0 || this.#lookup !== null) return;
    else if (running.loop === this.#loop) this.#caller.run(this.#sendMore, 'resumeWriting');
    else this.#whenRunning(() => this.channelWritable());
  }

  readonly #sendMore = (): void => {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      const { data, to } = next;
      if (isName(to)) {
        this.#lookUp(to);
        break;
      }
      if (!this.#channel.send(data, to)) break;
      this.#shift();
    }
    this.#caller.flowChanged(this.#flow.shrunk(this.getWriteBufferSize()));
    if (this.#closing && this.#lost === 0 && this.#isIdle()) this.#loseSoon(null);
  };

  #shift(): void {
    this.#waitingSize -= this.#waiting.take().data.length + HEADER_SIZE;
  }

  #isIdle(): boolean {
    return this.#waiting.size === 0 && this.#channel.unsent === 0;
  }

  /** How many bytes wait to be sent, 8 for each datagram among them. */
  getWriteBufferSize(): number {
    return this.#lost > 0 ? 0 : this.#waitingSize + this.#channel.unsent;
  }

  /** The low-water mark and the high-water mark, in bytes. */
  getWriteBufferLimits(): [low: number, high: number] {
    return this.#flow.limits;
  }

  /**
   * Set when the protocol is asked to pause and to go on.
   * @throws {ValueError} where not `high >= low >= 0`.
   */
  setWriteBufferLimits(limits: WriteBufferLimits = {}): void {
    this.#flow.set(limits);
    this.#caller.flowChanged(this.#flow.grown(this.getWriteBufferSize()));
  }

  // ---- ending -------------------------------------------------------------------------------------------------------------------

  override close(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#channel.pause();
    if (this.#isIdle()) this.#loseSoon(null);
  }

  override abort(): void {
    this.#forceClose(null);
  }

  #forceClose(error: Error | null): void {
    if (this.#lost > 0) return;
    this.#lookup?.cancel();
    this.#lookup = null;
    this.#waiting = new Deque();
    this.#waitingSize = 0;
    this.#closing = true;
    this.#channel.pause();
    this.#loseSoon(error);
  }

  #loseSoon(error: Error | null): void {
    this.#lost = Math.max(this.#lost, 1);
    this.#lingers = false;
    if (this.#loop.isClosed()) this.#end();
    else this.#loop._soon(connectionLost, [this, error], null);
  }

  /** @internal */
  _connectionLost(error: Error | null): void {
    // The channel tells of errors a little later than Python does; they come before the end all the same.
    if (error === null && this.#channel.pending > 0 && this.#channel.unsent === 0) {
      this.#lingers = true;
      return;
    }
    try {
      this.#caller.protocol?.connectionLost(error);
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#channel.close();
    this.#caller.protocol = null;
  }

  /** Nothing more is received until `event` has been done. */
  #whenRunning(event: () => void): void {
    this.#channel.pause();
    if (this.#loop.isClosed()) return;
    this.#caller.later(event);
    this.#loop._soon(startReceiving, [this], null);
  }

  /** @internal The protocol failed in one of its callbacks. The endpoint stays. */
  _protocolFailed(error: unknown, message: string): void {
    this._report(error, message.replace('Fatal error: protocol', 'Exception in protocol'));
  }

  /** @internal */
  _report(exception: unknown, message: string): void {
    const protocol = this.#caller.protocol;
    this.#loop.callExceptionHandler({ message, exception, transport: this, protocol });
  }

  override toString(): string {
    const parts = [this.constructor.name];
    if (this.#caller.protocol === null) parts.push('closed');
    else if (this.#closing) parts.push('closing');
    parts.push(`fd=${String(this.#channel.info('fileno') ?? -1)}`);
    parts.push(`read=${this.#closing ? 'idle' : 'polling'}`);
    parts.push(
      `write=<${this.#lost > 0 || this.#isIdle() ? 'idle' : 'polling'}, bufsize=${this.getWriteBufferSize()}>`,
    );
    return `<${parts.join(' ')}>`;
  }
}

function isName(to: Target): to is Name {
  return to !== null && to.family === 0;
}

function sameAddress(one: SocketAddress, other: SocketAddress): boolean {
  return Array.isArray(one) && one.length === other.length && one.every((part, i) => part === other[i]);
}

function connectionMade(protocol: DatagramProtocol, transport: UdpTransport): void {
  protocol.connectionMade(transport);
}

function startReceiving(transport: UdpTransport): void {
  transport._startReceiving();
}

function connectionLost(transport: UdpTransport, error: Error | null): void {
  transport._connectionLost(error);
}
