/** The files of the suite that are run, and how. */

/** How a file is run. */
export interface SuiteFile {
  readonly name: string;
  /** On a clock that jumps, or on Node's own loop and clock. */
  readonly drive: 'virtual' | 'node';
  /** The time limit of the whole file, in seconds. */
  readonly limit: number;
}

const virtual = (name: string): SuiteFile => ({ name, drive: 'virtual', limit: 120 });
const node = (name: string): SuiteFile => ({ name, drive: 'node', limit: 120 });

/** The core: what asyncio is. */
const core: readonly SuiteFile[] = [
  virtual('test_locks'),
  virtual('test_queues'),
  virtual('test_futures'),
  virtual('test_tasks'),
  virtual('test_taskgroups'),
  virtual('test_timeouts'),
  virtual('test_waitfor'),
  virtual('test_eager_task_factory'),
  // Ctrl-C is tested against a task that never waits, before which a clock that jumps would stand still.
  node('test_runners'),
];

const others: readonly SuiteFile[] = [
  virtual('test_futures2'),
  virtual('test_pep492'),
  virtual('test_context'),
  node('test_base_events'),
  virtual('test_staggered'),
  node('test_streams'),
  virtual('test_graph'),
  node('test_events'),
  virtual('test_protocols'),
  node('test_buffered_proto'),
  node('test_server'),
  node('test_sock_lowlevel'),
  node('test_subprocess'),
];

export const suiteFiles: readonly SuiteFile[] = [...core, ...others];
