/**
 * `asyncio-ts/testing`: deterministic tests of concurrent code, in no time.
 *
 * Everything that waits for time runs on a clock that jumps, so a test of a minute's timeout takes a millisecond and always goes the same way.
 */
export { VirtualClock, VirtualReactor } from '../reactors/virtual/reactor.ts';
export { newVirtualLoop, runVirtual, runVirtualSync, type VirtualOptions, virtualTest } from './virtual.ts';
