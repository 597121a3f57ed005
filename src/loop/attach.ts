/**
 * `attach`: a loop for code that lives in an existing server, instead of a program that `run` owns.
 *
 * From then on awaitables work anywhere in this process, each `await` outside of a task in a task of its own. The loop alone does not keep
 * the process alive; what is waited for (timers, connections) does, as always in Node.
 */

import { RuntimeError } from '../core/errors.ts';
import { running } from '../core/running.ts';
import type { EventLoop } from './event-loop.ts';
import { newEventLoop } from './loops.ts';

let attached: EventLoop | null = null;

/**
 * Start a loop on this process and leave it running; called again, give the same one.
 *
 * ```ts
 * asyncio.attach();
 * app.get('/', async (request, response) => { await asyncio.sleep(0.1); ... });
 * ```
 * @returns the loop. `loop.stop()` detaches it.
 * @throws {RuntimeError} where another loop is running.
 */
export function attach(options: { readonly loopFactory?: () => EventLoop } = {}): EventLoop {
  if (attached !== null) return attached;
  if (running.loop !== null) throw new RuntimeError('attach() cannot be called from a running event loop');
  const loop = (options.loopFactory ?? newEventLoop)();
  loop._reactor.setRef(false);
  attached = loop;
  loop.runForever().then(detach, (error: unknown) => {
    detach();
    // An exit was asked for inside of a task or callback: there is nobody above to hear of it.
    loop.callExceptionHandler({ message: 'The attached loop was ended by an error', exception: error });
  });
  return loop;
}

function detach(): void {
  const loop = attached;
  attached = null;
  loop?.close();
}
