"""Run one file of CPython's tests, and give each test's outcome as JSON. The names in capitals are set by run.ts' worker."""
import asyncio as _standard, collections, contextlib, io, json, os, sys, time, traceback, tempfile, types

os.environ['STANDARD_ASYNCIO'] = _standard.__path__[0]
for _name in list(sys.modules):
    if _name.split('.')[0] in ('asyncio', 'unittest', 'contextvars', 'decimal', '_decimal', '_pydecimal'):
        del sys.modules[_name]
sys.modules['_decimal'] = None              # its C code would not know our context variables; the one in Python does
sys.path.insert(0, '/shim')
sys.path += [SUITE, SUITE + '/lib']

import socket
socket.AF_UNIX = 1                          # tests look whether it is there, and do without where it is not

import _thread
from bridge.js import J as _jsasyncio
import asyncio
assert asyncio.__file__.startswith('/shim'), asyncio.__file__
import contextvars
assert contextvars.__file__.startswith('/shim'), contextvars.__file__
from bridge import events, values
events.NODE = NODE
if NODE:
    from bridge import sockets
    sockets.install()
asyncio._set_running_loop(None)
_thread.interrupt_main = lambda *_signal: _jsasyncio.interrupt()

import unittest
import test.support as support
support.has_socket_support = True           # else every file skips itself when it is imported
support.has_subprocess_support = True       # the programs are run by asyncio-ts; sys.executable is this machine's
sys.executable = PYTHON
tempfile.tempdir = TEMPORARY
os.chdir(TEMPORARY)


def on_host(original, ours):
    """The file system of WebAssembly does not show sockets, which tests look for and remove: in this folder the host is asked."""
    def choose(path):
        path = os.path.abspath(path)
        return ours(path) if path.startswith(TEMPORARY) else original(path)
    return choose


os.path.exists, os.unlink = on_host(os.path.exists, _jsasyncio.exists), on_host(os.unlink, _jsasyncio.unlink)
from test.support import socket_helper
socket_helper.find_unused_port = _jsasyncio.unusedPort
socket_helper.skip_unless_bind_unix_socket = lambda test: test if NODE else unittest.skip('they need the loop of Node')(test)
import test.test_asyncio.utils as utils
utils.TestLoop = events.TestLoop


class TestServer:
    def __init__(self, address):
        self.address = address


@contextlib.contextmanager
def run_test_server(*, use_ssl=False, path=None):
    """In place of the one of utils, which needs a thread."""
    if use_ssl or not NODE:
        raise unittest.SkipTest('the test server speaks no TLS, and needs the loop of Node')
    js = values.block_on(_jsasyncio.startTestServer(path))
    try:
        yield TestServer(path or ('127.0.0.1', _jsasyncio.get(js, 'port')))
    finally:
        _jsasyncio.stopTestServer(js)


@contextlib.contextmanager
def run_test_unix_server(*, use_ssl=False):
    with utils.unix_socket_path() as path, run_test_server(use_ssl=use_ssl, path=path) as server:
        yield server


@contextlib.contextmanager
def run_udp_echo_server(*, host='127.0.0.1', port=0):
    js = values.block_on(_jsasyncio.startEcho())
    try:
        yield ('127.0.0.1', _jsasyncio.get(js, 'port'))
    finally:
        _jsasyncio.stopEcho(js)


utils.run_test_unix_server = run_test_unix_server
utils.run_udp_echo_server = run_udp_echo_server
utils.run_test_server = run_test_server

# These two files look for the names while they are imported, to make their C twins.
if FILE in ('test_futures2', 'test_eager_task_factory', 'test_graph', 'test_events'):
    asyncio.tasks._CTask, asyncio.futures._CFuture = asyncio.Task, asyncio.Future
    asyncio.tasks._c_all_tasks = asyncio.all_tasks
suite = unittest.defaultTestLoader.loadTestsFromName('test.test_asyncio.' + FILE)
for module, name in ((asyncio.tasks, '_CTask'), (asyncio.futures, '_CFuture')):
    if hasattr(module, name):
        delattr(module, name)


def tests_of(part):
    for test in part:
        if isinstance(test, unittest.TestSuite):
            yield from tests_of(test)
        else:
            yield test


def cut(text):
    return text if len(text) < 6000 else text[:3000] + '\n...\n' + text[-3000:]


rows = []
tests = list(tests_of(suite))
for test in tests:
    name = test.id().removeprefix('test.test_asyncio.').removeprefix(FILE + '.')
    if ONLY and not any(part in name for part in ONLY):
        continue
    if name in SKIP:
        rows.append(dict(id=name, outcome='na'))
        continue
    result = unittest.TestResult()
    calls = _jsasyncio.countCalls()
    began = time.time()
    PROGRESS(name)
    try:
        unittest.TestSuite([test]).run(result)
    except BaseException as exc:            # a KeyboardInterrupt would end the whole run
        result.errors.append((test, 'escaped: ' + ''.join(traceback.format_exception(exc))))
    asyncio._set_running_loop(None)
    bad = [text for _test, text in result.errors + result.failures]
    outcome = 'fail' if bad or result.unexpectedSuccesses else 'skip' if result.skipped else 'pass'
    detail = '\n'.join(bad) if bad else result.skipped[0][1] if result.skipped else ''
    rows.append(dict(id=name, outcome=outcome, detail=cut(detail), calls=_jsasyncio.countCalls() - calls, seconds=time.time() - began))
    values.free()
json.dumps(rows)
