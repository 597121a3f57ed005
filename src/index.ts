/**
 * asyncio-ts: Python's asyncio, whole and exact, in TypeScript.
 *
 * A map of the house. Rooms import only from rooms above them:
 *
 *     core/        awaitables, futures, tasks, contexts, errors, the scheduler and what it asks of a reactor
 *     sync/        locks, events, conditions, semaphores, barriers, queues
 *     structured/  gather, wait, shield, timeouts, task groups, async with, async for
 *     host/        the C library and libuv through FFI, socket addresses (with koffi)
 *     reactors/    how a loop knows the time and waits: over epoll, over libuv, or on a clock that jumps
 *     net/         channels, transports, protocols, servers, streams, TLS, datagrams, names of hosts,
 *                  raw sockets, selectors                                   (asyncio-ts/selectors)
 *     process/     subprocesses, pipes, signals
 *     executors/   worker threads and processes, blocking results           (asyncio-ts/futures)
 *                  jobs on other machines                                   (asyncio-ts/distributed)
 *     loop/        the event loop with its doors into the rooms above; run, runSync, Runner, attach
 *     http/        the HTTP client                                          (asyncio-ts/http)
 *     databases/   SQLite, PostgreSQL, MySQL                                (asyncio-ts/databases)
 *     zmq/         ZeroMQ: contexts, sockets, pollers                       (asyncio-ts/zmq)
 *     testing/     deterministic tests                                      (asyncio-ts/testing)
 *     cli/         the `asyncio` program
 */

