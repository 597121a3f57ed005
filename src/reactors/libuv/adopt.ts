/**
 * Sockets that somebody else has made, as channels and listeners: objects of `node:net` and `node:dgram`, and descriptors, such as a service manager
 * or a parent process hands over.
 *
 * An object of Node's stays what the connection runs on, so whoever holds it sees it end. A descriptor is given away: it is the channel's, and closed
 * with it; one of another kind is refused and left as it was, as far as the system tells of what kind it is.
 * Source: Node docs, "Net", `new net.Socket`, `server.listen(handle)`; "UDP/datagram sockets", `socket.bind(options)`; Python docs, "Event Loop", `sock`.
 */
import { createSocket, Socket as DatagramSocket } from 'node:dgram';
import { fstatSync } from 'node:fs';
import { createServer, Server, Socket } from 'node:net';
import { constants } from 'node:os';
import type {
  Address,
  Channel,
  DatagramChannel,
  Done,
  GivenFamily,
  Listener,
  Operation,
} from '../../core/channel.ts';
import { NotImplementedError, OSError, ValueError } from '../../core/errors.ts';
import { describe } from '../../core/repr.ts';
import { type ChannelOwner, Receiver, SocketChannel } from './channel.ts';
import { close, type DatagramOwner, handleOf, isClosedError, UdpChannel } from './datagram.ts';
import { type ListenerOwner, ServerListener } from './listener.ts';
import { Once } from './once.ts';
import { datagramFamilyOf, unixPathOf } from './proc-net.ts';
import { UnixListener } from './unix.ts';

/** A socket that can give its descriptor away, as Python's can. */
interface Detachable {
  fileno(): number;
  detach(): number;
}

/**
 * The channel of a connected socket.
 * @param family the only one that will do.
 * @throws {ValueError} where it is none, or is being read already; {OSError} where the descriptor is closed.
 */
export function adoptStream(
  given: object,
  owner: ChannelOwner,
  hasOnread: boolean,
  family?: GivenFamily,
): Channel {
  if (given instanceof Socket) {
    checkConnected(given);
    const isUnix = given.localAddress === undefined;
    if (family === 'unix' && !isUnix) throw notUnix(given);
    given.allowHalfOpen = true;
    given.setNoDelay(true);
    const names = isUnix ? { sockname: '', peername: '' } : undefined;
    return new SocketChannel(given, owner, null, names).fromHolder();
  }
  if (given instanceof Server || given instanceof DatagramSocket) throw notAStream(given);
  const fd = checkDescriptor(given);
  if (!fstatSync(fd).isSocket()) throw notAStream(given);
  checkFamily(given, fd, family);
  const receiver = hasOnread ? new Receiver(owner.receiveBuffer) : null;
  const onread = receiver === null ? {} : { onread: receiver };
  const socket = overDescriptor(
    given,
    fd,
    () => {
      const options: object = { fd, ...onread, pauseOnCreate: true, allowHalfOpen: true };
      return new Socket(options);
    },
    notAStream,
  );
  release(given);
  if (socket.localAddress !== undefined) return new SocketChannel(socket.setNoDelay(true), owner, receiver);
  const names = { sockname: unixPathOf(fd) ?? '', peername: '' };
  return new SocketChannel(socket, owner, receiver, names);
}

function checkConnected(socket: Socket): void {
  if ('encrypted' in socket)
    throw new TypeError('Socket cannot be of type TLSSocket: give the socket below it');
  if (socket.pending || socket.destroyed) {
    throw new ValueError(
      `a connected socket was expected, got one that is ${socket.destroyed ? 'closed' : 'not connected: await its connect event first'}`,
    );
  }
  if (socket.listenerCount('data') + socket.listenerCount('readable') > 0) {
    throw new ValueError(
      "a socket that nobody reads was expected, got one with 'data' or 'readable' listeners",
    );
  }
  checkGivesBytes(socket);
  if (socket.writableEnded) {
    throw new ValueError(
      'a socket that can be written to was expected, got one whose end() was called: ' +
        'make it with allowHalfOpen where the other side may end first',
    );
  }
}

/** @throws {ValueError} where it would give strings. */
export function checkGivesBytes(socket: Socket): Socket {
  if (socket.readableEncoding === null) return socket;
  throw new ValueError(
    `a socket that gives bytes was expected, got one that decodes ${socket.readableEncoding}: do not call its setEncoding()`,
  );
}

