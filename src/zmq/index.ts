/**
 * `asyncio-ts/zmq`: ZeroMQ for coroutines, in the shape of `zmq.asyncio` of pyzmq.
 *
 *     import * as zmq from 'asyncio-ts/zmq';
 *
 * It needs the package `zeromq`. Parameters that are times are in seconds, as everywhere; socket options keep libzmq's units, which are milliseconds.
 */
export { curveKeypair, has, zmqVersion } from './about.ts';
export * from './constants.ts';
export { Context } from './context.ts';
export { Again, ContextTerminated, ZMQBindError, ZMQError } from './errors.ts';
export * from './option-numbers.ts';
export type { OptionValue, SocketOptions } from './options.ts';
export { Poller } from './poller.ts';
export { proxy } from './proxy.ts';
export type { RandomPortOptions } from './random-port.ts';
export { type Bytes, type SendOptions, Socket } from './socket.ts';
