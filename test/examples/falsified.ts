/**
 * A tour with programs that do not print what they should, for the test that such a tour fails. The argument names the program.
 */
import * as asyncio from 'asyncio-ts';
import { programs } from '../../examples/tour/programs.ts';
import { type Programs, runTour } from '../../examples/tour/tour.ts';

const hello = programs['01-hello']!;

const falsified: Programs = {
  'wrong-line': { ...hello, output: ['hello', 'word'] },
  'missing-line': { ...hello, output: ['hello', 'world', 'and goodbye'] },
  'additional-line': { ...hello, output: ['hello'] },
  'too-fast': {
    title: 'takes less time than it should',
    generators: async () => console.log('time taken: 0.19'),
    output: ['time taken: {>=0.2}'],
  },
  fails: {
    title: 'fails after it has printed everything',
    async generators() {
      await hello.generators();
      throw new RangeError('too far');
    },
    output: hello.output,
  },
  'fails-behind': {
    title: 'prints everything, and fails in a callback',
    async generators() {
      await asyncio.run(function* () {
        const loop = asyncio.getRunningLoop();
        loop.callSoon(() => {
          throw new RangeError('too far');
        });
        yield* asyncio.sleep(0);
        console.log('hello');
        console.log('world');
      });
    },
    output: hello.output,
  },
  'never-ends': {
    title: 'waits for ever',
    generators: () => asyncio.run(asyncio.sleep(3600)),
    output: [],
  },
};

const name = process.argv[2] ?? '';
const program = falsified[name];
if (program === undefined) throw new Error(`there is no program ${name}`);
const held = await runTour(
  { '10-coroutine-result': programs['10-coroutine-result']!, [name]: program },
  { limit: 1 },
);
process.exit(held ? 0 : 1);
