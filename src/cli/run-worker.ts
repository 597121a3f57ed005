/**
 * `asyncio worker`: takes jobs out of a queue in Redis until a signal comes.
 */
import { pathToFileURL } from 'node:url';
import { formatFailure } from '../core/failure-text.ts';
import { DistributedWorker } from '../executors/distributed/worker.ts';
import { run } from '../loop/runner.ts';
import type { WorkerCommand } from './arguments.ts';
import { Complaint } from './complaint.ts';
import { findFile } from './load.ts';
import type { Ending } from './run-file.ts';

/** Run the command. A first SIGINT or SIGTERM lets the jobs that run end, and is a good end; a second one ends the process at once. */
export async function runWorker(
  command: WorkerCommand,
  end: (ending: Ending) => Promise<void>,
): Promise<void> {
  const { kind: _, module, ...options } = command;
  const { queue } = options;
  try {
    const worker = new DistributedWorker({ ...options, module: pathToFileURL(findFile(module)).href });
    const ready = (jobs: readonly string[]): void =>
      console.log(`asyncio: worker of queue ${queue} is ready for ${jobs.join(', ')}`);
    await run(worker.run(ready), { handleSigterm: true });
  } catch (error) {
    const { name } = error as Partial<Error>;
    if (name === 'KeyboardInterrupt')
      await end({ status: 0, text: `asyncio: worker of queue ${queue} has ended` });
    else if (error instanceof Complaint) await end({ status: 1, text: `asyncio: ${error.message}` });
    else await end({ status: 1, text: `asyncio: worker failed\n${formatFailure(error, [])}` });
  }
}
