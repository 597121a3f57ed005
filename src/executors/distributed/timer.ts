/**
 * Timers of any length: those of the host end at once where they are set to more than 24.8 days.
 */

/** The longest timer of the host, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Call `due` in `seconds`, which may be infinite. @returns what takes that back. */
export function after(seconds: number, due: () => void): () => void {
  const at = performance.now() + seconds * 1000;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    const left = at - performance.now();
    timer = setTimeout(left > LONGEST ? next : due, Math.min(Math.max(left, 0), LONGEST));
  };
  next();
  return () => clearTimeout(timer);
}
