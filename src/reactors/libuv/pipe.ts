/**
 * Pipes as channels: ends that are open already, and the near ends of a child's descriptors.
 *
 * Between this process and a child Node makes socket pairs, which can be read at both ends: that the child closed its input is told at once. A true
 * pipe tells its writer only when it writes. Source: Node docs, "Net", `new net.Socket`; "TTY"; pipe(7).
 */
import { fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty, ReadStream, WriteStream } from 'node:tty';
import type { Channel } from '../../core/channel.ts';
import { NotImplementedError, ValueError } from '../../core/errors.ts';
import { describe } from '../../core/repr.ts';
import { checkGivesBytes } from './adopt.ts';
import { type ChannelOwner, Receiver, SocketChannel } from './channel.ts';

/** What Node keeps below a socket. */
interface Holder {
  _handle: { readonly useUserBuffer?: unknown } | null;
}

/** The channel of a socket that Node made, which nobody has read from or written to: its handle is taken over by one that reads as channels do. */
export function takeOver(socket: Socket, owner: ChannelOwner): Channel {
  const holder = socket as unknown as Holder;
  const handle = holder._handle;
  if (typeof handle?.useUserBuffer !== 'function') return new SocketChannel(socket, owner, null);
  const receiver = new Receiver(owner.receiveBuffer);
  holder._handle = null;
  socket.destroy();
  const options: object = { handle, onread: receiver, pauseOnCreate: true, allowHalfOpen: true };
  return new SocketChannel(new Socket(options), owner, receiver);
}

/** @throws {ValueError} where it is no pipe, socket or terminal. */
export function openReadEnd(pipe: number | object, owner: ChannelOwner): Channel {
  if (typeof pipe !== 'number') return new SocketChannel(checkReadable(pipe), owner, null).fromHolder();
  switch (kindOf(pipe)) {
    case 'terminal':
      return new SocketChannel(new ReadStream(pipe), owner, null);
    case 'file':
      throw new ValueError('Pipe transport is for pipes/sockets only.');
    default: {
      const receiver = new Receiver(owner.receiveBuffer);
      const options: object = {
        fd: pipe,
        onread: receiver,
        pauseOnCreate: true,
        allowHalfOpen: true,
        writable: false,
      };
      return new SocketChannel(new Socket(options), owner, receiver);
    }
  }
}

/** @throws {ValueError} where it is no pipe, socket or terminal. */
export function openWriteEnd(pipe: number | object, owner: ChannelOwner): Channel {
  if (typeof pipe !== 'number') return new WriteOnlyChannel(checkWritable(pipe), owner, null).fromHolder();
  switch (kindOf(pipe)) {
    case 'terminal':
      return new WriteOnlyChannel(new WriteStream(pipe), owner, null);
    case 'file':
      throw new ValueError('Pipe transport is only for pipes, sockets and character devices');
    case 'pipe':
      return new WriteOnlyChannel(new Socket({ fd: pipe, readable: false, writable: true }), owner, null);
    default:
      return takeOver(new Socket({ fd: pipe, readable: false, writable: true }), owner);
  }
}

/** A channel that is never read from: true pipes cannot be, and terminals must not be. */
class WriteOnlyChannel extends SocketChannel {
  override resume(): void {}
}

function checkSocket(pipe: object): Socket {
  if (pipe instanceof Socket) return pipe;
  throw new TypeError(
    `a pipe must be given by its descriptor, or as a Socket of node:net (such as process.stdin), not ${describe(pipe)}`,
  );
}

/** One that has ended, and was destroyed for that, can be read: its end comes at once. */
function checkReadable(pipe: object): Socket {
  const socket = checkSocket(pipe);
  if (socket.destroyed && !(socket.readableEnded && socket.errored === null)) {
    throw new ValueError('an open pipe was expected, got a socket that is closed');
  }
  return checkGivesBytes(socket);
}

function checkWritable(pipe: object): Socket {
  const socket = checkSocket(pipe);
  if (!socket.destroyed && !socket.writableEnded) return socket;
  throw new ValueError(
    `a pipe that can be written to was expected, got a socket ${socket.destroyed ? 'that is closed' : 'whose end() was called'}`,
  );
}

function kindOf(fd: number): 'pipe' | 'socket' | 'terminal' | 'file' {
  const stat = fstatSync(fd);
  if (stat.isFIFO()) return 'pipe';
  if (stat.isSocket()) return 'socket';
  if (!stat.isCharacterDevice()) return 'file';
  if (isatty(fd)) return 'terminal';
  throw new NotImplementedError('the libuv reactor cannot wait for a device that is no terminal');
}
