/**
 * Unix sockets over `node:net`.
 *
 * Node takes paths as strings alone and tells no addresses, so those of a connection are the ones that it was made with. Where libuv differs from the
 * system it is put right here: a directory that does not exist is told as such (libuv says that it may not be entered), and whatever is at the path
 * of a listener stays when the listener is closed (libuv removes it, though it may be another one's by then).
 * Source: Node docs, "Net", "IPC support"; unix(7); libuv, `src/unix/pipe.c`.
 */
import { randomBytes } from 'node:crypto';
import { renameSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import type { Channel, Done, Listener, Operation } from '../../core/channel.ts';
import { NotImplementedError } from '../../core/errors.ts';
import { type ChannelOwner, type Receiver, SocketChannel } from './channel.ts';
import { type ListenerOwner, ServerListener } from './listener.ts';
import { Once } from './once.ts';

export function connectUnix(
  bytes: Uint8Array,
  receiver: Receiver | null,
  owner: ChannelOwner,
  done: Done<Channel>,
): Operation {
  const path = toText(bytes);
  const socket = connect({ path, ...(receiver === null ? {} : { onread: receiver }), allowHalfOpen: true });
  // Reading begins when the channel is told to.
  socket.pause();
  const operation = new Once(done, () => socket.on('error', ignore).destroy());
  socket.once('connect', () => {
    socket.removeListener('error', failed);
    const names = { sockname: '', peername: path };
    operation.end({ value: new SocketChannel(socket, owner, receiver, names) });
  });
  const failed = (error: Error) => operation.end({ error });
  socket.once('error', failed);
  return operation;
}

export function listenUnix(
  bytes: Uint8Array,
  backlog: number,
  owner: ListenerOwner,
  done: Done<Listener<string>>,
): Operation {
  const path = toText(bytes);
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  // Given up before anyone knew of it, it leaves no file.
  const operation = new Once(done, () => server.on('error', ignore).close());
  server.once('listening', () => {
    server.removeListener('error', failed);
    operation.end({ value: new UnixListener(server, backlog, owner) });
  });
  const failed = (error: Error) => operation.end({ error: asTheSystemHasIt(error, path) });
  server.once('error', failed);
  server.listen({ path, backlog });
  return operation;
}

/** Whatever is at its path stays when it is closed. */
export class UnixListener extends ServerListener<string> {
  #open = true;

  override close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.address.startsWith('\0')) super.close();
    else keepingFile(this.address, () => super.close());
  }
}

/**
 * Close what removes `path`, and keep what is there: it is renamed for that moment, which only who could remove it can. Node does not run anything else
 * meanwhile; another process that looks just then finds nothing.
 */
function keepingFile(path: string, close: () => void): void {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    close();
    return;
  }
  try {
    close();
  } finally {
    renameSync(aside, path);
  }
}

/** @throws {NotImplementedError} where Node could not be told the path. */
function toText(path: Uint8Array): string {
  const text = Buffer.from(path).toString();
  if (Buffer.from(text).equals(path)) return text;
  throw new NotImplementedError(
    `the libuv reactor cannot use a path that is not UTF-8: ${JSON.stringify(text)}`,
  );
}

/** libuv says `EACCES` for `ENOENT`, as Windows would. */
function asTheSystemHasIt(error: Error, path: string): Error {
  if ((error as NodeJS.ErrnoException).code !== 'EACCES' || path.startsWith('\0')) return error;
  try {
    statSync(dirname(path));
    return error;
  } catch (other) {
    if ((other as NodeJS.ErrnoException).code !== 'ENOENT') return error;
    const message = `bind ENOENT: no such file or directory, ${path}`;
    return Object.assign(new Error(message), {
      code: 'ENOENT',
      errno: -constants.errno.ENOENT,
      syscall: 'bind',
    });
  }
}

function ignore(): void {}
