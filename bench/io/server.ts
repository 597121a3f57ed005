/**
 * What every server of the I/O part has in common: how it is asked for its processor time, and which kinds of servers there are.
 *
 * A server is a process: `SYSTEM.ts KIND PLACE [--async]` prints `{"port": N}` when it listens (at a Unix socket: `{}`), then answers each line of
 * its standard input with one line of JSON: `cpu` with the processor time that it has used, in microseconds; `run`, which only `writes`
 * knows, with what one transfer took. It ends when its input does. PLACE is the path of the Unix socket, or the directory with `cert.pem` and
 * `key.pem`. `servers/cpython.py` keeps the same rules.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Kind } from './rows.ts';

/** How much `writes` sends at once and how often: as pyperformance's `asyncio_tcp`, but a tenth as often. */
export const MESSAGE: Uint8Array = Buffer.alloc(10 * 2 ** 20, 'x');
export const WRITE_COUNT = 10;
/** How much a stream server reads at once. */
export const READ_SIZE = 2 ** 18;

/** Tells that the server listens, and where. */
export type Ready = (port?: number) => void;

/** One transfer of `writes`. @returns how many bytes came. */
export type Transfer = () => Promise<number>;

/** Starts a server. `writes` gives back a promise of its transfer, the others nothing that matters. */
export type Start = (ready: Ready, place: string) => unknown;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { async: { type: 'boolean', default: false } },
});

/** Is the server to be written in async functions? */
export const inAsyncFunctions: boolean = flags.async;

/** Start the server that this process was asked for. */
export function serve(kinds: Readonly<Partial<Record<Kind, Start>>>): void {
  const [kind = '', place = ''] = positionals;
  const start = kinds[kind as Kind];
  if (start === undefined) {
    console.error(`has no scenario ${kind}`);
    process.exit(1);
  }
  let transfer: Transfer | undefined;
  Promise.resolve(start((port) => tell({ port }), place)).then((given) => {
    if (typeof given !== 'function') return;
    transfer = given as Transfer;
    tell({});
  }, fail);
  process.stdin.on('data', (line) => {
    if (line.toString().trim() === 'cpu') tell({ cpu: cpu() });
    else if (transfer !== undefined) run(transfer).then(tell, fail);
  });
  process.stdin.on('end', () => process.exit(0));
}

async function run(transfer: Transfer): Promise<object> {
  const [start, used] = [performance.now(), cpu()];
  const bytes = await transfer();
  return { bytes, seconds: (performance.now() - start) / 1000, cpu: cpu() - used };
}

/** User and system, of all threads, in microseconds. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function tell(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/** End with an error. */
export function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}

/** The certificate and the key that the driver made. */
export function credentials(place: string): { cert: string; key: string } {
  return { cert: readFileSync(`${place}/cert.pem`, 'utf8'), key: readFileSync(`${place}/key.pem`, 'utf8') };
}
