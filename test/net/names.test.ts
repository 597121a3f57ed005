/** From names to addresses and back: what is answered is what Python answers, which is asked too where it is there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import * as asyncio from '../../src/index.ts';
import { Services } from '../../src/net/services.ts';
import { runVirtual } from '../../src/testing/index.ts';
import { onSockets } from './kit.ts';

const { co, scenario, style } = await onSockets(import.meta.url);
const { socket } = asyncio;

type Ask = readonly [host: string | null, port: number | string | null, options?: asyncio.AddressInfoOptions];

/** Questions whose answers do not depend on the network. */
const QUESTIONS: readonly Ask[] = [
  ['127.0.0.1', 80],
  ['127.0.0.1', '80', { type: socket.SOCK_STREAM }],
  ['127.0.0.1', null],
  ['127.0.0.1', '', { type: socket.SOCK_DGRAM }],
  ['::1', 80],
  ['127.0.0.1', 80, { proto: socket.IPPROTO_UDP }],
  ['127.0.0.1', 80, { type: 1, proto: 17 }],
  ['127.0.0.1', 80, { type: 3 }],
  ['127.0.0.1', null, { type: 3 }],
  ['127.0.0.1', null, { type: 3, proto: 99 }],
  ['127.0.0.1', null, { proto: 99 }],
  ['127.0.0.1', 80, { proto: 99 }],
  ['127.0.0.1', 80, { type: 9 }],
  ['127.0.0.1', 80, { family: 6 }],
  ['::1', 80, { family: 4 }],
  ['127.0.0.1', 80, { family: 6, flags: socket.AI_V4MAPPED }],
  ['127.0.0.1', 80, { flags: socket.AI_CANONNAME }],
  ['127.0.0.1', 80, { flags: 1 << 14 }],
  ['localhost', 80, { family: 4 }],
  ['localhost', 80, { family: 4, flags: socket.AI_NUMERICHOST }],
  ['127.1', 80],
  [null, 80],
  [null, 80, { flags: socket.AI_PASSIVE }],
  [null, 80, { family: 6, flags: socket.AI_PASSIVE, type: 1 }],
  [null, 80, { flags: socket.AI_CANONNAME }],
  [null, null],
  ['', 80],
  ['127.0.0.1', 'http'],
  ['127.0.0.1', 'domain'],
  ['127.0.0.1', 'www', { type: 1 }],
  ['127.0.0.1', 'http', { type: 2 }],
  ['127.0.0.1', 'http', { type: 3 }],
  ['127.0.0.1', 'http', { proto: 6 }],
  ['127.0.0.1', 'nosuchservice'],
  ['127.0.0.1', ' 80 '],
  ['127.0.0.1', 'http', { flags: socket.AI_NUMERICSERV }],
];

const NAMES: readonly (readonly [sockaddr: readonly unknown[], flags: number])[] = [
  [['127.0.0.1', 80], socket.NI_NUMERICHOST | socket.NI_NUMERICSERV],
  [['127.0.0.1', 80], socket.NI_NUMERICHOST],
  [['127.0.0.1', 514], socket.NI_NUMERICHOST],
  [['127.0.0.1', 514], socket.NI_NUMERICHOST | socket.NI_DGRAM],
  [['127.0.0.1', 65_000], socket.NI_NUMERICHOST],
  [['::1', 80], socket.NI_NUMERICHOST],
  [['::1', 80, 0, 0], socket.NI_NUMERICHOST],
  [['fe80::1', 80, 0, 1], socket.NI_NUMERICHOST],
  [['127.0.0.1', 80], 0],
  [['127.0.0.1', 80, 0, 0], 0],
  [['localhost', 80], 0],
  [['127.0.0.1', 80], 1 << 10],
  [['127.0.0.1', 80], socket.NI_NUMERICHOST | socket.NI_NAMEREQD],
];

const PYTHON = `
import json, socket, sys
families = {0: 0, 4: socket.AF_INET, 6: socket.AF_INET6}
numbers = {socket.AF_INET: 4, socket.AF_INET6: 6}
def answer(fn):
    try:
        return fn()
    except OSError as exc:
        return [type(exc).__name__, exc.errno]
def address(host, port=None, options={}):
    options = dict(options, family=families[options.get('family', 0)])
    return [[numbers[f], t, p, c, a] for f, t, p, c, a in socket.getaddrinfo(host, port, **options)]
questions, names = json.load(sys.stdin)
print(json.dumps([
    [answer(lambda: address(*q)) for q in questions],
    [answer(lambda: socket.getnameinfo(tuple(a), flags)) for a, flags in names],
]))
`;

