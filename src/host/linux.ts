/**
 * The numbers of Linux that its headers name; the same on x86-64 and arm64.
 *
 * Source: `bits/socket.h`, `asm-generic/socket.h`, `netinet/tcp.h`, `sys/epoll.h`, `fcntl.h`.
 */

export const AF_UNIX: number = 1;
export const AF_INET: number = 2;
export const AF_INET6: number = 10;

export const SOCK_STREAM: number = 1;
export const SOCK_DGRAM: number = 2;
export const SOCK_NONBLOCK: number = 0o4000;
export const SOCK_CLOEXEC: number = 0o2000000;

export const SOL_SOCKET: number = 1;
export const SO_REUSEADDR: number = 2;
export const SO_TYPE: number = 3;
export const SO_ERROR: number = 4;
export const SO_BROADCAST: number = 6;
export const SO_KEEPALIVE: number = 9;
export const SO_LINGER: number = 13;
export const SO_REUSEPORT: number = 15;
export const SO_ACCEPTCONN: number = 30;
export const SO_PROTOCOL: number = 38;
export const SO_DOMAIN: number = 39;
export const IPPROTO_TCP: number = 6;
export const TCP_NODELAY: number = 1;
export const IPPROTO_IPV6: number = 41;
export const IPV6_V6ONLY: number = 26;

export const MSG_PEEK: number = 0x2;
export const MSG_DONTWAIT: number = 0x40;
/** A peer that is gone is told by an error, not by a signal. */
export const MSG_NOSIGNAL: number = 0x4000;

export const SHUT_RD: number = 0;
export const SHUT_WR: number = 1;
export const SHUT_RDWR: number = 2;

export const F_GETFL: number = 3;
export const F_SETFL: number = 4;
export const F_DUPFD_CLOEXEC: number = 1030;
export const O_NONBLOCK: number = 0o4000;

export const EPOLL_CLOEXEC: number = 0o2000000;
export const EPOLL_CTL_ADD: number = 1;
export const EPOLL_CTL_DEL: number = 2;
export const EPOLL_CTL_MOD: number = 3;
export const EPOLLIN: number = 0x1;
export const EPOLLPRI: number = 0x2;
export const EPOLLOUT: number = 0x4;
export const EPOLLERR: number = 0x8;
export const EPOLLHUP: number = 0x10;
export const EPOLLRDHUP: number = 0x2000;

export const EPERM: number = 1;
export const ENOENT: number = 2;
export const EINTR: number = 4;
export const EBADF: number = 9;
export const EAGAIN: number = 11;
export const EEXIST: number = 17;
export const EINVAL: number = 22;
export const ENOSYS: number = 38;
export const ENFILE: number = 23;
export const EMFILE: number = 24;
export const EPROTO: number = 71;
export const ENOTSOCK: number = 88;
export const EMSGSIZE: number = 90;
export const ECONNABORTED: number = 103;
export const ENOBUFS: number = 105;
export const EISCONN: number = 106;
export const ENOTCONN: number = 107;
export const EINPROGRESS: number = 115;
export const ENOMEM: number = 12;
