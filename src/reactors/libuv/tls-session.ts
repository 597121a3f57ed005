/**
 * The facts of a secured connection, taken from a socket of `node:tls` when its handshake is over: later it may be gone.
 *
 * Source: Node docs, "TLS (SSL)", class `tls.TLSSocket`.
 */
import type { TLSSocket } from 'node:tls';
import type { TlsSession } from '../../core/tls.ts';

/** What Node keeps below the socket of a server, and does not ask unless the server is its own. */
interface Engine {
  verifyError?(): { readonly code?: string; readonly message: string } | null;
}

export function sessionOf(socket: TLSSocket): TlsSession {
  const { name, version } = socket.getCipher() ?? {};
  const peerCertificate = socket.getPeerX509Certificate()?.raw ?? null;
  return {
    version: socket.getProtocol(),
    cipher: name === undefined || version === undefined ? null : [name, version],
    alpnProtocol: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : null,
    peerCertificate,
    verifyError: peerCertificate === null ? null : verifyErrorOf(socket),
    resumed: socket.isSessionReused(),
    finished: (own) => (own ? socket.getFinished() : socket.getPeerFinished()) ?? null,
  };
}

function verifyErrorOf(socket: TLSSocket): string | null {
  const engine = (socket as unknown as { readonly ssl: Engine | null }).ssl;
  if (typeof engine?.verifyError === 'function') {
    const error = engine.verifyError();
    return error === null || error === undefined ? null : (error.code ?? error.message);
  }
  return socket.authorizationError === null ? null : String(socket.authorizationError);
}
