/**
 * What a file of the tour exports: one program, in one style or in both, and what it prints.
 *
 * The body of `generators` or `asyncFunctions` is a whole program: copied into a file of its own, below the imports, it runs as it
 * stands. It prints with `console.log`.
 */

export interface Program {
  /** What it shows, in a few words. */
  readonly title: string;
  /** Coroutines as generator functions: `yield*` is Python's `await`. */
  readonly generators: () => Promise<void>;
  /** The same with async functions, where that teaches something. */
  readonly asyncFunctions?: () => Promise<void>;
  /** Why it cannot be run on this machine, or `false`. */
  readonly skip?: () => string | false;
  /** What either version prints; see `expectation.ts`. */
  readonly output: Output;
}

/** The lines in their order; an array within stands for lines that may come in any order. */
export type Output = readonly (string | readonly string[])[];
