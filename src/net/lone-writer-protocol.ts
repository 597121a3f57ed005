/**
 * `LoneWriterProtocol`: the protocol of a `StreamWriter` without a reader. It knows when writing is paused, and when the stream is gone.
 */
import type { Future } from '../core/future.ts';
import type { Scheduler } from '../core/scheduler.ts';
import { FlowControlMixin } from './flow-control-mixin.ts';

export class LoneWriterProtocol extends FlowControlMixin {
  /** @internal Done when the stream is gone. */
  readonly _closed: Future<void>;

  constructor(loop: Scheduler) {
    super(loop);
    this._closed = loop.createFuture<void>();
  }

  override connectionLost(exc: Error | null): void {
    if (exc === null) this._closed.setResult(undefined);
    else {
      this._closed.setException(exc);
      // Whoever waits is told; that nobody does is no mistake.
      this._closed.exception();
    }
    super.connectionLost(exc);
  }
}
