/** Bad input to locks, semaphores, barriers and queues. */
import * as asyncio from '../../src/index.ts';
import { bad, type Row, refuses } from '../bad-input.ts';

const SYNC: readonly Row[] = [
  ['release of a lock not held', () => new asyncio.Lock().release(), 'RuntimeError', /^Lock is not acquired/],
  [
    'release of a condition not held',
    () => new asyncio.Condition().release(),
    'RuntimeError',
    /^Lock is not acquired/,
  ],
  [
    'wait on a condition not held',
    () => new asyncio.Condition().wait(),
    'RuntimeError',
    /^cannot wait on un-acquired lock$/,
  ],
  [
    'notify on a condition not held',
    () => new asyncio.Condition().notify(),
    'RuntimeError',
    /^cannot notify on un-acquired lock$/,
  ],
  [
    'a negative semaphore',
    () => new asyncio.Semaphore(-1),
    'ValueError',
    /^Semaphore initial value must be >= 0$/,
  ],
  [
    'a semaphore of a half',
    () => new asyncio.Semaphore(0.5),
    'TypeError',
    /^Semaphore needs a whole number of places, not 0\.5$/,
  ],
  [
    'a semaphore of NaN places',
    () => new asyncio.BoundedSemaphore(Number.NaN),
    'TypeError',
    /whole number of places, not NaN/,
  ],
  [
    'a bounded semaphore released too often',
    () => new asyncio.BoundedSemaphore().release(),
    'ValueError',
    /^BoundedSemaphore released too many times$/,
  ],
  ['a barrier of nobody', () => new asyncio.Barrier(0), 'ValueError', /^parties must be >= 1$/],
  ['a barrier of one and a half', () => new asyncio.Barrier(1.5), 'ValueError', /^parties must be >= 1$/],
  [
    'a queue of a size that is no number',
    () => new asyncio.Queue(bad('10')),
    'TypeError',
    /^Queue needs its maxsize as a number/,
  ],
  ['an empty queue', () => new asyncio.Queue().getNowait(), 'QueueEmpty', /^$/],
  [
    'taskDone() too often',
    () => new asyncio.Queue().taskDone(),
    'ValueError',
    /^task_done\(\) called too many times$/,
  ],
];

refuses({ synchronisation: SYNC });
