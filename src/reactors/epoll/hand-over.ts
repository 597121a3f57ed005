/**
 * A connection that goes on over a socket of Node's, for what Node does better: TLS.
 *
 * The descriptor is given to a new socket of `node:net`, and with it everything that has come and was not received yet, which the kernel still has. Source: Node docs, "Net",
 * `new net.Socket`.
 */
import { Socket } from 'node:net';
import type { Address } from '../../core/channel.ts';
import { type ChannelOwner, type Names, Receiver, SocketChannel } from '../libuv/channel.ts';
import type { DescriptorChannel } from './channel.ts';

/** @param channel paused, with everything sent; it is closed by this. @param owner who owns the new one. */
export function handOver(channel: DescriptorChannel, owner: ChannelOwner): SocketChannel {
  const names = unixNames(channel);
  const receiver = new Receiver(owner.receiveBuffer);
  const options: object = {
    fd: channel.detach(),
    onread: receiver,
    pauseOnCreate: true,
    allowHalfOpen: true,
  };
  return new SocketChannel(new Socket(options), owner, receiver, names);
}

/** Of a Unix socket Node does not know them. */
function unixNames(channel: DescriptorChannel): Names | undefined {
  const [sockname, peername] = ['sockname', 'peername'].map((name) => channel.info(name) as Address | null);
  return typeof sockname === 'string' && typeof peername === 'string' ? { sockname, peername } : undefined;
}
