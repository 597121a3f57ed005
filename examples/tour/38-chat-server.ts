/**
 * A chat server with a thousand clients: whatever one says, all hear, and all in the same order.
 *
 * Who says something does not wait for those who hear it: each connection has a buffer of its own, and one whose client does not read is cut off
 * before it fills the memory. A client that leaves ends its handler, which leaves the room.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'a chat server with 1,000 clients';

const CLIENTS = 1000;
const SPEAKERS = 10;
/** How much may wait for a client that does not read, in bytes. */
const PATIENCE = 1024 * 1024;

const encode = (line: string) => new TextEncoder().encode(`${line}\n`);
const decode = (line: Uint8Array) => new TextDecoder().decode(line).trimEnd();

/** Everyone who is connected. */
class Room {
  readonly writers = new Set<asyncio.StreamWriter>();

  say(line: string): void {
    const data = encode(line);
    for (const writer of this.writers) {
      if (writer.transport.getWriteBufferSize() > PATIENCE) writer.transport.abort();
      else writer.write(data);
    }
  }
}

export async function generators() {
  function* handle(
    room: Room,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
  ): asyncio.Coroutine<void> {
    room.writers.add(writer);
    try {
      writer.write(encode('welcome'));
      yield* asyncio.asyncFor(reader, function* (line) {
        room.say(decode(line));
      });
    } finally {
      room.writers.delete(writer);
      writer.close();
    }
  }

  function* client(port: number, number: number, allIn: asyncio.Barrier): asyncio.Coroutine<string> {
    const [reader, writer] = yield* asyncio.openConnection('127.0.0.1', port);
    const heard = [decode(yield* reader.readline())];
    yield* allIn.wait();
    if (number < SPEAKERS) writer.write(encode(`client ${number} says hello`));
    while (heard.length <= SPEAKERS) heard.push(decode(yield* reader.readline()));
    writer.close();
    yield* writer.waitClosed();
    return heard.join('\n');
  }

  function* main(): asyncio.Coroutine<void> {
    const room = new Room();
    const server = yield* asyncio.startServer(
      (reader, writer) => handle(room, reader, writer),
      '127.0.0.1',
      0,
      { backlog: CLIENTS },
    );
    const [, port] = server.sockets[0]!.getsockname();
    const allIn = new asyncio.Barrier(CLIENTS);
    const numbers = Array.from({ length: CLIENTS }, (_, number) => number);
    const heard = yield* asyncio.gather(...numbers.map((number) => client(port, number, allIn)));
    report(heard);
    yield* server.shutdown({ grace: null });
    console.log(`${room.writers.size} are left in the room`);
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function handle(room: Room, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) {
    room.writers.add(writer);
    try {
      writer.write(encode('welcome'));
      for await (const line of reader) room.say(decode(line));
    } finally {
      room.writers.delete(writer);
      writer.close();
    }
  }

  async function client(port: number, number: number, allIn: asyncio.Barrier) {
    const [reader, writer] = await asyncio.openConnection('127.0.0.1', port);
    const heard = [decode(await reader.readline())];
    await allIn.wait();
    if (number < SPEAKERS) writer.write(encode(`client ${number} says hello`));
    while (heard.length <= SPEAKERS) heard.push(decode(await reader.readline()));
    writer.close();
    await writer.waitClosed();
    return heard.join('\n');
  }

  async function main() {
    const room = new Room();
    const server = await asyncio.startServer(
      async (reader, writer) => handle(room, reader, writer),
      '127.0.0.1',
      0,
      { backlog: CLIENTS },
    );
    const [, port] = server.sockets[0]!.getsockname();
    const allIn = new asyncio.Barrier(CLIENTS);
    const numbers = Array.from({ length: CLIENTS }, (_, number) => number);
    const heard = await asyncio.gather(...numbers.map((number) => () => client(port, number, allIn)));
    report(heard);
    await server.shutdown({ grace: null });
    console.log(`${room.writers.size} are left in the room`);
  }

  await asyncio.run(main);
}

/** What all have heard; in which order the speakers were heard is the system's choice, but it is the same for all. */
function report(heard: readonly string[]): void {
  const conversations = new Set(heard);
  console.log(`${heard.length} clients heard ${conversations.size} conversation`);
  for (const line of heard[0]!.split('\n')) console.log(line);
}

export const output = [
  `${CLIENTS} clients heard 1 conversation`,
  'welcome',
  Array.from({ length: SPEAKERS }, (_, number) => `client ${number} says hello`),
  '0 are left in the room',
];
