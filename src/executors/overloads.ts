/**
 * The overloads of a function, for the types of `submit` and the like: inference alone sees only the last one, so `readFileSync(path, 'utf8')` would
 * give a string or a buffer.
 */

type Last1<F> = F extends (...args: infer A) => infer R ? [[A, R]] : [];
type Last2<F> = F extends { (...args: infer A): infer R; (...args: infer B): infer S }
  ? [[A, R], [B, S]]
  : Last1<F>;
type Last3<F> = F extends {
  (...args: infer A): infer R;
  (...args: infer B): infer S;
  (...args: infer C): infer T;
}
  ? [[A, R], [B, S], [C, T]]
  : Last2<F>;
/** Arguments and result of the last four overloads of `F`, in their order. */
type Signatures<F> = F extends {
  (...args: infer A): infer R;
  (...args: infer B): infer S;
  (...args: infer C): infer T;
  (...args: infer D): infer U;
}
  ? [[A, R], [B, S], [C, T], [D, U]]
  : Last3<F>;

type First<A extends readonly unknown[], L> = L extends [readonly [infer P, infer R], ...infer Rest]
  ? [...A] extends P
    ? R
    : First<A, Rest>
  : never;

/** What the overloads of `F` take. */
export type OverloadArguments<F> = Signatures<F>[number][0];

/** What the first overload of `F` gives that takes the arguments `A`. */
export type OverloadResult<F, A extends readonly unknown[]> = First<A, Signatures<F>>;
