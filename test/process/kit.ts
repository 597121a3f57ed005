/**
 * Scenarios with real processes and pipes, in both styles, each of which ends with a balance: no task, no descriptor and no child is left, and nothing
 * was reported or warned of that the scenario did not ask for.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import * as asyncio from '../../src/index.ts';
import { inBothStyles, type Style, type Styled } from '../both-styles.ts';

const PATIENCE_MS = 120_000;
/** How many turns of Node's loop the closing of the last descriptors and the death of the last children may take. */
const TURNS = 20_000;

export interface ProcessScene {
  readonly loop: asyncio.EventLoop;
  /** Take what was given to the loop's exception handler so far; what is never taken fails the scenario. */
  reports(): asyncio.ExceptionContext[];
  /** Take the warnings that came so far; what is never taken fails the scenario. */
  warnings(): Error[];
}

type Body = (scene: ProcessScene) => asyncio.Coroutine<unknown>;

/** The tools of a test file on processes, for the style in which it is being read. */
export interface ProcessStyled extends Pick<Styled, 'co'> {
  readonly style: Style;
  scenario(name: string, body: Body): void;
}

/** Call this first in a test file, with `import.meta.url`; the tests of the file are then registered twice. */
export async function withProcesses(url: string): Promise<ProcessStyled> {
  const { style, co } = await inBothStyles(url);
  const label = style === 'generator' ? 'generators' : 'async functions';
  // What Node opens for its first child stays open.
  await once(spawn('true', { stdio: 'ignore' }), 'exit');
  return {
    style,
    co,
    scenario(name, body) {
      test(`${name} (${label})`, { timeout: PATIENCE_MS }, () => play(body));
    },
  };
}

async function play(body: Body): Promise<void> {
  const loop = asyncio.newEventLoop();
  const reported: asyncio.ExceptionContext[] = [];
  const warned: Error[] = [];
  const hear = (warning: Error) => warned.push(warning);
  process.on('warning', hear);
  loop.setExceptionHandler((_loop, context) => reported.push(context));
  const before = descriptors();
  const scene: ProcessScene = {
    loop,
    reports: () => reported.splice(0),
    warnings: () => warned.splice(0),
  };
  try {
    await loop.runUntilComplete(loop.createTask(() => body(scene), { name: 'scenario' }));
    const left = [...asyncio.allTasks(loop)].map((task) => task.getName());
    assert.deepEqual(left, [], 'tasks are left');
    await noneLeft(before);
  } finally {
    loop.close();
    await turn();
    process.removeListener('warning', hear);
  }
  const messages = reported.map(({ message, exception }) => `${message}: ${String(exception)}`);
  assert.deepEqual(messages, [], 'something was reported');
  assert.deepEqual(warned.map(String), [], 'something was warned of');
}

/** Wait until no child is left and no more descriptors are open than `before`; fail where that does not come. */
export async function noneLeft(before: number): Promise<void> {
  for (let i = 0; descriptors() > before || children() !== ''; i++) {
    if (i === TURNS) assert.fail(`left: ${descriptors() - before} descriptors, children: ${children()}`);
    await turn();
  }
}

/** How many descriptors this process has open. */
export function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** The children of this process, zombies too. */
export function children(): string {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
}

/** Give way to Node's own loop. */
export function hostTurn(): asyncio.Future<void> {
  return asyncio.wrapFuture(turn());
}

/** Wait until `condition` holds, turn by turn of Node's loop. */
export function until(condition: () => boolean): asyncio.Future<void> {
  const wait = async () => {
    while (!condition()) await turn();
  };
  return asyncio.wrapFuture(wait());
}

const folder = mkdtempSync(join(tmpdir(), 'asyncio-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A path in a folder of this test run. */
export function path(name: string): string {
  return join(folder, `${count++}-${name}`);
}

/** Both ends of a true pipe. */
export function pipe(): [readEnd: number, writeEnd: number] {
  const name = path('pipe');
  execFileSync('mkfifo', [name]);
  const readEnd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  return [readEnd, openSync(name, constants.O_WRONLY | constants.O_NONBLOCK)];
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Bytes as text; `null` as it is. */
export function text(data: Uint8Array | null): string | null {
  return data === null ? null : Buffer.from(data).toString();
}
