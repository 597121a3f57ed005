/**
 * PostgreSQL's failures as the exceptions of databases, by SQLSTATE. Source: PostgreSQL docs, "PostgreSQL Error Codes"; psycopg docs, "sqlstate".
 */
import {
  type DatabaseError,
  type DatabaseErrorFields,
  DataError,
  IntegrityError,
  InternalError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
} from '../errors.ts';

type ErrorClass = new (message?: string, fields?: DatabaseErrorFields) => DatabaseError;

const CLASSES: Readonly<Record<string, ErrorClass>> = {
  '0A': NotSupportedError,
  '20': ProgrammingError,
  '21': ProgrammingError,
  '22': DataError,
  '23': IntegrityError,
  '24': InternalError,
  '25': InternalError,
  '2B': InternalError,
  '2D': InternalError,
  '2F': InternalError,
  '38': InternalError,
  '39': InternalError,
  '3B': InternalError,
  '3D': ProgrammingError,
  '3F': ProgrammingError,
  '42': ProgrammingError,
  '44': ProgrammingError,
  F0: InternalError,
  P0: InternalError,
  XX: InternalError,
};

/** What the server or the driver reports. */
export function toDatabaseError(error: unknown): DatabaseError {
  const { message, code, detail, hint, severity } = error as Partial<Record<string, unknown>>;
  const more = [detail, hint].filter((text) => typeof text === 'string').map((text) => `\n${text}`);
  const text = `${String(message ?? error)}${more.join('')}`;
  const state = typeof code === 'string' ? code : undefined;
  const kind = severity === undefined || state === undefined ? undefined : CLASSES[state.slice(0, 2)];
  return new (kind ?? OperationalError)(text, { code: state, cause: error });
}
