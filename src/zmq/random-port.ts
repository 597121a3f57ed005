/**
 * Which ports `bindToRandomPort` chooses from, and at which addresses there are ports.
 *
 * Source: pyzmq's documentation, `Socket.bind_to_random_port`; man zmq_bind(3).
 */
import { ValueError } from '../core/errors.ts';
import { describe } from '../core/repr.ts';

/** How a random port is found. */
export interface RandomPortOptions {
  /** The lowest port; 49152 by default. */
  readonly minPort?: number | undefined;
  /** The first port that is too high; 65536 by default. */
  readonly maxPort?: number | undefined;
  /** How many ports are tried; 100 by default. */
  readonly maxTries?: number | undefined;
}

const WITH_PORTS = /^(tcp|wss?):\/\//;

/** @throws {TypeError} where the options are no whole numbers; {ValueError} where there is no such port to choose. */
export function checkPorts(
  address: string,
  options: RandomPortOptions,
): Record<keyof RandomPortOptions, number> {
  if (typeof address !== 'string' || !WITH_PORTS.test(address))
    throw new ValueError(
      `bindToRandomPort() needs an address that has ports, such as 'tcp://127.0.0.1', not ${describe(address)}`,
    );
  const { minPort = 49_152, maxPort = 65_536, maxTries = 100 } = options;
  for (const [name, value] of Object.entries({ minPort, maxPort, maxTries })) {
    if (!Number.isInteger(value))
      throw new TypeError(`bindToRandomPort(): ${name} must be a whole number, not ${describe(value)}`);
  }
  if (minPort < 1 || maxPort > 65_536 || minPort >= maxPort)
    throw new ValueError(
      `bindToRandomPort(): the ports from ${minPort} to below ${maxPort} are none: give minPort < maxPort, from 1 to 65536`,
    );
  if (maxTries < 1) throw new ValueError(`bindToRandomPort(): maxTries must be 1 or more, not ${maxTries}`);
  return { minPort, maxPort, maxTries };
}
