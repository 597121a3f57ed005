/**
 * The one timer of Node that a reactor holds while it waits.
 *
 * It is armed for the first deadline. When a nearer one comes it is armed anew; when the one it was armed for is gone it fires for nothing: so timers
 * that are set and cancelled by the million cost nothing here.
 */

/** The longest time that a Node timer can be armed for, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

export class Alarm {
  readonly #fired: () => void;
  #timer: NodeJS.Timeout | null = null;
  /** When it fires, in seconds of the clock. */
  #at = Infinity;

  constructor(fired: () => void) {
    this.#fired = fired;
  }

  /** Fire at `deadline` at the latest. @param now the time. Both in seconds of one clock; `Infinity` is never. */
  arm(deadline: number, now: number): void {
    if (deadline === Infinity) {
      this.disarm();
      return;
    }
    if (this.#timer !== null && this.#at <= deadline) return;
    this.disarm();
    const milliseconds = Math.min(Math.max(Math.ceil((deadline - now) * 1000), 1), LONGEST);
    this.#at = now + milliseconds / 1000;
    this.#timer = setTimeout(this.#fire, milliseconds);
  }

  /** Fire after the longest time there is: keeps the process alive. */
  hold(): void {
    this.disarm();
    this.#timer = setTimeout(this.#fire, LONGEST);
  }

  disarm(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#at = Infinity;
  }

  readonly #fire = (): void => {
    this.#timer = null;
    this.#at = Infinity;
    this.#fired();
  };
}
