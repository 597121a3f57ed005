/**
 * The constants of Python's `socket` module that lookups, datagrams and raw sockets know, exported as `asyncio.socket`.
 *
 * Families have the numbers that Node and this library write everywhere (4, 6, and 0 for any), not those of the C library, so that
 * `family: asyncio.socket.AF_INET6` and `family: 6` are the same. All others have the numbers of Linux, on every platform.
 * Source: Python docs, "socket", "Constants"; `netdb.h`.
 */

/** Any family. */
export const AF_UNSPEC: 0 = 0;
/** Unix sockets. */
export const AF_UNIX: 1 = 1;
/** IPv4. */
export const AF_INET: 4 = 4;
/** IPv6. */
export const AF_INET6: 6 = 6;

export const SOCK_STREAM: 1 = 1;
export const SOCK_DGRAM: 2 = 2;
export const SOCK_RAW: 3 = 3;

export const IPPROTO_IP: 0 = 0;
export const IPPROTO_TCP: 6 = 6;
export const IPPROTO_UDP: 17 = 17;

export const IPPROTO_IPV6: 41 = 41;

/** The level of options that every socket has. */
export const SOL_SOCKET: 1 = 1;
export const SO_REUSEADDR: 2 = 2;
export const SO_TYPE: 3 = 3;
export const SO_ERROR: 4 = 4;
/** Options of sockets, and what they are about: for `getsockopt` and `setsockopt`. */
export const SO_BROADCAST: 6 = 6;
export const SO_SNDBUF: 7 = 7;
export const SO_RCVBUF: 8 = 8;
export const SO_KEEPALIVE: 9 = 9;
export const SO_LINGER: 13 = 13;
export const SO_REUSEPORT: 15 = 15;
/** Of `IPPROTO_TCP`: send small pieces at once. */
export const TCP_NODELAY: 1 = 1;
/** Of `IPPROTO_IPV6`: no IPv4 addresses. */
export const IPV6_V6ONLY: 26 = 26;

/** Look, and leave it there. */
export const MSG_PEEK: 0x2 = 0x2;
export const MSG_DONTWAIT: 0x40 = 0x40;
export const MSG_WAITALL: 0x100 = 0x100;
/** A peer that is gone is an error, not a signal; sockets of this library always send so. */
export const MSG_NOSIGNAL: 0x4000 = 0x4000;

export const SHUT_RD: 0 = 0;
export const SHUT_WR: 1 = 1;
export const SHUT_RDWR: 2 = 2;

/** How many connections a system lets wait at most. */
export const SOMAXCONN: 4096 = 4096;
export const SO_PROTOCOL: 38 = 38;
export const TCP_KEEPIDLE: 4 = 4;
export const IP_TTL: 2 = 2;
export const IP_MULTICAST_TTL: 33 = 33;
export const IP_MULTICAST_LOOP: 34 = 34;

/** `getaddrinfo`: addresses to listen at. */
export const AI_PASSIVE: 0x1 = 0x1;
/** `getaddrinfo`: tell the canonical name. */
export const AI_CANONNAME: 0x2 = 0x2;
/** `getaddrinfo`: the host is an address, look up nothing. */
export const AI_NUMERICHOST: 0x4 = 0x4;
/** `getaddrinfo`: where there is no IPv6 address, IPv4 addresses as IPv6 addresses. */
export const AI_V4MAPPED: 0x8 = 0x8;
/** `getaddrinfo`: with `AI_V4MAPPED`, addresses of both families. */
export const AI_ALL: 0x10 = 0x10;
/** `getaddrinfo`: leave out families that this machine has no address of. */
export const AI_ADDRCONFIG: 0x20 = 0x20;
/** `getaddrinfo`: the port is a number, look up no service. */
export const AI_NUMERICSERV: 0x400 = 0x400;

/** `getnameinfo`: the address of the host, not its name. */
export const NI_NUMERICHOST: 0x1 = 0x1;
/** `getnameinfo`: the number of the port, not the name of its service. */
export const NI_NUMERICSERV: 0x2 = 0x2;
/** `getnameinfo`: only the first part of the name, for hosts of the own domain. */
export const NI_NOFQDN: 0x4 = 0x4;
/** `getnameinfo`: fail where the host has no name. */
export const NI_NAMEREQD: 0x8 = 0x8;
/** `getnameinfo`: the service of a datagram port. */
export const NI_DGRAM: 0x10 = 0x10;

export const EAI_BADFLAGS: -1 = -1;
export const EAI_NONAME: -2 = -2;
export const EAI_AGAIN: -3 = -3;
export const EAI_FAIL: -4 = -4;
export const EAI_NODATA: -5 = -5;
export const EAI_FAMILY: -6 = -6;
export const EAI_SOCKTYPE: -7 = -7;
export const EAI_SERVICE: -8 = -8;
export const EAI_ADDRFAMILY: -9 = -9;