// Awaitables, coroutines, futures, tasks.
export type {
  Awaitable,
  Coroutine,
  CoroutineLike,
  ResultOf,
  Suspension,
  Waitable,
} from './core/awaitable.ts';
// Connections, servers, streams.
export type { Address, Endpoint, Family, SocketAddress } from './core/channel.ts';
// Context variables.
export { Context, ContextVar, copyContext, Token } from './core/context.ts';
export {
  type CoroutineFunction,
  CoroutineObject,
  coroutine,
  isCoroutine,
  isCoroutineFunction,
} from './core/coroutine.ts';
export { ensureFuture, isFuture, wrapFuture } from './core/ensure-future.ts';
// The event loop, and programs.
export type { ExceptionContext, ExceptionHandler } from './core/error-reports.ts';
// Errors.
export * from './core/errors.ts';
export { BaseExceptionGroup, type ErrorCondition, ExceptionGroup } from './core/exception-group.ts';
export { Future } from './core/future.ts';
// Who waits for whom.
export {
  type CallGraphOptions,
  captureCallGraph,
  type FrameCallGraphEntry,
  type FutureCallGraph,
  formatCallGraph,
  futureAddToAwaitedBy,
  futureDiscardFromAwaitedBy,
  printCallGraph,
} from './core/graph.ts';
export { Handle, TimerHandle } from './core/handle.ts';
export type { Reactor } from './core/reactor.ts';
export { Scheduler as BaseEventLoop, type TaskFactory } from './core/scheduler.ts';
export type { ExecutorLike } from './core/shutdown.ts';
export { sleep } from './core/sleep.ts';
export type { StackFrame } from './core/stack.ts';
export { currentTask, Task, type TaskOptions } from './core/task.ts';
export {
  allTasks,
  createEagerTaskFactory,
  createTask,
  eagerTaskFactory,
  type TaskConstructor,
} from './core/tasks.ts';
// Worker threads and processes: the pools are in asyncio-ts/futures.
export type { JobArguments, JobFunction, JobResult } from './executors/executor.ts';
export { asyncify, runCoroutineThreadsafe, toThread } from './executors/run-in-executor.ts';
export { attach } from './loop/attach.ts';
export { EventLoop, type EventLoopOptions } from './loop/event-loop.ts';
export { getEventLoop, getRunningLoop, newEventLoop, setEventLoop } from './loop/loops.ts';
export { type RunSyncOptions, runSync } from './loop/run-sync.ts';
export { Runner, type RunnerOptions, run } from './loop/runner.ts';
export { AbstractServer } from './net/abstract-server.ts';
export type { Port } from './net/address.ts';
export type { ConnectOptions } from './net/connect.ts';
export type { AcceptedSocketOptions } from './net/connect-accepted-socket.ts';
export type { UnixConnectOptions } from './net/connect-unix.ts';
export type { DatagramOptions } from './net/create-datagram-endpoint.ts';
export type { Hosts, ServeOptions } from './net/create-server.ts';
export type { UnixServeOptions } from './net/create-unix-server.ts';
export { UdpTransport } from './net/datagram-transport.ts';
export type {
  DatagramSocketLike,
  DetachableSocket,
  ServerSocketLike,
  SocketDescriptor,
  SocketLike,
  StreamSocketLike,
} from './net/given-socket.ts';
export type { AddressInfo, AddressInfoOptions } from './net/name-lookup.ts';
export { gaierror } from './net/os-error.ts';
export {
  BaseProtocol,
  BufferedProtocol,
  DatagramProtocol,
  Protocol,
  type StreamProtocol,
  SubprocessProtocol,
} from './net/protocols.ts';
export type { FileDescriptor } from './net/readiness.ts';
export type { OpenFile, SendfileOptions } from './net/sendfile.ts';
export { Server, type ShutdownOptions } from './net/server.ts';
export type { SendableFile } from './net/sock-operations.ts';
export { Socket, type SocketFamily, socketpair } from './net/socket.ts';
export * as socket from './net/socket-constants.ts';
export * as ssl from './net/ssl.ts';
export { SSLCertVerificationError, SSLEOFError, SSLError } from './net/ssl-errors.ts';
export type { StartTlsOptions } from './net/start-tls.ts';
export * as streams from './net/stream-adapters.ts';
export { StreamReader, type StreamReaderOptions } from './net/stream-reader.ts';
export { type ClientConnected, StreamReaderProtocol } from './net/stream-reader-protocol.ts';
export { StreamTransport } from './net/stream-transport.ts';
export { StreamWriter, type WriterTlsOptions } from './net/stream-writer.ts';
export {
  type OpenConnectionOptions,
  type OpenUnixConnectionOptions,
  openConnection,
  openUnixConnection,
  type StartServerOptions,
  type StartUnixServerOptions,
  startServer,
  startUnixServer,
} from './net/streams.ts';
export type { ClientTlsOptions, ServerTlsOptions, TlsTimeouts } from './net/tls-options.ts';
export { TlsTransport } from './net/tls-transport.ts';
export type { TransportSocket } from './net/transport-socket.ts';
export {
  BaseTransport,
  DatagramTransport,
  type ExtraInfo,
  ReadTransport,
  Transport,
  type WriteBufferLimits,
  WriteTransport,
} from './net/transports.ts';
export type { UnixPath } from './net/unix-address.ts';
// Subprocesses, pipes, signals.
export { ReadPipeTransport, WritePipeTransport } from './process/pipe-transports.ts';
export type { PipeEnd } from './process/pipes.ts';
export { createSubprocessExec, createSubprocessShell, type SubprocessOptions } from './process/process.ts';
export type { Signal, SignalName } from './process/signal-names.ts';
export { type Signals, signals } from './process/signals.ts';
export type { PathLike, SpawnOptions, Stdio } from './process/spawn-options.ts';
export * as subprocess from './process/subprocess.ts';
export { type PipeTransport, SubprocessTransport } from './process/subprocess-transport.ts';
// Several at once, limits of time, blocks of code.
export { type AsCompleted, asCompleted } from './structured/as-completed.ts';
export { AsyncExitStack } from './structured/async-exit-stack.ts';
export { aclosing, asyncFor, BREAK } from './structured/async-for.ts';
export {
  type AsyncContextManager,
  asyncWith,
  type Eventually,
  type Manageable,
} from './structured/async-with.ts';
export { type GatherOptions, gather } from './structured/gather.ts';
export { shield } from './structured/shield.ts';
export { TaskGroup } from './structured/task-group.ts';
export { Timeout, timeout, timeoutAt } from './structured/timeout.ts';
export {
  ALL_COMPLETED,
  FIRST_COMPLETED,
  FIRST_EXCEPTION,
  type ReturnWhen,
  type WaitOptions,
  wait,
} from './structured/wait.ts';
export { waitFor } from './structured/wait-for.ts';
// Synchronisation and queues.
export { Barrier } from './sync/barrier.ts';
export { Condition } from './sync/condition.ts';
export { Event } from './sync/event.ts';
export { Guard } from './sync/guard.ts';
export { Lock } from './sync/lock.ts';
export { LifoQueue, PriorityQueue, Queue } from './sync/queue.ts';
export { BoundedSemaphore, Semaphore } from './sync/semaphore.ts';
