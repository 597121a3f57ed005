/**
 * The rows of the I/O table: what kind of server, the size of a message, how many connections, and how near to bare Node ours shall be.
 */
/** What a server does. */
export type Kind = 'protocol' | 'buffered' | 'streams' | 'tls' | 'unix' | 'udp' | 'writes';

/** Where servers listen. */
export const HOST = '127.0.0.1';

export interface IoRow {
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  /** Bytes in a message; 0 for `writes`. */
  readonly size: number;
  readonly connections: number;
  /** The part of bare Node's speed that is to be reached. */
  readonly target: number;
}

const KIB = 1024;

const TITLES: Readonly<Record<Kind, string>> = {
  protocol: 'echo by protocol',
  buffered: 'echo by a protocol with a buffer of its own',
  streams: 'echo by streams',
  tls: 'echo by protocol over TLS',
  unix: 'echo by protocol, Unix socket',
  udp: 'echo of datagrams',
  writes: 'writes of 10 MiB, both ends by streams, per MiB',
};

function echo(kind: Kind, kibs: number, connections: number, target: number): IoRow {
  const title = `${TITLES[kind]}: ${kibs} KiB, ${connections} connections`;
  return { id: `io_${kind}_${kibs}_${connections}`, kind, title, size: kibs * KIB, connections, target };
}

function grid(kind: Kind, target: number): IoRow[] {
  return [10, 100].flatMap((connections) =>
    [1, 10, 100].map((kibs) => echo(kind, kibs, connections, target)),
  );
}

export const IO_ROWS: readonly IoRow[] = [
  ...grid('protocol', 0.95),
  ...grid('streams', 0.85),
  ...[1, 10, 100].map((kibs) => echo('tls', kibs, 10, 0.9)),
  ...[1, 10, 100].map((kibs) => echo('unix', kibs, 10, 0.9)),
  echo('udp', 1, 10, 0.9),
  { id: 'io_writes', kind: 'writes', title: TITLES.writes, size: 0, connections: 1, target: 0.95 },
];

/** The rows by which the reactors are measured. */
export const RESPONSE_ROWS: readonly IoRow[] = [
  echo('protocol', 1, 1, 1),
  ...grid('protocol', 1),
  ...grid('buffered', 1),
  ...grid('streams', 1),
];
