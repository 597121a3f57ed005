/**
 * `BodyReader`: the body of a response as it comes; a `StreamReader` with what aiohttp's has besides.
 *
 * Source: aiohttp docs, "Streaming API", `StreamReader`.
 */
import type { Coroutine } from '../core/awaitable.ts';
import { type CoroutineObject, LazyCoroutine } from '../core/coroutine.ts';
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import { StreamReader } from '../net/stream-reader.ts';

/** The most that `readany` gives at once: all there is. */
const ALL = Number.MAX_SAFE_INTEGER;

export class BodyReader extends StreamReader {
  /** Read what is there: at least one byte, unless the body has ended. */
  readany(): CoroutineObject<Uint8Array> {
    return this.read(ALL);
  }

  /** The body in blocks of at most `size` bytes, for `asyncFor` and `for await`. */
  iterChunked(size: number): AsyncIterable<Uint8Array> {
    if (!Number.isInteger(size))
      throw new TypeError(`iterChunked() needs a number of bytes, not ${describe(size)}`);
    if (size <= 0) throw new ValueError(`iterChunked() needs a positive number of bytes, not ${size}`);
    return this.#blocks(size);
  }

  /** The body in blocks as they come. */
  iterAny(): AsyncIterable<Uint8Array> {
    return this.#blocks(ALL);
  }

  #blocks(size: number): AsyncIterable<Uint8Array> {
    const next = () => new LazyCoroutine<IteratorResult<Uint8Array>>(this.#nextBlock, this, [size]) as never;
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  *#nextBlock(size: number): Coroutine<IteratorResult<Uint8Array>> {
    const value = yield* this.read(size);
    return value.length === 0 ? { done: true, value: undefined } : { done: false, value };
  }
}
