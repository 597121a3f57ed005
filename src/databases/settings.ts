/**
 * The options of a database, from its URL and from its constructor, which counts more.
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';
import type { DatabaseOptions } from './engine.ts';
import type { DatabaseURL } from './url.ts';

type Name = keyof DatabaseOptions;

/** The names that options have in a URL. */
const NAMES: Readonly<Record<string, Name>> = {
  min_size: 'minSize',
  max_size: 'maxSize',
  ssl: 'ssl',
  connect_timeout: 'connectTimeout',
  statement_cache_size: 'statementCacheSize',
  timeout: 'timeout',
  foreign_keys: 'foreignKeys',
  synchronous: 'synchronous',
  read_only: 'readOnly',
};
const KNOWN: readonly string[] = ['forceRollback', ...Object.values(NAMES)];
const LEVELS = ['off', 'normal', 'full', 'extra'];

/** All options together. @throws {ValueError} where one is unknown, or is not what it should be. */
export function settingsOf(url: DatabaseURL, options: DatabaseOptions): DatabaseOptions {
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name))
      throw new TypeError(`Database() has no option ${describe(name)}; there are ${KNOWN.join(', ')}`);
  }
  const settings: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(url.options)) {
    const option = NAMES[name];
    if (option === undefined) {
      throw new ValueError(
        `the URL ${url.safe} has an unknown option ${describe(name)}; there are ${Object.keys(NAMES).join(', ')}`,
      );
    }
    settings[option] = parsed(text);
  }
  for (const [name, value] of Object.entries(options)) if (value !== undefined) settings[name] = value;
  check(settings as DatabaseOptions);
  return settings as DatabaseOptions;
}

function parsed(text: string): unknown {
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

function check(settings: DatabaseOptions): void {
  const { minSize = 1, maxSize = 10, statementCacheSize = 0, ssl } = settings;
  if (!Number.isInteger(statementCacheSize) || statementCacheSize < 0)
    throw wrong('statement_cache_size', 'a whole number from 0', statementCacheSize);
  if (!Number.isInteger(minSize) || minSize < 0) throw wrong('min_size', 'a whole number from 0', minSize);
  if (!Number.isInteger(maxSize) || maxSize < 1) throw wrong('max_size', 'a whole number from 1', maxSize);
  if (settings.maxSize !== undefined && settings.minSize !== undefined && minSize > maxSize)
    throw wrong('max_size', `at least min_size, which is ${minSize}`, maxSize);
  for (const name of ['timeout', 'connectTimeout'] as const) {
    const seconds = settings[name];
    if (seconds !== undefined && !(typeof seconds === 'number' && seconds >= 0))
      throw wrong(name, 'a number of seconds', seconds);
  }
  for (const name of ['foreignKeys', 'readOnly', 'forceRollback'] as const) {
    if (settings[name] !== undefined && typeof settings[name] !== 'boolean')
      throw wrong(name, 'true or false', settings[name]);
  }
  if (ssl !== undefined && typeof ssl !== 'boolean' && (typeof ssl !== 'object' || ssl === null))
    throw wrong('ssl', 'true, false, or the options of tls.connect()', ssl);
  if (settings.synchronous !== undefined && !LEVELS.includes(settings.synchronous))
    throw wrong('synchronous', `one of ${LEVELS.join(', ')}`, settings.synchronous);
}

function wrong(name: string, expected: string, value: unknown): ValueError {
  return new ValueError(`the option ${name} of a database must be ${expected}, not ${describe(value)}`);
}
