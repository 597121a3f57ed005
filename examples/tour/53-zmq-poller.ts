/**
 * ZeroMQ's `Poller`: a worker listens to two sockets at once, one with its work and one that tells it to stop, so that both sides end together.
 */
import * as asyncio from 'asyncio-ts';
import * as zmq from 'asyncio-ts/zmq';

export const title = 'a ZeroMQ poller over two sockets, and an end that both sides know of';

function sockets(context: zmq.Context) {
  const [jobs, results] = [context.socket(zmq.PUSH), context.socket(zmq.PULL)];
  const [work, control] = [context.socket(zmq.PULL), context.socket(zmq.SUB)];
  const publisher = context.socket(zmq.XPUB);
  work.connect(`tcp://127.0.0.1:${jobs.bindToRandomPort('tcp://127.0.0.1')}`);
  control.connect(`tcp://127.0.0.1:${publisher.bindToRandomPort('tcp://127.0.0.1')}`);
  control.subscribe('');
  return { jobs, results, work, control, publisher };
}

export async function generators() {
  function* worker(work: zmq.Socket, control: zmq.Socket, sink: zmq.Socket): asyncio.Coroutine<void> {
    const poller = new zmq.Poller();
    poller.register(work, zmq.POLLIN);
    poller.register(control, zmq.POLLIN);
    while (true) {
      const ready = new Map(yield* poller.poll());
      if (ready.has(work)) {
        const number = Number(yield* work.recvString());
        yield* sink.sendJson([number, number ** 2]);
      }
      if (ready.has(control)) {
        console.log(`worker: told to ${yield* control.recvString()}`);
        return;
      }
    }
  }

  function* main(): asyncio.Coroutine<void> {
    using context = new zmq.Context();
    const { jobs, results, work, control, publisher } = sockets(context);
    const sink = context.socket(zmq.PUSH);
    sink.connect(`tcp://127.0.0.1:${results.bindToRandomPort('tcp://127.0.0.1')}`);
    yield* publisher.recv(); // the worker has subscribed

    const working = asyncio.createTask(worker(work, control, sink));
    for (const number of [1, 2, 3]) yield* jobs.sendString(String(number));
    for (let i = 0; i < 3; i++) console.log('result:', yield* results.recvJson());
    yield* publisher.sendString('stop');
    yield* working;
    console.log('both have ended');
  }

  await asyncio.run(main());
}

export async function asyncFunctions() {
  async function worker(work: zmq.Socket, control: zmq.Socket, sink: zmq.Socket) {
    const poller = new zmq.Poller();
    poller.register(work, zmq.POLLIN);
    poller.register(control, zmq.POLLIN);
    while (true) {
      const ready = new Map(await poller.poll());
      if (ready.has(work)) {
        const number = Number(await work.recvString());
        await sink.sendJson([number, number ** 2]);
      }
      if (ready.has(control)) {
        console.log(`worker: told to ${await control.recvString()}`);
        return;
      }
    }
  }

  async function main() {
    using context = new zmq.Context();
    const { jobs, results, work, control, publisher } = sockets(context);
    const sink = context.socket(zmq.PUSH);
    sink.connect(`tcp://127.0.0.1:${results.bindToRandomPort('tcp://127.0.0.1')}`);
    await publisher.recv(); // the worker has subscribed

    const working = asyncio.createTask(() => worker(work, control, sink));
    for (const number of [1, 2, 3]) await jobs.sendString(String(number));
    for (let i = 0; i < 3; i++) console.log('result:', await results.recvJson());
    await publisher.sendString('stop');
    await working;
    console.log('both have ended');
  }

  await asyncio.run(main);
}

export const output = [
  'result: [ 1, 1 ]',
  'result: [ 2, 4 ]',
  'result: [ 3, 9 ]',
  'worker: told to stop',
  'both have ended',
];
