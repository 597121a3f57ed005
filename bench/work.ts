/**
 * The work that every JavaScript system is given, so that only the system differs: the shape of the trees, what a leaf
 * does, and the two numbers a scenario reports. `systems/cpython.py` holds the same in Python.
 *
 * The async tree is pyperformance's `bm_async_tree`: 6 levels of 6 branches, sleeps of 50 ms, 90 % memoizable, half of
 * the leaves computing 500! in the mixed variant, seed 0.
 */
import { PythonRandom } from './python_random.ts';

/** What one run of a scenario reports: the time of its measured part, and a count that a correct run must reach. */
export interface Sample {
  readonly seconds: number;
  readonly count: number;
}

/** A scenario at a given size; the size's meaning stands in `rows.ts`. */
export type Scenario = (size: number) => Promise<Sample>;

/** One system: its scenarios by name. What a system cannot express is absent. */
export type System = Readonly<Partial<Record<string, Scenario>>>;

export type TreeKind = 'none' | 'io' | 'memoization' | 'cpu_io_mixed';
export const TREE_KINDS: readonly TreeKind[] = ['none', 'io', 'memoization', 'cpu_io_mixed'];

/** The tasks that give way to each other in `taskSwitch`. */
export const SWITCHERS = 100;

/** How long a leaf of the async tree sleeps, in seconds. */
export const LEAF_SLEEP = 0.05;
export const TREE_BRANCHES = 6;
const MEMOIZABLE_PERCENT = 90;
const CPU_PROBABILITY = 0.5;
const FACTORIAL_OF = 500;

/** A monotonic clock in seconds. */
export function now(): number {
  return performance.now() / 1000;
}

/** The delay of the `i`th timer of `timers`, in whole seconds: far away, and in no order. */
export function timerDelay(i: number): number {
  return 1000 + ((i * 7919) % 1009);
}

/** How long ago the `i`th timer of `timersFired` was due, in seconds, in no order: so the clock is never waited for. */
export function overdue(i: number): number {
  return ((i * 7919) % 1009) / 1000;
}

/** The first and the one past the last child of `node` in the tree of `size` nodes where every node has up to ten. */
export function cancelTreeChildren(node: number, size: number): [first: number, end: number] {
  return [Math.min(10 * node + 1, size), Math.min(10 * node + 11, size)];
}

/** One walk of the async tree: what its leaves do, drawn beforehand in the order in which leaves begin. */
export class TreeWork {
  readonly #kind: TreeKind;
  readonly #draws: Int8Array;
  readonly #cache = new Set<number>();
  #leaves = 0;
  #sleeps = 0;

  constructor(kind: TreeKind, levels: number) {
    this.#kind = kind;
    this.#draws = drawLeaves(kind, TREE_BRANCHES ** levels);
  }

  /** Does what the next leaf computes, and says whether the leaf has to sleep. */
  leaf(): boolean {
    const draw = this.#draws[this.#leaves++] as number;
    if (this.#kind === 'none') return false;
    if (this.#kind !== 'io') {
      if (draw === 0) {
        factorial(FACTORIAL_OF);
        return false;
      }
      if (draw <= MEMOIZABLE_PERCENT) {
        if (this.#cache.has(draw)) return false;
        this.#cache.add(draw);
      }
    }
    this.#sleeps++;
    return true;
  }

  /** How many leaves slept; throws when not every leaf was walked. */
  finish(): number {
    if (this.#leaves !== this.#draws.length) {
      throw new Error(`walked ${this.#leaves} of ${this.#draws.length} leaves`);
    }
    return this.#sleeps;
  }
}

/** What each leaf draws: 0 for a computation, else the percentage that decides whether it is memoized. */
function drawLeaves(kind: TreeKind, leaves: number): Int8Array {
  const draws = new Int8Array(leaves);
  if (kind === 'none' || kind === 'io') return draws;
  const random = new PythonRandom(0);
  for (let i = 0; i < leaves; i++) {
    draws[i] = kind === 'cpu_io_mixed' && random.random() < CPU_PROBABILITY ? 0 : random.percent();
  }
  return draws;
}

/**
 * `n!` by the scheme of CPython's `math.factorial`: odd parts, each the square of the last times a product, and one shift at
 * the end. So a leaf costs the same in both languages: 500! took 5.3 us here and 5.5 us in CPython 3.11.
 */
export function factorial(n: number): bigint {
  let inner = 1n;
  let outer = 1n;
  let upper = 3;
  for (let i = 31 - Math.clz32(n); i >= 0; i--) {
    const value = n >> i;
    if (value <= 2) continue;
    const lower = upper;
    upper = (value + 1) | 1;
    inner *= oddProduct(lower, upper);
    outer *= inner;
  }
  let twos = 0;
  for (let rest = n >> 1; rest > 0; rest >>= 1) twos += rest;
  return outer << BigInt(twos);
}

/** The product of the odd numbers from `low` up to but not including `high`, multiplied as numbers while they stay exact. */
function oddProduct(low: number, high: number): bigint {
  let result = 1n;
  let product = 1;
  for (let i = low; i < high; i += 2) {
    const larger = product * i;
    if (larger > Number.MAX_SAFE_INTEGER) {
      result *= BigInt(product);
      product = i;
    } else {
      product = larger;
    }
  }
  return result * BigInt(product);
}
