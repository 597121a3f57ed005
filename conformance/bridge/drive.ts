/**
 * How Python's blocking calls are driven: on the caller's stack with a clock that jumps, or, where the test brings a generator of its own, with
 * a clock that the test moves.
 */
import type { Driven, Next } from '../../src/core/reactor.ts';
import { AGAIN, HOP, STOPPED } from '../../src/core/reactor.ts';
import { running } from '../../src/core/running.ts';
import { EventLoop, RuntimeError } from '../../src/index.ts';
import { chooseReactor } from '../../src/loop/choose-reactor.ts';
import { VirtualReactor } from '../../src/reactors/virtual/reactor.ts';

type Drive = 'virtual' | 'node';
let drive: Drive = 'virtual';

export function setDrive(chosen: Drive): void {
  drive = chosen;
}

/** Gets the deadlines set since the last iteration, and says by how much to move the clock. */
type Advance = (deadlines: readonly number[]) => number;

/**
 * The clock of CPython's `TestLoop`: after each iteration the test is told of the deadlines that were set in it, and moves the clock.
 *
 * The loop asks for the time once at the start of each iteration that has timers, and then nothing is on the stack; so that is where the
 * iterations are told apart.
 */
class TestReactor extends VirtualReactor {
  override readonly name = 'virtual';
  readonly #advance: Advance;
  #deadlines: number[] = [];
  #turning = false;

  constructor(advance: Advance) {
    super();
    this.#advance = advance;
  }

  note(deadline: number): void {
    this.#deadlines.push(deadline);
  }

  override time(): number {
    if (this.#turning && running.context === null && running.task === null) this.#tell();
    return this.clock.now();
  }

  #tell(): boolean {
    if (this.#deadlines.length === 0) return false;
    const deadlines = this.#deadlines;
    this.#deadlines = [];
    const seconds = this.#advance(deadlines);
    this.clock.advance(seconds);
    return seconds > 0;
  }

  override block(driven: Driven): void {
    for (;;) {
      const next = this.#turn(driven);
      if (next === STOPPED) {
        this.#tell();
        return;
      }
      if (next === AGAIN) continue;
      if (next === HOP || driven.waitsOutside) throw new RuntimeError('bridge: a promise in a blocking loop');
      if (!this.#tell()) throw driven.deadlock() ?? new RuntimeError('the clock of the test stands still');
    }
  }

  #turn(driven: Driven): Next {
    this.#turning = true;
    try {
      return driven.turn();
    } finally {
      this.#turning = false;
    }
  }
}

/** Run until `stop()`, on the caller's stack. */
function runForeverSync(this: EventLoop): void {
  this._begin();
  try {
    this._reactor.block?.(this);
  } finally {
    this._end();
  }
}

function advanceTime(this: EventLoop, seconds: number): void {
  (this._reactor as VirtualReactor).clock.advance(seconds);
}

/** A loop for a test; `advance` for one whose clock the test moves. */
export function loopOf(advance?: Advance): EventLoop {
  if (advance === undefined) {
    // As for any program: epoll where it can be had, which has sockets; ASYNCIO_REACTOR names another.
    const reactor = drive === 'node' ? chooseReactor(true) : new VirtualReactor();
    const loop = new EventLoop({ reactor });
    return drive === 'node' ? loop : Object.assign(loop, { runForeverSync, advanceTime });
  }
  const reactor = new TestReactor(advance);
  const loop = new EventLoop({ reactor });
  const addTimer = loop._addTimer;
  Object.defineProperty(loop, '_addTimer', {
    value: (timer: Parameters<typeof addTimer>[0]) => {
      reactor.note(timer._when);
      addTimer.call(loop, timer);
    },
  });
  return Object.assign(loop, { runForeverSync, advanceTime });
}
