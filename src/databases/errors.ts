/**
 * The exceptions of databases, under the names that Python gives them, whatever the engine: what its driver threw is the `cause`.
 *
 * Source: PEP 249, "Exceptions".
 */

/** What is known of a failure besides its message. */
export interface DatabaseErrorFields {
  /** The engine's own code: of PostgreSQL the SQLSTATE, such as `'23505'`; else a name, such as `'SQLITE_CONSTRAINT_UNIQUE'`, `'ER_DUP_ENTRY'`. */
  readonly code?: string | undefined;
  /** The error that this one was made from. */
  readonly cause?: unknown;
}

/** The library was used in a way that it cannot do: not connected, a package that is missing, a URL that says nothing. */
export class InterfaceError extends Error {
  override get name(): string {
    return 'InterfaceError';
  }
}

/** Base of what a database reports. */
export class DatabaseError extends Error {
  override get name(): string {
    return 'DatabaseError';
  }

  /** The engine's own code, where there is one. */
  readonly code: string | undefined;

  constructor(message?: string, fields: DatabaseErrorFields = {}) {
    super(message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
  }
}

/** A value does not fit: out of range, of a form that its type does not have, a division by zero. */
export class DataError extends DatabaseError {
  override get name(): string {
    return 'DataError';
  }
}

/** The database could not do it, and it is not the program's mistake: it is gone, locked, full, or the connection was lost. */
export class OperationalError extends DatabaseError {
  override get name(): string {
    return 'OperationalError';
  }
}

/** A constraint forbids it: a unique key, a foreign key, a check, a value that must be there. */
export class IntegrityError extends DatabaseError {
  override get name(): string {
    return 'IntegrityError';
  }
}

/** The database is in a state of its own, such as a transaction that has failed. */
export class InternalError extends DatabaseError {
  override get name(): string {
    return 'InternalError';
  }
}

/** The query is wrong: its syntax, a table that is not there, a parameter that is missing or was not asked for. */
export class ProgrammingError extends DatabaseError {
  override get name(): string {
    return 'ProgrammingError';
  }
}

/** The engine has no such thing. */
export class NotSupportedError extends DatabaseError {
  override get name(): string {
    return 'NotSupportedError';
  }
}
