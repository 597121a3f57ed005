/**
 * An async context manager: something that is opened before a block and closed after it, whatever happened in between.
 *
 * `aenter` and `aexit` are Python's `__aenter__` and `__aexit__`; either may wait. `aexit` is told of the error that ended the block, and would
 * swallow it by returning true.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'an async context manager closes what it opened';

export async function generators() {
  class Connection {
    *aenter(): asyncio.Coroutine<Connection> {
      console.log('connecting');
      yield* asyncio.sleep(0.05);
      return this;
    }

    *aexit(error?: unknown): asyncio.Coroutine<void> {
      console.log(error === undefined ? 'closing' : `closing after ${error}`);
      yield* asyncio.sleep(0.05);
      console.log('closed');
    }

    *ask(question: string): asyncio.Coroutine<string> {
      if (question === '') throw new asyncio.ValueError('no question');
      yield* asyncio.sleep(0.05);
      return `the answer to ${question}`;
    }
  }

  function* main(): asyncio.Coroutine<void> {
    yield* asyncio.asyncWith(new Connection(), function* (connection) {
      console.log(yield* connection.ask('life'));
    });

    try {
      yield* asyncio.asyncWith(new Connection(), function* (connection) {
        console.log(yield* connection.ask(''));
      });
    } catch (error) {
      console.log(`caught ${error}`);
    }
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  class Connection {
    async aenter() {
      console.log('connecting');
      await asyncio.sleep(0.05);
      return this;
    }

    async aexit(error?: unknown) {
      console.log(error === undefined ? 'closing' : `closing after ${error}`);
      await asyncio.sleep(0.05);
      console.log('closed');
    }

    async ask(question: string) {
      if (question === '') throw new asyncio.ValueError('no question');
      await asyncio.sleep(0.05);
      return `the answer to ${question}`;
    }
  }

  async function main() {
    await asyncio.asyncWith(new Connection(), async (connection) => {
      console.log(await connection.ask('life'));
    });

    try {
      await asyncio.asyncWith(new Connection(), async (connection) => {
        console.log(await connection.ask(''));
      });
    } catch (error) {
      console.log(`caught ${error}`);
    }
  }

  await asyncio.run(main);
}

export const output = [
  'connecting',
  'the answer to life',
  'closing',
  'closed',
  'connecting',
  'closing after ValueError: no question',
  'closed',
  'caught ValueError: no question',
];
