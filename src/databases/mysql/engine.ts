/**
 * MySQL and MariaDB, through the package `mysql2`, which is loaded when the first connection is made.
 */
import { userInfo } from 'node:os';
import { captureScope } from '../../core/async-scope.ts';
import type { Coroutine } from '../../core/awaitable.ts';
import { ValueError } from '../../core/errors.ts';
import { describe } from '../../core/repr.ts';
import type { Scheduler } from '../../core/scheduler.ts';
import type { DatabaseOptions, Engine, TransactionOptions } from '../engine.ts';
import { NotSupportedError } from '../errors.ts';
import { ISOLATIONS } from '../isolation.ts';
import { loadDriver } from '../load.ts';
import type { Syntax } from '../sql.ts';
import type { DatabaseURL } from '../url.ts';
import type { Client, Driver } from './driver.ts';
import { MysqlSession } from './session.ts';

const SYNTAX: Syntax = {
  placeholder: () => '?',
  numbered: false,
  backslash: 'always',
  nestedComments: false,
  hashComments: true,
  dollarQuotes: false,
  quotes: '`',
  foreign: /\?/y,
};

export function mysqlEngine(url: DatabaseURL, options: DatabaseOptions): Engine {
  return new MysqlEngine(url, options);
}

class MysqlEngine implements Engine {
  readonly syntax = SYNTAX;
  readonly #url: DatabaseURL;
  readonly #config: Readonly<Record<string, unknown>>;
  #driver: Driver | null = null;
  /** Kills queries; made for the first one, and gone when it is idle for a moment. */
  #killer: Client | null = null;

  constructor(url: DatabaseURL, options: DatabaseOptions) {
    this.#url = url;
    const { ssl = false, connectTimeout = 60 } = options;
    const { hostname, port, username, password, database } = url;
    this.#config = {
      host: hostname ?? 'localhost',
      port: port ?? 3306,
      user: username ?? userInfo().username,
      password: password ?? undefined,
      database: database === '' ? undefined : database,
      ssl: ssl === false ? undefined : ssl === true ? {} : ssl,
      connectTimeout: Math.round(connectTimeout * 1000),
      timezone: 'Z',
      supportBigNumbers: true,
      charset: 'utf8mb4',
      maxPreparedStatements: 200,
    };
  }

  *open(loop: Scheduler): Coroutine<MysqlSession> {
    const loaded = yield* loadDriver<Partial<Driver> & { readonly default?: Driver }>(
      'mysql2',
      () => import('mysql2'),
    );
    const driver = (loaded.default ?? loaded) as Driver;
    this.#driver = driver;
    const session = captureScope().runInAsyncScope(
      () =>
        new MysqlSession(
          loop,
          driver,
          driver.createConnection(this.#config),
          this.#url.safe,
          (thread, done) => this.#kill(thread, done),
        ),
    );
    let connected = false;
    try {
      yield* session.connected();
      connected = true;
      return session;
    } finally {
      if (!connected) session.lose(new NotSupportedError('the connection was not made'));
    }
  }

  /** `done` is called whatever comes of it: where it failed, the query has to be waited for. */
  #kill(thread: number, done: () => void): void {
    const killer = this.#killer ?? this.#newKiller();
    killer.query({ sql: `KILL QUERY ${thread}` }, () => done());
  }

  #newKiller(): Client {
    const killer = captureScope().runInAsyncScope(() =>
      (this.#driver as Driver).createConnection(this.#config),
    );
    this.#killer = killer;
    const gone = (): void => {
      if (this.#killer === killer) this.#killer = null;
      end(killer);
    };
    killer.on('error', gone);
    killer.on('end', gone);
    killer.on('connect', () => killer.stream.unref());
    return killer;
  }

  begin({ isolation, readOnly, deferrable, mode }: TransactionOptions): readonly string[] {
    const foreign = Object.entries({ deferrable, mode }).find(([, value]) => value !== undefined);
    if (foreign !== undefined)
      throw new NotSupportedError(`MySQL has no transactions with the option ${foreign[0]}`);
    if (isolation !== undefined && !ISOLATIONS.includes(isolation))
      throw new ValueError(`isolation must be one of ${ISOLATIONS.join(', ')}, not ${describe(isolation)}`);
    const access = readOnly === undefined ? '' : readOnly ? ' READ ONLY' : ' READ WRITE';
    const start = `START TRANSACTION${access}`;
    return isolation === undefined
      ? [start]
      : [`SET TRANSACTION ISOLATION LEVEL ${isolation.toUpperCase()}`, start];
  }

  close(): void {
    if (this.#killer !== null) end(this.#killer);
    this.#killer = null;
  }
}

/** Close a connection without a word: the driver's own way waits for the server. */
function end(client: Client): void {
  client.destroy();
  client.stream.destroy();
}