/** What the C library says depends on its make: these are those of GNU. */
const skip =
  process.platform !== 'linux'
    ? 'counts on what Linux answers'
    : spawnSync('python3', ['-c', 'import socket; socket.getaddrinfo("127.0.0.1", "http")']).status !== 0
      ? 'python3 is missing, or there is no list of services'
      : false;

/** What comes of it, an error as its class and number. */
const outcomeOf = co(function* (coroutine: asyncio.CoroutineObject<unknown>) {
  try {
    return yield* coroutine;
  } catch (error) {
    assert.ok(error instanceof asyncio.OSError, String(error));
    return [error.name, error.errno ?? null];
  }
});

if (skip === false) {
  scenario('what is asked for is answered as Python does', function* ({ loop }) {
    const input = JSON.stringify([QUESTIONS, NAMES]);
    const { stdout, stderr } = spawnSync('python3', ['-c', PYTHON], { input, encoding: 'utf8' });
    assert.equal(stderr, '');
    const [addresses, names] = JSON.parse(stdout) as unknown[][];
    for (const [i, [host, port, options]] of QUESTIONS.entries()) {
      const outcome = yield* outcomeOf(loop.getaddrinfo(host, port, options));
      assert.deepEqual(outcome, addresses?.[i], JSON.stringify(QUESTIONS[i]));
    }
    for (const [i, [sockaddr, flags]] of NAMES.entries()) {
      const outcome = yield* outcomeOf(loop.getnameinfo(sockaddr as unknown as asyncio.SocketAddress, flags));
      assert.deepEqual(outcome, names?.[i], JSON.stringify(NAMES[i]));
    }
  });
} else {
  test(`what is asked for is answered as Python does (${style})`, { skip }, () => {});
}

scenario('addresses, with what can use them', function* ({ loop }) {
  assert.deepEqual(yield* loop.getaddrinfo('127.0.0.1', 80, { type: socket.SOCK_STREAM }), [
    [socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, '', ['127.0.0.1', 80]],
  ]);
  assert.deepEqual(yield* loop.getaddrinfo('::1', '53', { proto: socket.IPPROTO_UDP }), [
    [socket.AF_INET6, socket.SOCK_DGRAM, socket.IPPROTO_UDP, '', ['::1', 53, 0, 0]],
  ]);
  const kinds = (yield* loop.getaddrinfo('127.0.0.1', null)).map(([, type, proto]) => [type, proto]);
  assert.deepEqual(kinds, [
    [1, 6],
    [2, 17],
    [3, 0],
  ]);
  const [local] = yield* loop.getaddrinfo('localhost', 80, { family: 4 });
  assert.deepEqual(local?.[4], ['127.0.0.1', 80]);
});

scenario('names, and numbers where there are none', function* ({ loop }) {
  const numeric = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV;
  assert.deepEqual(yield* loop.getnameinfo(['127.0.0.1', 80], numeric), ['127.0.0.1', '80']);
  assert.deepEqual(yield* loop.getnameinfo(['::1', 80, 0, 0], numeric), ['::1', '80']);
  const [host] = yield* loop.getnameinfo(['127.0.0.1', 80], socket.NI_NUMERICSERV);
  assert.match(host, /^[a-z]/);
});

scenario('a host that does not exist is a gaierror', function* ({ loop }) {
  const [name, errno] = (yield* outcomeOf(loop.getaddrinfo('no-such-host.invalid', 80))) as [string, number];
  assert.equal(name, 'gaierror');
  // Without any network the answer is "try again".
  assert.ok(errno === socket.EAI_NONAME || errno === socket.EAI_AGAIN, String(errno));
});

scenario('lookups are lazy, and cancelled at any step', function* ({ loop }) {
  loop.getaddrinfo('localhost', 80);
  const asks = [
    () => loop.getaddrinfo('localhost', 'http'),
    () => loop.getnameinfo(['127.0.0.1', 80]),
    () => loop.getnameinfo(['127.0.0.1', 80], 3),
  ];
  for (const ask of asks) {
    const task = loop.createTask(ask() as asyncio.CoroutineObject<unknown>);
    yield* asyncio.sleep(0);
    task.cancel();
    yield* asyncio.wait([task]);
    assert.ok(task.cancelled());
  }
});

