/**
 * Python's `random.seed(n)`, `random.random()` and `random.randint(1, 100)`, number for number, so that every system
 * walks the very tree that pyperformance's `async_tree` walks with its seed 0.
 *
 * The generator is MT19937 (Matsumoto and Nishimura, 1998); the seeding by a key of one word, the 53-bit `random()` and
 * the rejection sampling of `randint` are those of CPython's `random` module.
 */

const N = 624;
const M = 397;

/** The generator behind Python's `random`, seeded with a small non-negative integer. */
export class PythonRandom {
  readonly #state: Uint32Array = new Uint32Array(N);
  #index = N;

  constructor(seed: number) {
    const state = this.#state;
    state[0] = 19650218;
    for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, mixed(state, i)) + i;
    // The key is the single word `seed`; both passes are the reference's, with the key's length of one folded in.
    let i = 1;
    for (let k = N; k > 0; k--) {
      state[i] = (at(state, i) ^ Math.imul(mixed(state, i), 1664525)) + seed;
      i = next(state, i);
    }
    for (let k = N - 1; k > 0; k--) {
      state[i] = (at(state, i) ^ Math.imul(mixed(state, i), 1566083941)) - i;
      i = next(state, i);
    }
    state[0] = 0x80000000;
  }

  /** A float in [0, 1) of 53 bits. */
  random(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** An integer from 1 to 100, both included. */
  percent(): number {
    let drawn = this.#word() >>> 25;
    while (drawn >= 100) drawn = this.#word() >>> 25;
    return drawn + 1;
  }

  #word(): number {
    if (this.#index >= N) this.#refill();
    let y = at(this.#state, this.#index++);
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < N; i++) {
      const y = (at(state, i) & 0x80000000) | (at(state, (i + 1) % N) & 0x7fffffff);
      state[i] = at(state, (i + M) % N) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }
}

function at(state: Uint32Array, i: number): number {
  return state[i] as number;
}

/** The word before `i`, folded as both the plain seeding and the key's two passes fold it. */
function mixed(state: Uint32Array, i: number): number {
  const before = at(state, i - 1);
  return before ^ (before >>> 30);
}

/** The index after `i`; the last word is carried to the front when the end is reached. */
function next(state: Uint32Array, i: number): number {
  if (i + 1 < N) return i + 1;
  state[0] = at(state, N - 1);
  return 1;
}
