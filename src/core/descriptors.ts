/**
 * What a reactor offers for descriptors that are not its own: to tell when they can be read from, and when they can be written to.
 *
 * Level-triggered: who is told, and does nothing about it, is told again. Errors and hang-ups count as both.
 */

/** What a descriptor is watched for. */
export type Direction = 'read' | 'write';

export interface Descriptors {
  /**
   * Call `ready` whenever `fd` can be used in this direction, in place of the function before; `null`: watch it no more.
   * @returns whether there was a function before.
   * @throws the host's error where it cannot be watched.
   */
  watch(fd: number, direction: Direction, ready: (() => void) | null): boolean;
  /** Watch it no more, unless another function has come in the place of `ready`. */
  unwatch(fd: number, direction: Direction, ready: () => void): void;
  /** Does a connection or a server of this loop use `fd`? */
  isUsed(fd: number): boolean;
}