/** @throws {ValueError} where the system tells that a descriptor is of another family. */
function checkFamily(given: object, fd: number, family: GivenFamily | undefined): void {
  if (family === 'unix' && process.platform === 'linux' && unixPathOf(fd) === null) throw notUnix(given);
}

/** The listener of a bound socket. */
export function adoptListener(
  given: object,
  options: {
    readonly backlog: number;
    readonly keepAlive: boolean;
    readonly family?: GivenFamily | undefined;
  },
  owner: ListenerOwner,
  done: Done<Listener<Address>>,
): Operation {
  const { backlog, keepAlive, family } = options;
  const settings = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive };
  if (given instanceof Server) {
    checkListening(given);
    const isUnix = typeof given.address() === 'string';
    if (family === 'unix' && !isUnix) throw notUnix(given);
    Object.assign(given, settings);
    const operation = new Once(done, () => given.close());
    const Kind = isUnix ? UnixListener : ServerListener<Address>;
    process.nextTick(() => {
      if (operation.isOver) return;
      if (given.listening) operation.end({ value: new Kind(given, backlog, owner) as Listener<Address> });
      else operation.end({ error: notListening() });
    });
    return operation;
  }
  if (given instanceof Socket || given instanceof DatagramSocket) throw notAStream(given);
  const fd = checkDescriptor(given);
  if (!fstatSync(fd).isSocket()) throw notAStream(given);
  checkFamily(given, fd, family);
  // The system is asked before the socket is Node's: it may be closed by the time that Node tells of it.
  const path = unixPathOf(fd);
  const server = createServer(settings);
  const operation = new Once(done, () => server.on('error', ignore).close());
  server.once('listening', () => {
    server.removeListener('error', failed);
    operation.end({ value: new ServerListener<Address>(server, backlog, owner, path) });
  });
  const failed = (error: NodeJS.ErrnoException) =>
    operation.end({ error: error.code === 'EINVAL' || error.code === 'ENOTSUP' ? notAStream(given) : error });
  server.once('error', failed);
  server.listen({ fd, backlog });
  if (server.listening || !isOpen(fd)) release(given);
  return operation;
}

function checkListening(server: Server): void {
  if ('setSecureContext' in server)
    throw new TypeError('Socket cannot be of type tls.Server: give a net.Server');
  if (!server.listening) throw notListening();
  if (server.listenerCount('connection') > 0) {
    throw new ValueError("a server that nobody serves was expected, got one with 'connection' listeners");
  }
}

/** The channel of a socket of datagrams, bound by now. */
export function adoptDatagrams(given: object, owner: DatagramOwner, done: Done<DatagramChannel>): Operation {
  if (given instanceof DatagramSocket) return adoptSocket(given, checkUnread(given), {}, owner, done);
  if (given instanceof Socket || given instanceof Server) throw notDatagrams(given);
  const fd = checkDescriptor(given);
  const { family: told } = given as { readonly family?: unknown };
  const family = told === 4 || told === 6 ? told : (datagramFamilyOf(fd) ?? 4);
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    lookup: (host, _options, callback) => callback(null, host, family),
  });
  return adoptSocket(socket, false, { fd }, owner, done, given);
}

/** @returns whether it is bound. */
function checkUnread(socket: DatagramSocket): boolean {
  if (socket.listenerCount('message') > 0) {
    throw new ValueError("a socket that nobody reads was expected, got one with 'message' listeners");
  }
  return isBound(socket);
}

