/**
 * Real database servers for tests: each in a folder of its own, on a free port, and gone with the process that started it, however that ends.
 *
 * Between this process and the server stands a shell that waits for the end of its input; then it ends the server and removes the folder.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findProgram, postgresPrograms } from '../../scripts/programs.ts';

/** How long a server may take to start, in milliseconds. */
const PATIENCE = 90_000;

/** A server that runs. */
export interface DatabaseServer {
  readonly port: number;
  readonly url: string;
  /** End it as a crash would, and wait until it is gone. Its data stay. */
  kill(): Promise<void>;
  /** Start it again, on the same port. */
  restart(): Promise<void>;
  /** End it, and remove everything. */
  stop(): Promise<void>;
}

interface Plan {
  readonly folder: string;
  readonly port: number;
  readonly url: string;
  readonly user: readonly [uid: number, gid: number] | undefined;
  readonly command: readonly string[];
  /** What to say to the server to hear whether it is ready; `null` where it speaks first. */
  readonly hello: Uint8Array | null;
  readonly isReady: (answer: Uint8Array) => boolean;
}

/** The user of the system that a server runs as: root may not. */
function systemUser(...names: readonly string[]): readonly [uid: number, gid: number] | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of [...names, 'nobody']) {
    const entry = lines.find(([user]) => user === name);
    if (entry !== undefined) return [Number(entry[2]), Number(entry[3])];
  }
  throw new Error('this system has no user that a server can run as');
}

function newFolder(name: string, user: Plan['user']): string {
  const folder = mkdtempSync(join(tmpdir(), `asyncio-${name}-`));
  if (user !== undefined) chownSync(folder, ...user);
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function run(command: readonly string[], user: Plan['user'], cwd: string): void {
  const [program = '', ...args] = command;
  const [uid, gid] = user ?? [];
  const { status, stderr, stdout, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
    ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${error?.message ?? ''}${stdout}${stderr}`);
}

const KEEPER = `
folder="$1"; shift
"$@" </dev/null >>"$folder/log" 2>&1 &
server=$!
read -r how
kill -9 $server 2>/dev/null
wait $server 2>/dev/null
[ "$how" = keep ] || rm -rf "$folder"
`;

class Server implements DatabaseServer {
  readonly #plan: Plan;
  #keeper: ChildProcess | null = null;

  constructor(plan: Plan) {
    this.#plan = plan;
    // Of a server that was killed and not started again the data are still there.
    process.on('exit', () => {
      if (this.#keeper === null) this.#remove();
    });
  }

  get port(): number {
    return this.#plan.port;
  }

  get url(): string {
    return this.#plan.url;
  }

  async restart(): Promise<void> {
    const { command, folder, user } = this.#plan;
    const [uid, gid] = user ?? [];
    this.#keeper = spawn('/bin/sh', ['-c', KEEPER, 'sh', folder, ...command], {
      cwd: folder,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { ...process.env, TZ: 'UTC' },
      ...(uid === undefined || gid === undefined ? {} : { uid, gid }),
    });
    this.#keeper.unref();
    const end = performance.now() + PATIENCE;
    while (!(await this.#listens())) {
      if (performance.now() > end || this.#keeper.exitCode !== null)
        throw new Error(`the server did not start: ${readFileSync(join(folder, 'log'), 'utf8')}`);
      await delay(20);
    }
  }

  async #listens(): Promise<boolean> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      if (this.#plan.hello !== null) socket.write(this.#plan.hello);
      const [answer] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown];
      return answer instanceof Uint8Array && this.#plan.isReady(answer);
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  async #end(how: string): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = null;
    if (keeper === null) return;
    keeper.ref();
    const gone = once(keeper, 'exit');
    keeper.stdin?.end(`${how}\n`);
    await gone;
  }

  async kill(): Promise<void> {
    await this.#end('keep');
    while (await this.#listens()) await delay(10);
  }

  readonly #remove = (): void => rmSync(this.#plan.folder, { recursive: true, force: true });

  async stop(): Promise<void> {
    await this.#end('remove');
    this.#remove();
  }
}

/** A PostgreSQL server. */
export async function startPostgres(): Promise<DatabaseServer> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error('PostgreSQL is not installed');
  const user = systemUser('postgres');
  const folder = newFolder('postgres', user);
  const data = join(folder, 'data');
  const initdb = [
    join(programs, 'initdb'),
    '-D',
    data,
    '-U',
    'kim',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
    '-A',
    'trust',
  ];
  run(initdb, user, folder);
  const port = await freePort();
  const settings = ['fsync=off', 'max_connections=60', 'logging_collector=off', 'timezone=Asia/Tokyo'];
  const command = [
    join(programs, 'postgres'),
    ...['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder],
    ...settings.flatMap((setting) => ['-c', setting]),
  ];
  const url = `postgresql://kim@127.0.0.1:${port}/postgres`;
  const words = Buffer.from('user\0kim\0database\0postgres\0\0');
  const hello = Buffer.concat([Buffer.from([0, 0, 0, words.length + 8, 0, 3, 0, 0]), words]);
  const isReady = (answer: Uint8Array): boolean => answer[0] === 'R'.charCodeAt(0);
  const server = new Server({ folder, port, url, user, command, hello, isReady });
  await server.restart();
  return server;
}

/** A MariaDB server. */
export async function startMariadb(): Promise<DatabaseServer> {
  const mariadbd = findProgram('mariadbd');
  const install = findProgram('mariadb-install-db');
  if (mariadbd === undefined || install === undefined) throw new Error('MariaDB is not installed');
  const user = systemUser('mysql');
  const folder = newFolder('mariadb', user);
  const data = join(folder, 'data');
  mkdirSync(data);
  if (user !== undefined) chownSync(data, ...user);
  run(
    [
      install,
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    user,
    folder,
  );
  const init = join(folder, 'init.sql');
  writeFileSync(
    init,
    [
      'CREATE DATABASE IF NOT EXISTS scores;',
      "CREATE USER IF NOT EXISTS 'kim'@'%' IDENTIFIED BY 'secret';",
      "GRANT ALL ON scores.* TO 'kim'@'%';",
    ].join('\n'),
  );
  const port = await freePort();
  const command = [
    mariadbd,
    '--no-defaults',
    ...[
      `--datadir=${data}`,
      `--port=${port}`,
      `--socket=${join(folder, 'socket')}`,
      '--bind-address=127.0.0.1',
    ],
    ...[
      `--init-file=${init}`,
      '--skip-name-resolve',
      '--character-set-server=utf8mb4',
      '--innodb-flush-log-at-trx-commit=2',
      '--default-time-zone=+09:00',
    ],
  ];
  const url = `mysql://kim:secret@127.0.0.1:${port}/scores`;
  // Behind the length of the packet: the version of the protocol.
  const isReady = (answer: Uint8Array): boolean => answer[4] === 10;
  const server = new Server({ folder, port, url, user, command, hello: null, isReady });
  await server.restart();
  return server;
}
