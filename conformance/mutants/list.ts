/** Small faults, each one a text of a source file and what it is replaced by; and the files of the suite that should notice. */

export interface Mutant {
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
  /** Files of the suite, the likeliest first. */
  readonly suite: readonly string[];
  /** Files or folders of our own tests. */
  readonly own: readonly string[];
}

type Fault = readonly [from: string, to: string];

function faults(
  file: string,
  suite: readonly string[],
  own: readonly string[],
  list: readonly Fault[],
): Mutant[] {
  return list.map(([from, to]) => ({ file, from, to, suite, own }));
}

const TASKS = ['test_tasks', 'test_taskgroups', 'test_timeouts', 'test_eager_task_factory'];

export const mutants: readonly Mutant[] = [
  ...faults(
    'core/task.ts',
    TASKS,
    ['test/core'],
    [
      ['this._cancelRequests--;', ''],
      ['task.#request();', ''],
      ['this._mustCancel = true;', ''],
      ['this._value = message ?? undefined;', ''],
      ['if (part._hasGivenWay) part.#owe(message);', ''],
      [
        '      this._mustCancel = false;\n      super.cancel(this._value);',
        '      this._mustCancel = false;\n      this._complete(FINISHED, value);',
      ],
      ['reached = waiter.cancel(message) || reached;', 'reached = waiter.cancel() || reached;'],
      ['if (this._cancelRequests === 0) {', 'if (this._cancelRequests >= 0) {'],
      ['if (debtor._mustCancel && suspension.cancel(debtor._value)) this.#cancelDelivered();', ''],
      ['this.#name = String(name);', ''],
      ['if (eagerStart === true && this._loop.isRunning()) {', 'if (eagerStart === true) {'],
      ['      this._complete(CANCELLED, error);', '      this._complete(CANCELLED, undefined);'],
      ['      if (isExit(error)) throw error;\n    }\n  }', '    }\n  }'],
      ['running.task = outerTask;', ''],
      ['error = debtor._makeCancelledError();', 'error = new CancelledError();'],
      ['return task !== null && task._loop === wanted ? task : null;', 'return task;'],
    ],
  ),
  ...faults(
    'core/future.ts',
    ['test_futures', 'test_tasks'],
    ['test/core'],
    [
      [
        'if (this._state !== PENDING) this._loop._enqueueChecked(entry);',
        'if (this._state !== PENDING) entry._run();',
      ],
      [
        'if (!(entry instanceof Handle) || (entry._callback as unknown) !== callback) kept.push(entry);',
        'kept.push(entry);',
      ],
      ['this._complete(CANCELLED, message ?? undefined);', 'this._complete(CANCELLED, undefined);'],
      ['return all.length - kept.length;', 'return all.length;'],
      ['    this._callbacks = null;\n    this._wake(callbacks);', '    this._wake(callbacks);'],
      ["throw new InvalidStateError('Result is not ready.');", 'return undefined as T;'],
      ["throw new InvalidStateError('Exception is not set.');", 'return null;'],
      ['options?.context ?? null', 'null'],
      ['else this.addDoneCallback(callbackOf(entry));', 'else this._append(entry);'],
      ['if (callback !== undefined) this.removeDoneCallback(callback);', ''],
    ],
  ),
  ...faults(
    'core/turns.ts',
    ['test_base_events', 'test_tasks'],
    ['test/core', 'test/loop'],
    [
      ['        this.#left = ready.size;\n', '        this.#left = 1e9;\n'],
      [
        '      if (this.#stopping) return STOPPED;',
        '      if (this.#stopping && ready.size === 0) return STOPPED;',
      ],
      [
        "    if (running.loop !== null)\n      throw new RuntimeError('Cannot run the event loop while another loop is running');",
        '',
      ],
      [
        '    this.#runs = false;\n    this.#parked = false;\n    this.#stopping = false;',
        '    this.#runs = false;\n    this.#parked = false;',
      ],
    ],
  ),
  ...faults(
    'core/handle.ts',
    ['test_base_events', 'test_events'],
    ['test/core'],
    [
      ['    if (this._callback === null) return;\n    super.cancel();', '    super.cancel();'],
      ['      if (isExit(error)) throw error;\n', ''],
      ['this._context = context ?? currentValues();', 'this._context = currentValues();'],
    ],
  ),
  ...faults(
    'core/scheduler.ts',
    ['test_base_events', 'test_tasks', 'test_runners'],
    ['test/core', 'test/loop'],
    [
      ['    if (!future.cancelled() && isExit(future.exception())) return;\n', ''],
      [
        "if (this.isRunning()) throw new RuntimeError('Cannot close a running event loop: stop() it first');",
        '',
      ],
      ["if (!future.done()) throw new RuntimeError('Event loop stopped before Future completed.');", ''],
      [
        'return factory(this, driven, options instanceof ReadyOptions ? {} : (options ?? {}));',
        'return factory(this, driven, {});',
      ],
    ],
  ),
  ...faults(
    'core/sleep.ts',
    ['test_tasks', 'test_timeouts'],
    ['test/core'],
    [
      ['if (this.#delay > 0) this.value = this.#wait();', 'this.value = this.#wait();'],
      ['if (!this.done && wakeup !== null && wakeup._state === PENDING) wakeup.cancel();', ''],
      ['loop._isPlain ? this.#wakeup(loop) : new LaterWakeup(loop, this.#delay)', 'this.#wakeup(loop)'],
      ['    this.#timer.cancel();\n', ''],
    ],
  ),
  ...faults(
    'core/error-reports.ts',
    ['test_base_events'],
    ['test/core'],
    [
      ["' while handling an unexpected error in custom exception handler'", "''"],
      ['exception: error, context }', 'exception: error }'],
    ],
  ),
  ...faults(
    'sync/lock.ts',
    ['test_locks'],
    ['test/sync'],
    [
      ['if (!woken && !this.#locked) this.#wakeFirst();', ''],
      ['if (!this.#locked && this.#nobodyWaits()) {', 'if (!this.#locked) {'],
      [
        'for (const waiter of this.#waiters) if (!waiter.cancelled()) return false;',
        'for (const _ of this.#waiters) return false;',
      ],
      [
        'if (first !== null && !first.done()) first.setResult(true);',
        'if (first !== null) first.setResult(true);',
      ],
    ],
  ),
  ...faults(
    'sync/semaphore.ts',
    ['test_locks'],
    ['test/sync'],
    [
      ['if (this._value === 0) return true;', 'if (this._value === 0) return true;\n    return false;'],
      ['while (this._value > 0 && this.#wakeNext());', ''],
      ['if (this._value >= this.#bound)', 'if (this._value > this.#bound)'],
    ],
  ),
  ...faults(
    'sync/condition.ts',
    ['test_locks'],
    ['test/sync'],
    [
      ['    if (cancelled !== null) throw cancelled;\n', ''],
      ['      this.#notify(1);\n      throw error;', '      throw error;'],
      ["if (!this.locked()) throw new RuntimeError('cannot wait on un-acquired lock');", ''],
    ],
  ),
  ...faults(
    'sync/barrier.ts',
    ['test_locks'],
    ['test/sync'],
    [
      [
        "if (this.#state === 'resetting' || this.#state === 'draining') this.#state = 'filling';",
        "if (this.#state === 'draining') this.#state = 'filling';",
      ],
      ["this.#state !== 'draining' && this.#state !== 'resetting'", "this.#state !== 'resetting'"],
    ],
  ),
  ...faults(
    'sync/event.ts',
    ['test_locks'],
    ['test/sync'],
    [
      ['if (!waiter.done()) waiter.setResult(true);', 'waiter.setResult(true);'],
      ['    if (this.#set) return true;\n', ''],
    ],
  ),
  ...faults(
    'sync/queue.ts',
    ['test_queues'],
    ['test/sync'],
    [
      ['if (this.#unfinished > 0) this.#unfinished--;\n', ''],
      ['    while (wakeNext(this.#putters));\n', ''],
      ['    while (wakeNext(this.#getters));\n', ''],
      [
        '    if (this.#unfinished === 0) this.#finished.set();\n  }\n\n  /** Wait until every item',
        '  }\n\n  /** Wait until every item',
      ],
      [
        'return this.#maxsize > 0 && this.#store.size >= this.#maxsize;',
        'return this.#maxsize > 0 && this.#store.size > this.#maxsize;',
      ],
      ['    this.#finished.clear();\n', ''],
      [
        '      if (this.#shutDown) throw new QueueShutDown();\n      throw new QueueEmpty();',
        '      throw new QueueEmpty();',
      ],
    ],
  ),
  ...faults(
    'structured/timeout.ts',
    ['test_timeouts', 'test_waitfor'],
    ['test/structured', 'test/core'],
    [
      [
        'if (task.uncancel() > this.#cancelling || error === undefined) return;',
        'if (task.uncancel() > 0 || error === undefined) return;',
      ],
      ['    noteTimeout(error);\n  }', '  }'],
      ['      when <= loop.time()', '      when < loop.time()'],
      ["      this.#state = 'finished';\n", ''],
    ],
  ),
  ...faults(
    'structured/wait-for.ts',
    ['test_waitfor'],
    ['test/structured', 'test/core'],
    [
      ['  if (future.done()) return future.result();\n', ''],
      ["if (error instanceof CancelledError) throw new TimeoutError('', { cause: error });", ''],
    ],
  ),
  ...faults(
    'structured/task-group.ts',
    ['test_taskgroups'],
    ['test/structured', 'test/core'],
    [
      ['if (error !== undefined && !this.#aborting) this.#abort();', ''],
      [
        'if (cancellation !== null && this.#errors.length === 0) throw cancellation;',
        'if (cancellation !== null) throw cancellation;',
      ],
      ['    if (isExit(error)) this.#exitError ??= error;\n    if (parent.done())', '    if (parent.done())'],
      ['this.#parent?.cancel();', ''],
      ['if (error !== undefined && !(error instanceof CancelledError)) this.#errors.push(error);', ''],
      ['members[member.place] = null;', ''],
      ['other.place = kept;', ''],
      ['    futureDiscardFromAwaitedBy(task, parent);\n', ''],
    ],
  ),
  ...faults(
    'structured/gather.ts',
    ['test_tasks'],
    ['test/structured', 'test/core'],
    [
      ['if (any) this.#cancelRequested = true;', ''],
      ['if (awaitables.length === 0) {', 'if (awaitables.length < 0) {'],
      [
        'if (!this.#returnExceptions && child._state === CANCELLED) this.#failEarly(child._makeCancelledError());\n    else ',
        '',
      ],
      ['any = child.cancel(message) || any;', 'any = any || child.cancel(message);'],
    ],
  ),
  ...faults(
    'structured/shield.ts',
    ['test_tasks'],
    ['test/structured', 'test/core'],
    [
      ['      if (outer.done()) return;\n', ''],
      ['if (inner._state === CANCELLED) outer.cancel();\n      else ', ''],
      ['      link.remove();\n', ''],
    ],
  ),
  ...faults(
    'structured/wait.ts',
    ['test_tasks'],
    ['test/structured', 'test/core'],
    [
      ['(returnWhen === FIRST_EXCEPTION && future._state === FAILED)', 'returnWhen === FIRST_EXCEPTION'],
      ["if (all.size === 0) throw new ValueError('Set of Tasks/Futures is empty.');", ''],
      ['      returnWhen === FIRST_COMPLETED ||\n', ''],
    ],
  ),
  ...faults(
    'net/stream-reader.ts',
    ['test_streams'],
    ['test/net/stream-reader.test.ts', 'test/net/streams.test.ts', 'test/net/receiving.test.ts'],
    [
      ['if (match.start <= this.#limit) return this.#take(match.end);', 'return this.#take(match.end);'],
      ['from = Math.max(0, this.#queue.size + 1 - longest);', 'from = this.#queue.size;'],
      [
        '!this.#paused && this.#queue.size > 2 * this.#limit',
        '!this.#paused && this.#queue.size > 3 * this.#limit',
      ],
      ["if (count < 0) throw new ValueError('readexactly size can not be less than zero');", ''],
      ['if (this.#paused && this.#queue.size <= this.#limit) this.#resume();', ''],
    ],
  ),
  ...faults(
    'net/stream-writer.ts',
    ['test_streams'],
    ['test/net/stream-writer.test.ts', 'test/net/streams.test.ts', 'test/net/sending.test.ts'],
    [
      ['    if (exception !== null) throw exception;\n', ''],
      ['if (this.#transport.isClosing()) yield* sleep(0);', ''],
      [
        'if (this.#protocol._isHeld || this.#transport.isClosing()) return false;',
        'if (this.#protocol._isHeld) return false;',
      ],
      ['yield* shield(this.#protocol._closed);', 'yield* this.#protocol._closed;'],
      ['    this.close();\n    yield* this.#waitClosed();', '    this.close();'],
    ],
  ),
  ...faults(
    'net/flow-control.ts',
    ['test_streams'],
    ['test/net/stream-transport.test.ts', 'test/net/transports.test.ts', 'test/net/sending.test.ts'],
    [
      [
        'if (this.#paused || size <= this.#high) return null;',
        'if (this.#paused || size < this.#high) return null;',
      ],
      [
        'if (!this.#paused || size > this.#low) return null;',
        'if (!this.#paused || size >= this.#low) return null;',
      ],
      ['(low == null ? DEFAULT_HIGH : low * 4)', 'DEFAULT_HIGH'],
    ],
  ),
  ...faults(
    'net/flow-control-mixin.ts',
    ['test_streams'],
    ['test/net/stream-writer.test.ts', 'test/net/streams.test.ts', 'test/net/sending.test.ts'],
    [
      ["if (this.#lost) throw new ConnectionResetError('Connection lost');", ''],
      ['      if (waiter.done()) continue;\n', ''],
      ['else waiter.setException(exc);', 'else waiter.setResult(undefined);'],
    ],
  ),
  ...faults(
    'net/stream-transport.ts',
    ['test_streams'],
    ['test/net/stream-transport.test.ts', 'test/net/transports.test.ts', 'test/net/sending.test.ts'],
    [
      ['    if (this.#closing || !this.#paused) return;\n', ''],
      ['    if (this.isReading()) this.#channel.resume();', '    this.#channel.resume();'],
      ['else if (this.#eofWritten) this.#channel.shutdown();', ''],
      ['else this.#waiting.push(data.subarray(taken));', 'else this.#waiting.push(data);'],
      ['else if (!this.#caller.eofReceived()) this.close();', 'else this.#caller.eofReceived();'],
    ],
  ),
];
