/**
 * What a child's descriptors may be, with the numbers that Python gives them. Source: Python docs, "subprocess".
 */

/** A new pipe between this process and the child. */
export const PIPE = -1;
/** The same as the child's output; for its error output. */
export const STDOUT = -2;
/** Nothing: `/dev/null`. */
export const DEVNULL = -3;
