/**
 * A watch on a descriptor inside Node's own loop, through the functions of libuv that Node exports.
 *
 * When the descriptor becomes readable libuv wakes, and calls a function of its own that does nothing (`uv_is_active`): JavaScript is never called from
 * C. What the wake-up is for runs in the check phase that follows, as an immediate. The memory of the handle is C's, so that no garbage collector, and no end
 * of the program, takes it from under libuv. Source: libuv docs, "uv_poll_t", "uv_handle_t".
 */
import { loadKoffi } from './koffi.ts';

/** `UV_POLL` of `uv_handle_type`. */
const UV_POLL = 8;
const UV_READABLE = 1;

type Pointer = unknown;

interface Uv {
  readonly loop: Pointer;
  readonly nothing: Pointer;
  readonly size: number;
  calloc(count: number, size: number): number;
  free(memory: number): void;
  init(loop: Pointer, handle: number, fd: number): number;
  start(handle: number, events: number, callback: Pointer): number;
  stop(handle: number): number;
  close(handle: number, callback: number): void;
}

let bound: Uv | null = null;

function loadUv(): Uv {
  bound ??= bind();
  return bound;
}

function bind(): Uv {
  const library = loadKoffi().load(null);
  const handleSize = library.func('uv_handle_size', 'size_t', ['int']) as (type: number) => number;
  const defaultLoop = library.func('uv_default_loop', 'void *', []) as () => Pointer;
  return {
    loop: defaultLoop(),
    nothing: library.symbol('uv_is_active'),
    size: Number(handleSize(UV_POLL)),
    calloc: library.func('calloc', 'intptr_t', ['size_t', 'size_t']) as Uv['calloc'],
    free: library.func('free', 'void', ['intptr_t']) as Uv['free'],
    init: library.func('uv_poll_init', 'int', ['void *', 'intptr_t', 'int']) as Uv['init'],
    start: library.func('uv_poll_start', 'int', ['intptr_t', 'int', 'void *']) as Uv['start'],
    stop: library.func('uv_poll_stop', 'int', ['intptr_t']) as Uv['stop'],
    close: library.func('uv_close', 'void', ['intptr_t', 'intptr_t']) as Uv['close'],
  };
}

export class UvWatch {
  readonly #uv: Uv = loadUv();
  #handle: number;
  #active = false;

  /** @param fd a descriptor that stays open until `close`. */
  constructor(fd: number) {
    const uv = this.#uv;
    this.#handle = Number(uv.calloc(1, uv.size));
    if (this.#handle === 0) throw new RangeError('no memory is left for a handle of libuv');
    const status = uv.init(uv.loop, this.#handle, fd);
    if (status === 0) return;
    uv.free(this.#handle);
    throw new Error(`uv_poll_init failed with ${status}`);
  }

  /** Watch: Node's loop wakes when the descriptor is readable, and stays alive as long as it is watched. */
  start(): void {
    if (this.#active || this.#handle === 0) return;
    const uv = this.#uv;
    const status = uv.start(this.#handle, UV_READABLE, uv.nothing);
    if (status !== 0) throw new Error(`uv_poll_start failed with ${status}`);
    this.#active = true;
  }

  /** Watch no more for now. */
  stop(): void {
    if (!this.#active) return;
    this.#active = false;
    this.#uv.stop(this.#handle);
  }

  /** Give the handle back. The descriptor can be closed afterwards. */
  close(): void {
    const handle = this.#handle;
    if (handle === 0) return;
    this.stop();
    this.#handle = 0;
    this.#uv.close(handle, 0);
    // libuv is done with it at the end of the iteration in which it was closed, which comes after this iteration's immediates.
    setImmediate(() => setImmediate(() => this.#uv.free(handle)));
  }
}
