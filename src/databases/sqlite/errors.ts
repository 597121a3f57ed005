/**
 * SQLite's failures as the exceptions of databases. Source: SQLite docs, "Result and Error Codes"; Python docs, "sqlite3", "Exceptions".
 */
import {
  DatabaseError,
  type DatabaseErrorFields,
  DataError,
  IntegrityError,
  InternalError,
  OperationalError,
  ProgrammingError,
} from '../errors.ts';
import type { SentError } from './messages.ts';

type ErrorClass = new (message?: string, fields?: DatabaseErrorFields) => DatabaseError;

/** By primary result code: the name, and the class that Python's sqlite3 uses. */
const PRIMARY: Readonly<Record<number, readonly [name: string, kind: ErrorClass]>> = {
  1: ['SQLITE_ERROR', OperationalError],
  2: ['SQLITE_INTERNAL', InternalError],
  3: ['SQLITE_PERM', OperationalError],
  4: ['SQLITE_ABORT', OperationalError],
  5: ['SQLITE_BUSY', OperationalError],
  6: ['SQLITE_LOCKED', OperationalError],
  7: ['SQLITE_NOMEM', OperationalError],
  8: ['SQLITE_READONLY', OperationalError],
  9: ['SQLITE_INTERRUPT', OperationalError],
  10: ['SQLITE_IOERR', OperationalError],
  11: ['SQLITE_CORRUPT', DatabaseError],
  13: ['SQLITE_FULL', OperationalError],
  14: ['SQLITE_CANTOPEN', OperationalError],
  17: ['SQLITE_SCHEMA', OperationalError],
  18: ['SQLITE_TOOBIG', DataError],
  19: ['SQLITE_CONSTRAINT', IntegrityError],
  20: ['SQLITE_MISMATCH', IntegrityError],
  21: ['SQLITE_MISUSE', ProgrammingError],
  25: ['SQLITE_RANGE', ProgrammingError],
  26: ['SQLITE_NOTADB', DatabaseError],
};

/** Which constraint it was. */
const CONSTRAINTS: Readonly<Record<number, string>> = {
  1: 'CHECK',
  2: 'COMMITHOOK',
  3: 'FOREIGNKEY',
  5: 'NOTNULL',
  6: 'PRIMARYKEY',
  7: 'TRIGGER',
  8: 'UNIQUE',
  10: 'ROWID',
  12: 'DATATYPE',
};

export function toDatabaseError({ message, errcode, code }: SentError): DatabaseError {
  const cause = Object.assign(new Error(message), { code, errcode });
  if (errcode === undefined) {
    return code === 'ERR_INVALID_ARG_VALUE' || code === 'ERR_OUT_OF_RANGE'
      ? new DataError(message, { code, cause })
      : new DatabaseError(message, { code, cause });
  }
  const [name, kind] = PRIMARY[errcode & 0xff] ?? ['SQLITE_ERROR', DatabaseError];
  const detail = name === 'SQLITE_CONSTRAINT' ? CONSTRAINTS[errcode >> 8] : undefined;
  return new kind(message, { code: detail === undefined ? name : `${name}_${detail}`, cause });
}