scenario("bad input is refused with Python's class and what to do", function* ({ loop }) {
  const info = (host: unknown, port: unknown, options?: unknown) =>
    loop.getaddrinfo(host as string, port as number, options as object);
  const name = (sockaddr: unknown, flags?: unknown) =>
    loop.getnameinfo(sockaddr as asyncio.SocketAddress, flags as number);
  const rows: readonly [ask: asyncio.CoroutineObject<unknown>, says: RegExp][] = [
    [info(5, 80), /^TypeError: getaddrinfo\(\): host must be a string or null, not 5/],
    [info('localhost', {}), /^TypeError: getaddrinfo\(\): port must be a number/],
    [info('localhost', 80.5), /^ValueError: getaddrinfo\(\): port must be a whole number, got 80.5/],
    [info('localhost', 70_000), /^OverflowError: getaddrinfo\(\): port must be 0-65535, got 70000/],
    [info('localhost', 80, { familly: 4 }), /^TypeError: .*unexpected option 'familly'.*family/],
    [info('localhost', 80, { type: 'stream' }), /^TypeError: getaddrinfo\(\): type must be a whole number/],
    [info('localhost', 80, 4), /^TypeError: getaddrinfo\(\): options must be an object/],
    [
      info('localhost', 80, { family: 2 }),
      /^gaierror: \[Errno -6\] ai_family not supported: family must be 4, 6/,
    ],
    [
      info('localhost', 80, { flags: 2 }),
      /^NotImplementedError: .*canonical name of "localhost".*AI_CANONNAME/,
    ],
    [info('a\0b', 80), /^gaierror: \[Errno -2\]/],
    [name('127.0.0.1'), /^TypeError: getnameinfo\(\) needs an address such as/],
    [name(['127.0.0.1']), /^TypeError: getnameinfo\(\): illegal sockaddr argument/],
    [name(['127.0.0.1', '80']), /^TypeError: getnameinfo\(\): port must be a number, not "80"/],
    [name(['127.0.0.1', 80], 'x'), /^TypeError: getnameinfo\(\): flags must be a whole number/],
    [name(['::1', 80, 1 << 21, 0]), /^ValueError: getnameinfo\(\): flowinfo must be 0-1048575/],
    [name(['127.0.0.1', 80, 0, 0]), /^OSError: IPv4 sockaddr must be 2 tuple/],
    [name(['localhost', 80]), /^gaierror: \[Errno -2\] Name or service not known: "localhost" is no address/],
  ];
  for (const [ask, says] of rows) {
    let thrown: unknown;
    try {
      yield* ask;
    } catch (error) {
      thrown = error;
    }
    assert.match(String(thrown), says);
  }
});

if (style === 'generator') {
  test('a list of services is read as it is written', () => {
    const services = new Services(
      [
        '# Network services',
        'domain\t\t53/tcp\t\t# Domain Name Server',
        'domain 53/udp',
        'http 80/tcp www www-http',
        'other 80/tcp',
        '',
        'broken',
        '\tsyslog 514/udp\r',
      ].join('\n'),
    );
    assert.deepEqual([services.port('domain', 'tcp'), services.port('domain', 'udp')], [53, 53]);
    assert.deepEqual([services.port('www-http', 'tcp'), services.port('http', 'udp')], [80, undefined]);
    assert.deepEqual([services.name(80, 'tcp'), services.name(514, 'udp')], ['http', 'syslog']);
    assert.equal(services.port('other', 'tcp'), 80);
    assert.deepEqual([services.port('broken', 'tcp'), services.name(514, 'tcp')], [undefined, undefined]);
  });

  test('a loop without a network says so', async () => {
    const ask = (question: (loop: asyncio.EventLoop) => asyncio.CoroutineObject<unknown>) =>
      runVirtual(function* () {
        yield* question(asyncio.getRunningLoop());
      });
    const none = { name: 'NotImplementedError', message: /the virtual reactor has no network/ };
    await assert.rejects(() => ask((loop) => loop.getaddrinfo('127.0.0.1', 80)), none);
    await assert.rejects(() => ask((loop) => loop.getnameinfo(['127.0.0.1', 80])), none);
    const make = () => new asyncio.DatagramProtocol();
    await assert.rejects(() => ask((loop) => loop.createDatagramEndpoint(make, { family: 4 })), none);
  });
}