function adoptSocket(
  socket: DatagramSocket,
  bound: boolean,
  where: { readonly fd?: number },
  owner: DatagramOwner,
  done: Done<DatagramChannel>,
  descriptor?: object,
): Operation {
  const operation = new Once(done, () => close(socket.on('error', ignore)));
  const gone = () => operation.end({ error: closedDatagrams() });
  const listening = () => {
    socket.removeListener('error', failed).removeListener('close', gone);
    if (operation.isOver) return;
    if (!isBound(socket)) {
      gone();
      return;
    }
    const problem = descriptor === undefined ? null : problemOf(socket, familyOfType(socket));
    if (problem === null) operation.end({ value: new UdpChannel(socket, familyOf(socket), owner) });
    else {
      close(socket);
      operation.end({ error: problem });
    }
  };
  const failed = (error: Error) => operation.end({ error });
  if (bound) {
    process.nextTick(listening);
    return operation;
  }
  socket.once('error', failed).once('close', gone);
  try {
    if (descriptor === undefined) socket.bind({ port: 0, exclusive: true }, listening);
    else {
      const bind = () => socket.bind({ ...where, exclusive: true }, listening);
      overDescriptor(descriptor, where.fd as number, bind, notDatagrams);
      release(descriptor);
    }
  } catch (error) {
    // It is being bound: its owner has begun that.
    if (codeOf(error) === 'ERR_SOCKET_ALREADY_BOUND') socket.once('listening', listening);
    else {
      socket.removeListener('error', failed).removeListener('close', gone);
      if (descriptor !== undefined) close(socket);
      throw isClosedError(error) ? closedDatagrams() : error;
    }
  }
  return operation;
}

function closedDatagrams(): ValueError {
  return new ValueError('an open socket of datagrams was expected, got one that is closed');
}

/** What Node cannot do with a descriptor of datagrams; it has it by now. */
function problemOf(socket: DatagramSocket, family: 4 | 6): Error | null {
  if (familyOf(socket) !== family) {
    return new NotImplementedError(
      'the system does not show the family of this descriptor: give { fd, family: 6 } for IPv6',
    );
  }
  const isConnected = handleOf(socket)?.getpeername?.({}) === 0;
  if (!isConnected) return null;
  return new NotImplementedError(
    'the libuv reactor cannot use the descriptor of a connected socket of datagrams: leave it unconnected, or connect a Socket of node:dgram',
  );
}

function familyOfType(socket: DatagramSocket): 4 | 6 {
  return (socket as unknown as { readonly type: string }).type === 'udp6' ? 6 : 4;
}

function familyOf(socket: DatagramSocket): 4 | 6 {
  return socket.address().family === 'IPv6' ? 6 : 4;
}

function isBound(socket: DatagramSocket): boolean {
  try {
    socket.address();
    return true;
  } catch {
    return false;
  }
}

// ---- descriptors -----------------------------------------------------------------------------------------------------------------

/**
 * The descriptor of what was given.
 * @throws {TypeError} where that is nothing with a descriptor; {OSError} where it is closed.
 */
function checkDescriptor(given: object): number {
  const fd = 'fd' in given ? given.fd : isDetachable(given) ? given.fileno() : undefined;
  if (typeof fd !== 'number' || !Number.isInteger(fd)) {
    throw new TypeError(
      `sock must be a Socket or Server of node:net, a Socket of node:dgram, { fd }, or have fileno() and detach(), not ${describe(given)}`,
    );
  }
  if (isOpen(fd)) return fd;
  const fields = { code: 'EBADF', errno: constants.errno.EBADF, syscall: 'fstat' };
  throw new OSError(`[Errno ${fields.errno}] Bad file descriptor: ${fd}`, fields);
}

function isDetachable(given: object): given is Detachable {
  const { fileno, detach } = given as Partial<Detachable>;
  return typeof fileno === 'function' && typeof detach === 'function';
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

/** The descriptor is Node's from now on. */
function release(given: object): void {
  if (!('fd' in given) && isDetachable(given)) given.detach();
}

/** Let Node take a descriptor. Where it is of another kind, it is left as it was. */
function overDescriptor<T>(given: object, fd: number, take: () => T, wrong: (given: object) => Error): T {
  try {
    return take();
  } catch (error) {
    if (codeOf(error) === 'ERR_INVALID_FD_TYPE') throw wrong(given);
    if (codeOf(error) !== 'EEXIST') throw error;
    throw new ValueError(`descriptor ${fd} is already open as an object of Node's: give that object`);
  }
}

function notListening(): ValueError {
  return new ValueError(
    "a listening server was expected, got one that is not: await once(server, 'listening') first",
  );
}

function notUnix(given: object): ValueError {
  return new ValueError(`A UNIX Domain Stream Socket was expected, got ${describe(given)}`);
}

function notAStream(given: object): ValueError {
  return new ValueError(`A Stream Socket was expected, got ${describe(given)}`);
}

function notDatagrams(given: object): ValueError {
  return new ValueError(`A UDP Socket was expected, got ${describe(given)}`);
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null)?.code;
}

function ignore(): void {}
