/**
 * Signals: a handler of the loop, and signals one after the other as an async iterable.
 *
 * A handler runs in the loop, between two steps of tasks, so it may do what any callback may. While a signal has one it does not do what it
 * does otherwise: here, SIGTERM does not end the process, and Ctrl-C does not cancel the main task.
 */
import * as asyncio from 'asyncio-ts';

export const title = 'signals: a handler, and an async iterator';

export async function generators() {
  function* main(): asyncio.Coroutine<void> {
    const loop = asyncio.getRunningLoop();

    const stop = new asyncio.Event();
    loop.addSignalHandler(
      'SIGTERM',
      (name: string) => {
        console.log(`${name} came`);
        stop.set();
      },
      'SIGTERM',
    );
    process.kill(process.pid, 'SIGTERM');
    yield* stop.wait();
    console.log(`handler removed: ${loop.removeSignalHandler('SIGTERM')}`);

    const signals = asyncio.signals('SIGINT', 'SIGHUP');
    process.kill(process.pid, 'SIGHUP');
    yield* asyncio.asyncFor(signals, function* (signal) {
      console.log(`the iterator gave ${signal}`);
      if (signal === 'SIGINT') return asyncio.BREAK; // from here on Ctrl-C is Ctrl-C again
      yield* asyncio.sleep(0.05);
      process.kill(process.pid, 'SIGINT');
      return undefined;
    });

    try {
      loop.addSignalHandler('SIGKILL', () => {});
    } catch (error) {
      console.log(String(error));
    }
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function main() {
    const loop = asyncio.getRunningLoop();

    const stop = new asyncio.Event();
    loop.addSignalHandler(
      'SIGTERM',
      (name: string) => {
        console.log(`${name} came`);
        stop.set();
      },
      'SIGTERM',
    );
    process.kill(process.pid, 'SIGTERM');
    await stop.wait();
    console.log(`handler removed: ${loop.removeSignalHandler('SIGTERM')}`);

    const signals = asyncio.signals('SIGINT', 'SIGHUP');
    process.kill(process.pid, 'SIGHUP');
    for await (const signal of signals) {
      console.log(`the iterator gave ${signal}`);
      if (signal === 'SIGINT') break; // from here on Ctrl-C is Ctrl-C again
      await asyncio.sleep(0.05);
      process.kill(process.pid, 'SIGINT');
    }

    try {
      loop.addSignalHandler('SIGKILL', () => {});
    } catch (error) {
      console.log(String(error));
    }
  }

  await asyncio.run(main);
}

export const output = [
  'SIGTERM came',
  'handler removed: true',
  'the iterator gave SIGHUP',
  'the iterator gave SIGINT',
  'RuntimeError: sig 9 cannot be caught',
];
