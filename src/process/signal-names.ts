/**
 * Signals by name and by number. Source: signal(7); Python docs, "signal".
 */
import { constants } from 'node:os';
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';

/** The name of a signal. */
export type SignalName =
  | 'SIGABRT'
  | 'SIGALRM'
  | 'SIGBREAK'
  | 'SIGCHLD'
  | 'SIGCONT'
  | 'SIGHUP'
  | 'SIGINT'
  | 'SIGKILL'
  | 'SIGPIPE'
  | 'SIGQUIT'
  | 'SIGSTOP'
  | 'SIGTERM'
  | 'SIGTSTP'
  | 'SIGTTIN'
  | 'SIGTTOU'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGWINCH'
  | (`SIG${string}` & {});

/** A signal: its name, such as `'SIGTERM'`, or its number. */
export type Signal = SignalName | number;

const NUMBERS = constants.signals as Readonly<Record<string, number | undefined>>;
/** The last one of Linux; other systems have fewer. */
const HIGHEST = 64;

/**
 * The number of a signal that can be sent; the system has the last word on it.
 * @throws {ValueError} for an unknown name; {TypeError} for what is neither name nor number.
 */
export function numberOf(signal: Signal): number {
  if (typeof signal === 'number') return signal;
  if (typeof signal !== 'string') {
    throw new TypeError(`a signal is a name such as 'SIGTERM', or a number, not ${describe(signal)}`);
  }
  const number = NUMBERS[signal];
  if (number === undefined) throw new ValueError(`invalid signal name '${signal}'`);
  return number;
}

/**
 * The number of a signal that there is.
 * @throws {ValueError} where there is none of that name or number.
 */
export function checkSignal(signal: Signal): number {
  const number = numberOf(signal);
  if (Number.isInteger(number) && number >= 1 && number <= HIGHEST) return number;
  throw new ValueError(`invalid signal number ${number}`);
}

/** The name of a signal; its number as text where it has none. */
export function nameOf(signal: number): SignalName {
  const entry = Object.entries(NUMBERS).find(([, number]) => number === signal);
  return (entry?.[0] ?? `SIG${signal}`) as SignalName;
}
