#!/usr/bin/env node
/**
 * The `asyncio` program: `asyncio run FILE` runs the coroutine function that a file exports, `asyncio worker MODULE` the jobs of a queue.
 *
 * Whatever goes wrong, in the command line, in the file or in what it runs, is told on the standard error output in a few lines that begin with
 * `asyncio:`, with the user's own frames of the stack and nobody else's. Exit codes: 0, 1 for a failure, 2 for a wrong command line, 130 and
 * 143 after SIGINT and SIGTERM, and what `SystemExit` asks for.
 */
import { readFileSync } from 'node:fs';
import { HELP, parseArguments, SYNOPSIS } from './arguments.ts';
import { type Ending, runFile } from './run-file.ts';
import { runWorker } from './run-worker.ts';

/** End the process: what a failed program left open (a server, a timer of the host) must not keep it alive. */
async function end({ status, text }: Ending): Promise<void> {
  if (text !== '') process.stderr.write(`${text}\n`);
  await Promise.all([process.stdout, process.stderr].map(flushed));
  process.exit(status);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}

function version(): string {
  const manifest = new URL('../../package.json', import.meta.url);
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string; version: string };
  return `${name} ${version}`;
}

const command = parseArguments(process.argv.slice(2));
switch (command.kind) {
  case 'help':
    console.log(HELP);
    break;
  case 'version':
    console.log(version());
    break;
  case 'wrong':
    await end({ status: 2, text: `asyncio: ${command.problem}\n${SYNOPSIS}` });
    break;
  case 'run':
    await runFile(command, end);
    break;
  case 'worker':
    await runWorker(command, end);
    break;
}
