/**
 * The engines, by the dialect of a URL.
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { EngineFactory } from './engine.ts';
import { mysqlEngine } from './mysql/engine.ts';
import { postgresqlEngine } from './postgresql/engine.ts';
import { sqliteEngine } from './sqlite/engine.ts';
import type { DatabaseURL } from './url.ts';

const ENGINES: Readonly<Record<string, EngineFactory>> = {
  sqlite: sqliteEngine,
  postgresql: postgresqlEngine,
  postgres: postgresqlEngine,
  mysql: mysqlEngine,
  mariadb: mysqlEngine,
};

/** @throws {ValueError} where there is none for the dialect. */
export function engineFor(url: DatabaseURL): EngineFactory {
  const factory = Object.hasOwn(ENGINES, url.dialect) ? ENGINES[url.dialect] : undefined;
  if (factory !== undefined) return factory;
  throw new ValueError(
    `there is no engine for ${describe(`${url.dialect}://`)}; there are ${Object.keys(ENGINES).join(', ')}`,
  );
}
