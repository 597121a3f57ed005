/**
 * Streams that their program has let go of without closing them: when they are collected they are closed, and reported.
 */
import type { Scheduler } from '../core/scheduler.ts';
import { warn } from '../core/warn.ts';
import type { Transport } from './transports.ts';

interface Unclosed {
  readonly kind: string;
  readonly transport: Transport;
  readonly loop: Scheduler;
}

const collected = new FinalizationRegistry<Unclosed>(({ kind, transport, loop }) => {
  if (transport.isClosing() || loop.isClosed()) return;
  warn(`unclosed <${kind} transport=${transport}>: close() it`, 'ResourceWarning');
  transport.close();
});

/** Close `transport` when `stream` is collected. */
export function closeWhenCollected(
  stream: object,
  kind: string,
  transport: Transport,
  loop: Scheduler,
): void {
  collected.register(stream, { kind, transport, loop });
}
