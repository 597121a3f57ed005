/**
 * `asyncio.subprocess`: Python's module of that name. Source: Python docs, "Subprocesses".
 */
export { DEVNULL, PIPE, STDOUT } from './constants.ts';
export { createSubprocessExec, createSubprocessShell, Process, SubprocessStreamProtocol } from './process.ts';
