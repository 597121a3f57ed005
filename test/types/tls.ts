/**
 * TLS as the editor shows it, and what must not compile.
 */
import * as asyncio from '../../src/index.ts';
import { same } from './expect.ts';

declare const loop: asyncio.EventLoop;
declare const transport: asyncio.Transport;
declare const context: asyncio.ssl.SSLContext;
declare const writer: asyncio.StreamWriter;

class Chat extends asyncio.Protocol {}

export function* secured(): asyncio.Coroutine<void> {
  const [plain, chat] = yield* loop.createConnection(() => new Chat(), 'host', 1, {
    ssl: true,
    serverHostname: 'x',
  });
  same<typeof plain, asyncio.StreamTransport>();
  same<typeof chat, Chat>();
  const upgraded = yield* loop.startTls(transport, chat, context, {
    serverSide: true,
    sslHandshakeTimeout: 1,
  });
  same<typeof upgraded, asyncio.TlsTransport>();
  const done = yield* writer.startTls(context, { serverHostname: 'x' });
  same<typeof done, void>();
  // @ts-expect-error: which side it is follows from how the stream was made
  yield* writer.startTls(context, { serverSide: true });
  // @ts-expect-error: a server needs a certificate, so there is no default for it
  yield* loop.createServer(() => new Chat(), 'host', 1, { ssl: true });
}

const cipher = transport.getExtraInfo('cipher');
same<typeof cipher, asyncio.ssl.Cipher | null>();
const object = transport.getExtraInfo('ssl_object');
same<typeof object, asyncio.ssl.SSLObject | null>();
const certificate = transport.getExtraInfo('peercert');
same<typeof certificate, asyncio.ssl.PeerCertificate | Record<string, never> | null>();
export const subject: asyncio.ssl.DistinguishedName | undefined = certificate?.subject;
export const der: Uint8Array | null | undefined = object?.getpeercert(true);

context.verifyMode = asyncio.ssl.CERT_REQUIRED;
// @ts-expect-error: there is no such mode
context.verifyMode = 3;
// @ts-expect-error: versions are those of TLSVersion
context.minimumVersion = 'TLSv1.3';
export const error: asyncio.OSError = new asyncio.ssl.SSLError('x');
