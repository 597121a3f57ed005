/**
 * The numbers of ZeroMQ under pyzmq's names: kinds of sockets, flags, events, and what errors are numbered.
 *
 * Source: zmq.h of libzmq 4.3; man zmq_socket(3), zmq_send(3), zmq_recv(3), zmq_poll(3), zmq_errno(3).
 */
import { constants as os } from 'node:os';

export const PAIR = 0;
export const PUB = 1;
export const SUB = 2;
export const REQ = 3;
export const REP = 4;
export const DEALER = 5;
export const ROUTER = 6;
export const PULL = 7;
export const PUSH = 8;
export const XPUB = 9;
export const XSUB = 10;
export const STREAM = 11;

/** The kinds of sockets. */
export type SocketType = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11;

/** A flag of `send` and `recv`: fail with `Again` where that cannot be done now. */
export const DONTWAIT = 1;
/** The older name of `DONTWAIT`. */
export const NOBLOCK = 1;
/** A flag of `send`: more frames of this message follow. */
export const SNDMORE = 2;

/** An event: a message can be received. */
export const POLLIN = 1;
/** An event: a message can be sent. */
export const POLLOUT = 2;

/** Where libzmq begins to count the errors that are its own. */
const HAUSNUMERO = 156_384_712;

export const EAGAIN: number = os.errno.EAGAIN;
export const EINVAL: number = os.errno.EINVAL;
export const ENOTSUP: number = os.errno.ENOTSUP;
export const ENOTSOCK: number = os.errno.ENOTSOCK;
export const EADDRINUSE: number = os.errno.EADDRINUSE;
export const EHOSTUNREACH: number = os.errno.EHOSTUNREACH;
/** The socket is not in a state for that: a REQ that has not had its answer, a REP that has not had a request. */
export const EFSM: number = HAUSNUMERO + 51;
export const ENOCOMPATPROTO: number = HAUSNUMERO + 52;
/** The context was terminated. */
export const ETERM: number = HAUSNUMERO + 53;
export const EMTHREAD: number = HAUSNUMERO + 54;
