/**
 * What libzmq says of itself, and the keys that it makes.
 *
 * Source: pyzmq's documentation, "zmq", `zmq_version`, `has`, `curve_keypair`; man zmq_has(3), zmq_curve_keypair(3).
 */
import { engine } from './engine.ts';

/** The version of libzmq, such as `'4.3.5'`. */
export function zmqVersion(): string {
  return engine().version;
}

/** Can libzmq do that: `'ipc'`, `'curve'`, `'gssapi'`, `'pgm'`, `'tipc'`, `'norm'` or `'draft'`? */
export function has(capability: string): boolean {
  return engine().capability[capability] === true;
}

/** A new pair of keys for CURVE, in Z85. @returns the public and the secret key. */
export function curveKeypair(): [publicKey: string, secretKey: string] {
  const { publicKey, secretKey } = engine().curveKeyPair();
  return [publicKey, secretKey];
}
