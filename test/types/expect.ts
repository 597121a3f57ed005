/** The tool of the type tests: two types are the same, no wider and no narrower. Nothing in this folder is run; compiling it is the test. */

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile unless `A` and `B` are the same type. */
export function same<A, B>(
  ..._proof: Same<A, B> extends true ? [] : [message: 'the types differ', a: A, b: B]
): void {}
