/**
 * Settings of TLS as contexts of `node:tls`, each made once: reading certificates takes longer than a handshake.
 *
 * Source: Node docs, "TLS (SSL)", `tls.createSecureContext`.
 */
import { randomBytes } from 'node:crypto';
import {
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls';
import type { TlsSettings } from '../../core/tls.ts';

const made = new WeakMap<TlsSettings, SecureContext>();

/** @throws what OpenSSL has against the settings. */
export function contextOf(settings: TlsSettings): SecureContext {
  let context = made.get(settings);
  if (context === undefined) {
    context = createSecureContext(optionsOf(settings));
    made.set(settings, context);
  }
  return context;
}

function optionsOf(settings: TlsSettings): SecureContextOptions {
  const { identities, ciphers, minimumVersion, maximumVersion } = settings;
  const authorities = authoritiesOf(settings);
  return {
    ...(authorities === null ? {} : { ca: authorities }),
    ...(identities.length === 0
      ? {}
      : {
          cert: identities.map(({ certificates }) => certificates),
          key: identities.map(({ key, passphrase }) => ({
            pem: key,
            ...(passphrase === undefined ? {} : { passphrase }),
          })),
        }),
    ...(ciphers === null ? {} : { ciphers }),
    ...(minimumVersion === null ? {} : { minVersion: minimumVersion }),
    ...(maximumVersion === null ? {} : { maxVersion: maximumVersion }),
    ...(settings.partialChain ? { allowPartialTrustChain: true } : {}),
    // Without one, servers that ask for certificates cannot resume sessions.
    sessionIdContext: randomBytes(16).toString('hex'),
  };
}

/** Whom to trust; `null`: the host's own, which Node keeps ready. */
function authoritiesOf({ trustsHost, authorities }: TlsSettings): string[] | null {
  if (!trustsHost) return [...authorities];
  return authorities.length === 0 ? null : [...getCACertificates('default'), ...authorities];
}
