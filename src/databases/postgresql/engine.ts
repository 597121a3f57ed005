/**
 * PostgreSQL, through the package `pg`, which is loaded when the first connection is made.
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
import { PostgresqlSession } from './session.ts';

const SYNTAX: Syntax = {
  placeholder: (index) => `$${index}`,
  numbered: true,
  backslash: 'prefixed',
  nestedComments: true,
  hashComments: false,
  dollarQuotes: true,
  quotes: '',
  foreign: /\$\d+/uy,
};

export function postgresqlEngine(url: DatabaseURL, options: DatabaseOptions): Engine {
  return new PostgresqlEngine(url, options);
}

class PostgresqlEngine implements Engine {
  readonly syntax = SYNTAX;
  readonly #url: DatabaseURL;
  readonly #options: DatabaseOptions;

  constructor(url: DatabaseURL, options: DatabaseOptions) {
    this.#url = url;
    this.#options = options;
  }

  *open(loop: Scheduler): Coroutine<PostgresqlSession> {
    const loaded = yield* loadDriver<Partial<Driver> & { readonly default?: Driver }>(
      'pg',
      () => import('pg'),
    );
    const driver = (loaded.default ?? loaded) as Driver;
    const { hostname, port, username, password, database } = this.#url;
    const user = username ?? userInfo().username;
    const place = { host: hostname ?? 'localhost', port: port ?? 5432, shown: this.#url.safe };
    const { ssl = false, connectTimeout = 60, statementCacheSize = 100 } = this.#options;
    let client: Client | null = null;
    // What happens on the connection belongs to no task, whoever opens it.
    captureScope().runInAsyncScope(() => {
      client = new driver.Client({
        host: place.host,
        port: place.port,
        user,
        password: password ?? undefined,
        database: database === '' ? user : database,
        ssl,
        connectionTimeoutMillis: Math.round(connectTimeout * 1000),
      });
    });
    const session = new PostgresqlSession(loop, driver, client as never as Client, place, statementCacheSize);
    let connected = false;
    try {
      yield* session.connected();
      connected = true;
      return session;
    } finally {
      if (!connected) session.lose(new NotSupportedError('the connection was not made'));
    }
  }

  begin({ isolation, readOnly, deferrable, mode }: TransactionOptions): readonly string[] {
    if (mode !== undefined) throw new NotSupportedError("the option mode is for SQLite's transactions");
    if (isolation !== undefined && !ISOLATIONS.includes(isolation))
      throw new ValueError(`isolation must be one of ${ISOLATIONS.join(', ')}, not ${describe(isolation)}`);
    const parts = ['BEGIN'];
    if (isolation !== undefined) parts.push(`ISOLATION LEVEL ${isolation.toUpperCase()}`);
    if (readOnly !== undefined) parts.push(readOnly ? 'READ ONLY' : 'READ WRITE');
    if (deferrable !== undefined) parts.push(deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE');
    return [parts.join(' ')];
  }

  close(): void {}
}
