/**
 * MySQL's failures as the exceptions of databases. Source: MySQL docs, "Server Error Message Reference"; PyMySQL, `err.py`.
 */
import {
  type DatabaseError,
  type DatabaseErrorFields,
  DataError,
  IntegrityError,
  NotSupportedError,
  OperationalError,
  ProgrammingError,
} from '../errors.ts';

type ErrorClass = new (message?: string, fields?: DatabaseErrorFields) => DatabaseError;

const KINDS: ReadonlyMap<number, ErrorClass> = new Map([
  ...each(
    ProgrammingError,
    [
      1007, 1008, 1046, 1049, 1050, 1051, 1054, 1056, 1060, 1061, 1064, 1065, 1066, 1091, 1102, 1103, 1109,
      1110, 1111, 1113, 1146, 1149, 1166, 1210, 1305,
    ],
  ),
  ...each(DataError, [1264, 1265, 1292, 1365, 1366, 1367, 1406, 1441, 1690, 3140, 3141]),
  ...each(
    IntegrityError,
    [1022, 1048, 1062, 1169, 1215, 1216, 1217, 1364, 1451, 1452, 1557, 1586, 3819, 4025],
  ),
  ...each(NotSupportedError, [1195, 1196, 1235, 1286, 1295]),
]);

function each(kind: ErrorClass, numbers: readonly number[]): [number, ErrorClass][] {
  return numbers.map((number) => [number, kind]);
}

/** The query was killed. */
export const INTERRUPTED = 1317;

/** What the server or the driver reports. */
export function toDatabaseError(error: unknown): DatabaseError {
  const { message, code, errno } = error as Partial<Record<string, unknown>>;
  const kind = typeof errno === 'number' ? KINDS.get(errno) : undefined;
  const name = typeof code === 'string' ? code : undefined;
  return new (kind ?? OperationalError)(String(message || name || error), { code: name, cause: error });
}
