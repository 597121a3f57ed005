/** Contexts of TLS: what they are given is read and tried at once, and told in Python's words. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import selfsigned from 'selfsigned';
import { skipWithout } from '../../scripts/programs.ts';
import * as asyncio from '../../src/index.ts';
import { describeCertificate } from '../../src/net/peer-certificate.ts';
import { refusalOf, toSSLError } from '../../src/net/ssl-errors.ts';
import { authority, certificateFiles, clientPair, otherPair, serverPair } from './certificates.ts';

const { ssl } = asyncio;

test('clients verify and servers do not, unless they are told otherwise', () => {
  const client = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  assert.deepEqual([client.verifyMode, client.checkHostname], [ssl.CERT_REQUIRED, true]);
  assert.throws(
    () => {
      client.verifyMode = ssl.CERT_NONE;
    },
    { name: 'ValueError', message: 'Cannot set verifyMode to CERT_NONE when checkHostname is enabled.' },
  );
  client.checkHostname = false;
  client.verifyMode = ssl.CERT_NONE;
  client.checkHostname = true;
  assert.equal(client.verifyMode, ssl.CERT_REQUIRED);
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  assert.deepEqual([server.verifyMode, server.checkHostname], [ssl.CERT_NONE, false]);
  assert.equal(String(server), '<SSLContext PROTOCOL_TLS_SERVER>');
  assert.deepEqual(
    [new ssl.SSLContext().verifyMode, new ssl.SSLContext().checkHostname],
    [ssl.CERT_NONE, false],
  );
  const byDefault = ssl.createDefaultContext();
  assert.deepEqual([byDefault.protocol, byDefault.verifyMode], [ssl.PROTOCOL_TLS_CLIENT, ssl.CERT_REQUIRED]);
  const forServers = ssl.createDefaultContext({ purpose: ssl.Purpose.CLIENT_AUTH });
  assert.deepEqual([forServers.protocol, forServers.verifyMode], [ssl.PROTOCOL_TLS_SERVER, ssl.CERT_NONE]);
  const asInPython = ssl.createDefaultContext(ssl.Purpose.CLIENT_AUTH, { cadata: authority.cert });
  assert.deepEqual([asInPython.protocol, asInPython.getCaCerts().length], [ssl.PROTOCOL_TLS_SERVER, 1]);
  assert.equal(ssl.createDefaultContext(ssl.Purpose.CLIENT_AUTH).protocol, ssl.PROTOCOL_TLS_SERVER);
  assert.equal(ssl.createDefaultContext(ssl.Purpose.SERVER_AUTH).protocol, ssl.PROTOCOL_TLS_CLIENT);
});

test('certificates and keys are taken from files, from text and from bytes', async () => {
  using files = certificateFiles();
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  context.loadCertChain(files.cert, files.key);
  context.loadCertChain(pathToFileURL(files.cert), pathToFileURL(files.key));
  context.loadCertChain(serverPair.cert, serverPair.key);
  context.loadCertChain(Buffer.from(serverPair.cert), Buffer.from(serverPair.key));
  context.loadCertChain(`${serverPair.cert}\n${serverPair.key}`);
  const locked = await selfsigned.generate([{ name: 'commonName', value: 'x' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    passphrase: 'open sesame',
  });
  context.loadCertChain(locked.cert, locked.private, 'open sesame');
  context.loadCertChain(locked.cert, locked.private, Buffer.from('open sesame'));
  context.loadCertChain(locked.cert, locked.private, () => 'open sesame');
  assert.equal(context._settings.identities.length, 1);
  const rsa = await selfsigned.generate([{ name: 'commonName', value: 'x' }], { algorithm: 'sha256' });
  context.loadCertChain(rsa.cert, rsa.private);
  assert.equal(context._settings.identities.length, 2);
  assert.throws(() => context.loadCertChain(locked.cert, locked.private, 'wrong'), ssl.SSLError);
  assert.throws(() => context.loadCertChain(locked.cert, locked.private), ssl.SSLError);
  assert.throws(() => context.loadCertChain(serverPair.cert), ssl.SSLError);
  assert.throws(() => context.loadCertChain(serverPair.key), ssl.SSLError);
  assert.throws(() => context.loadCertChain(serverPair.cert, otherPair.key), {
    name: 'SSLError',
    message: '[X509: KEY_VALUES_MISMATCH] key values mismatch',
    reason: 'KEY_VALUES_MISMATCH',
    library: 'X509',
  });
  assert.throws(() => context.loadCertChain('/nowhere/cert.pem'), {
    name: 'FileNotFoundError',
    message: '[Errno 2] No such file or directory: "/nowhere/cert.pem"',
  });
  assert.throws(() => context.loadCertChain(5 as never), {
    name: 'TypeError',
    message: /certfile must be a path, not 5/,
  });
});

test('authorities are taken from files, folders, text and bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-ts-ca-'));
  writeFileSync(join(folder, '0123abcd.0'), authority.cert);
  writeFileSync(join(folder, 'README'), 'not one');
  const file = join(folder, 'ca.pem');
  writeFileSync(file, `text before\n${authority.cert}\n${clientPair.cert}`);
  const names = (sources: asyncio.ssl.AuthoritySources) => {
    const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
    context.loadVerifyLocations(sources);
    return context.getCaCerts().map(({ subject }) => subject[0]?.[0]?.[1]);
  };
  // Only authorities are told of, though any certificate may be trusted.
  assert.deepEqual(names({ cafile: file }), ['Test Authority']);
  assert.deepEqual(names({ capath: folder }), ['Test Authority']);
  assert.deepEqual(names({ cadata: authority.cert }), ['Test Authority']);
  assert.deepEqual(names({ cadata: Buffer.from(authority.cert) }), ['Test Authority']);
  const context = ssl.createDefaultContext({ cafile: file });
  const [der] = context.getCaCerts(true);
  assert.ok(der !== undefined);
  assert.deepEqual(names({ cadata: der }), ['Test Authority']);
  const refused = (sources: object, error: object) => assert.throws(() => names(sources), error);
  const omitted = { name: 'TypeError', message: 'cafile, capath and cadata cannot be all omitted' };
  refused({}, omitted);
  assert.throws(() => Reflect.apply(context.loadVerifyLocations, context, []), omitted);
  refused(file as never, {
    name: 'TypeError',
    message: /^loadVerifyLocations\(\): its options are an object, \{ cafile, capath, cadata \}, not "/,
  });
  refused({ cafiel: file }, { name: 'TypeError', message: /unexpected option 'cafiel'/ });
  refused(
    { cadata: 'x' },
    { name: 'SSLError', message: 'no start line: cadata does not contain a certificate' },
  );
  refused({ cadata: '' }, { name: 'ValueError', message: 'Empty certificate data' });
  refused({ cadata: Buffer.from([1, 2, 3]) }, { name: 'SSLError' });
  refused({ cafile: '/nowhere' }, { name: 'FileNotFoundError' });
  refused({ capath: '/nowhere' }, { name: 'FileNotFoundError' });
  rmSync(folder, { recursive: true });
});

test('SSL_CERT_FILE names whom to trust in place of those that the host does', () => {
  using files = certificateFiles();
  const before = process.env['SSL_CERT_FILE'];
  try {
    process.env['SSL_CERT_FILE'] = files.ca;
    assert.equal(ssl.createDefaultContext().getCaCerts().length, 1);
    delete process.env['SSL_CERT_FILE'];
    assert.deepEqual(ssl.createDefaultContext().getCaCerts(), []);
  } finally {
    if (before === undefined) delete process.env['SSL_CERT_FILE'];
    else process.env['SSL_CERT_FILE'] = before;
  }
});

test('what is set is checked', () => {
  const context = new ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT);
  const set = (property: string, value: unknown, error: object) =>
    assert.throws(() => Reflect.set(context, property, value), error);
  assert.throws(() => context.setCiphers('NOPE'), {
    name: 'SSLError',
    message: 'No cipher can be selected.',
  });
  assert.throws(() => context.setCiphersuites('NOPE'), { name: 'SSLError' });
  assert.throws(() => context.setCiphers(1 as never), { name: 'TypeError' });
  assert.throws(() => context.setAlpnProtocols(['']), {
    name: 'SSLError',
    message: 'ALPN protocols must be 1 to 255 in length',
  });
  assert.throws(() => context.setAlpnProtocols(['x'.repeat(256)]), { name: 'SSLError' });
  assert.throws(() => context.setAlpnProtocols([1] as never), { name: 'TypeError' });
  for (const list of ['h2', null, 5]) {
    assert.throws(() => context.setAlpnProtocols(list as never), {
      name: 'TypeError',
      message: /^setAlpnProtocols\(\) needs a list of names, such as \['h2', 'http\/1\.1'\], not /,
    });
  }
  set('sniCallback', () => {}, {
    name: 'ValueError',
    message: 'sniCallback cannot be set on TLS_CLIENT context',
  });
  set('verifyMode', 7, { name: 'ValueError', message: 'invalid value for verifyMode: 7' });
  set('verifyFlags', 1, { name: 'ValueError' });
  set('checkHostname', 1, { name: 'TypeError' });
  set('minimumVersion', 5, { name: 'ValueError' });
  assert.throws(() => new ssl.SSLContext(5 as never), { name: 'ValueError' });
  assert.throws(() => ssl.createDefaultContext({ purpose: 'x' as never }), { name: 'TypeError' });
  const wrong: (readonly [RegExp, ...unknown[]])[] = [
    [/^purpose must be ssl\.Purpose\.SERVER_AUTH or ssl\.Purpose\.CLIENT_AUTH, not "x"$/, 'x'],
    [/^createDefaultContext\(\): its options are an object, .*, not null$/, null],
    [/, not 5$/, 5],
    [/, not null$/, ssl.Purpose.CLIENT_AUTH, null],
    [/unexpected option 'cafiel': it knows purpose, cafile, capath, cadata$/, { cafiel: 'x' }],
    [/unexpected option 'purpose'/, ssl.Purpose.CLIENT_AUTH, { purpose: ssl.Purpose.SERVER_AUTH }],
  ];
  for (const [message, ...args] of wrong) {
    assert.throws(() => Reflect.apply(ssl.createDefaultContext, ssl, args), { name: 'TypeError', message });
  }
  const server = new ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER);
  assert.throws(() => Reflect.set(server, 'sniCallback', 5), { name: 'TypeError' });
  server.minimumVersion = ssl.TLSVersion.TLSv1_3;
  server.maximumVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED;
  assert.deepEqual(
    [server._settings.minimumVersion, server._settings.maximumVersion],
    ['TLSv1.3', 'TLSv1.3'],
  );
});

test('certificates are described as CPython describes them', {
  skip: skipWithout('openssl', 'python3'),
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'asyncio-ts-names-'));
  const path = join(folder, 'cert.pem');
  const subjects = [
    '/C=DE/ST=Hesse/L=A + B/O=Comma, Inc./OU=a "b"/CN=x.test',
    '/DC=org/DC=example/CN=two/emailAddress=a@b.test',
    '/CN=first+OU=second/O=J\u00fcrgen & S\u00f6hne',
    '/CN= space /serialNumber=12/street=Main \\\\ 1/title=Dr.',
  ];
  for (const subject of subjects) {
    const made = spawnSync('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-utf8',
        '-multivalue-rdn',
      ],
      ...['-subj', subject, '-keyout', join(folder, 'key.pem'), '-out', path, '-days', '3'],
      ...['-addext', 'subjectAltName=DNS:a.test,IP:192.0.2.1,email:a@b.test,URI:https://x.test/a'],
      ...['-addext', 'authorityInfoAccess=OCSP;URI:http://o.test/,caIssuers;URI:http://i.test/ca'],
    ]);
    assert.equal(made.status, 0, String(made.stderr));
    const program = 'import json, ssl, sys; print(json.dumps(ssl._ssl._test_decode_cert(sys.argv[1])))';
    const told = spawnSync('python3', ['-c', program, path], { encoding: 'utf8' });
    const mine = describeCertificate(new X509Certificate(readFileSync(path)));
    assert.deepEqual(JSON.parse(JSON.stringify(mine)), JSON.parse(told.stdout), subject);
  }
  rmSync(folder, { recursive: true });
});

test('errors of OpenSSL become what Python makes of them', () => {
  const reason = 'wrong version number';
  const told = Object.assign(new Error('whatever'), {
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
    library: 'SSL routines',
    reason,
  });
  assert.equal(toSSLError(told)?.message, '[SSL: WRONG_VERSION_NUMBER] wrong version number');
  assert.equal(toSSLError(told)?.cause, told);
  const written = Object.assign(
    new Error(
      'write EPROTO C0DE:error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading:../x.c:3:\n',
    ),
    { code: 'EPROTO', errno: -71, syscall: 'write' },
  );
  assert.ok(toSSLError(written) instanceof ssl.SSLEOFError);
  assert.equal(
    toSSLError(written)?.message,
    '[SSL: UNEXPECTED_EOF_WHILE_READING] unexpected eof while reading',
  );
  assert.equal(toSSLError(Object.assign(new Error('write EPROTO'), { code: 'EPROTO' })), null);
  assert.equal(toSSLError(Object.assign(new Error('x'), { code: 'ECONNRESET' })), null);
  assert.equal(toSSLError(new Error('x')), null);
  assert.deepEqual(refusalOf('CERT_REVOKED'), { verifyCode: 23, verifyMessage: 'certificate revoked' });
  assert.deepEqual(refusalOf('SOMETHING_NEW'), { verifyCode: 1, verifyMessage: 'SOMETHING_NEW' });
  assert.ok(new ssl.SSLError('x') instanceof asyncio.OSError);
});
