/**
 * How jobs, results and failures stand in Redis: a job's name, and everything else as V8 writes it, in base64.
 *
 * Structured clones hold more than JSON does (big integers, dates, maps, buffers, cycles), and Redis holds text.
 */
import { deserialize, serialize } from 'node:v8';
import type { Thrown } from '../outcome.ts';

/** A job, as the queue holds it. */
export interface JobData {
  /** The export of the workers' module that is to be called. */
  readonly name: string;
  readonly args: string;
  /** Are `args` the arguments of several calls? */
  readonly chunk: boolean;
  /** How long one attempt may take, in seconds. */
  readonly timeout: number | null;
  /** Written by the last attempt, if that failed too: what it threw. */
  readonly thrown?: string;
}

/** The results of a chunk up to the one that failed. */
export interface ChunkData {
  readonly values: readonly unknown[];
  readonly thrown: Thrown | null;
}

/** How a connection to Redis is given: a URL, or what the package ioredis takes. */
export type Connection = string | Readonly<Record<string, unknown>>;

/** What every part of a queue has to agree on. */
export interface QueuePlace {
  readonly queue: string;
  readonly connection: Connection;
  readonly prefix: string;
}

/** @throws where the value cannot be cloned. */
export function toText(value: unknown): string {
  return serialize(value).toString('base64');
}

export function fromText(text: string): unknown {
  return deserialize(Buffer.from(text, 'base64'));
}

/** Where cancellations are announced. */
export function cancelChannel({ prefix, queue }: QueuePlace): string {
  return `${prefix}:${queue}:cancel`;
}

/** What stands in Redis while a cancelled job might still begin. */
export function cancelKey(place: QueuePlace, id: string): string {
  return `${cancelChannel(place)}:${id}`;
}
