"""CPython's package `asyncio`, with asyncio-ts behind it.

Of the standard library only these modules are loaded: they hold names, formatting and abstract classes, and `staggered`, which is written over the
rest. CPython's own loop, Future, Task, locks, queues, timeouts and groups cannot be imported from here, so what passes is ours.
"""
import functools, importlib.machinery, importlib.util, os, sys, threading, time, types

_standard = os.environ['STANDARD_ASYNCIO']


def _load(name):
    full = 'asyncio.' + name
    spec = importlib.machinery.PathFinder.find_spec(full, [_standard])
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    globals()[name] = module
    spec.loader.exec_module(module)


def _make(name, **names):
    module = types.ModuleType('asyncio.' + name)
    module.__dict__.update(names)
    module.__all__ = [name for name in names if not name.startswith('_')]
    sys.modules['asyncio.' + name] = module
    globals()[name] = module


for _name in ('log', 'constants', 'exceptions', 'coroutines', 'format_helpers', 'transports', 'protocols', 'base_futures', 'base_tasks'):
    _load(_name)

from .exceptions import *
from .coroutines import iscoroutine, iscoroutinefunction
from .transports import *
from .protocols import *
from bridge import values as _values


class QueueEmpty(Exception):
    pass


class QueueFull(Exception):
    pass


class QueueShutDown(Exception):
    pass


_values.exceptions(CancelledError, InvalidStateError, BrokenBarrierError, IncompleteReadError, LimitOverrunError, SendfileNotAvailableError,
                   QueueEmpty, QueueFull, QueueShutDown)
_values._to_js[:] = [(CancelledError, 'CancelledError'), (KeyboardInterrupt, 'KeyboardInterrupt'), (SystemExit, 'SystemExit'),
                     (TimeoutError, 'TimeoutError')]
_values.start()

from bridge import events as _e, futures as _f, processes as _p, streams as _n, sync as _s

FIRST_COMPLETED, FIRST_EXCEPTION, ALL_COMPLETED = 'FIRST_COMPLETED', 'FIRST_EXCEPTION', 'ALL_COMPLETED'


def _absent(name):
    """CPython's private function, for which there is nothing in asyncio-ts."""
    def absent(*_args, **_kw):
        raise NotImplementedError(f'asyncio-ts has no {name}')
    return absent


_make('base_events', BaseEventLoop=_e.BaseEventLoop, Server=_e.AbstractServer, logger=log.logger, time=time, MAXIMUM_SELECT_TIMEOUT=24 * 3600,
      _run_until_complete_cb=_absent('_run_until_complete_cb'))
_make('events', Handle=_e.Handle, TimerHandle=_e.TimerHandle, AbstractEventLoop=_e.AbstractEventLoop, AbstractServer=_e.AbstractServer,
      get_running_loop=_e.get_running_loop, _get_running_loop=_e._get_running_loop, _set_running_loop=_e._set_running_loop,
      get_event_loop=_e.get_event_loop, set_event_loop=_e.set_event_loop, new_event_loop=_e.new_event_loop,
      _set_event_loop_policy=_e._set_event_loop_policy, _get_event_loop_policy=_e._get_event_loop_policy,
      _py_get_running_loop=_e.get_running_loop, _py__get_running_loop=_e._get_running_loop,
      _py__set_running_loop=_e._set_running_loop, _py_get_event_loop=_e.get_event_loop, _AbstractEventLoopPolicy=_e.Policy, _BaseDefaultEventLoopPolicy=_e.Policy, _event_loop_policy=None)
_events_names = ('get_running_loop', '_get_running_loop', '_set_running_loop', 'get_event_loop')
for _name in _events_names:
    setattr(events, '_c_' + _name, getattr(events, _name))
_make('futures', Future=_f.Future, _PyFuture=_f.Future, isfuture=_f.isfuture, wrap_future=_f.wrap_future, events=events,
      base_futures=base_futures, logger=log.logger, _set_result_unless_cancelled=_f._set_result_unless_cancelled,
      future_add_to_awaited_by=_f.future_add_to_awaited_by, future_discard_from_awaited_by=_f.future_discard_from_awaited_by)
_private = ('_enter_task', '_leave_task', '_swap_current_task', '_register_task', '_unregister_task', '_register_eager_task', '_unregister_eager_task')
_make('tasks', Task=_f.Task, _PyTask=_f.Task, gather=_f.gather, wait=_f.wait, wait_for=_f.wait_for, sleep=_f.sleep, shield=_f.shield,
      as_completed=_f.as_completed, ensure_future=_f.ensure_future, create_task=_f.create_task, current_task=_f.current_task,
      all_tasks=_f.all_tasks, eager_task_factory=_f.eager_task_factory, create_eager_task_factory=_f.create_eager_task_factory,
      FIRST_COMPLETED=FIRST_COMPLETED, FIRST_EXCEPTION=FIRST_EXCEPTION, ALL_COMPLETED=ALL_COMPLETED,
      run_coroutine_threadsafe=_absent('run_coroutine_threadsafe'),
      _py_current_task=_f.current_task, _c_current_task=_f.current_task, _py_all_tasks=_f.all_tasks, _c_all_tasks=_f.all_tasks,
      **{prefix + name: _absent(name) for name in _private for prefix in ('', '_py')},
      events=events, futures=futures, coroutines=coroutines)
_make('locks', Lock=_s.Lock, Event=_s.Event, Condition=_s.Condition, Semaphore=_s.Semaphore, BoundedSemaphore=_s.BoundedSemaphore,
      Barrier=_s.Barrier)
_make('queues', Queue=_s.Queue, PriorityQueue=_s.PriorityQueue, LifoQueue=_s.LifoQueue, QueueEmpty=QueueEmpty, QueueFull=QueueFull,
      QueueShutDown=QueueShutDown)
_make('timeouts', Timeout=_s.Timeout, timeout=_s.timeout, timeout_at=_s.timeout_at)
_make('taskgroups', TaskGroup=_s.TaskGroup)
_make('runners', Runner=_e.Runner, run=_e.run)
_make('threads', to_thread=_absent('to_thread'))
_make('streams', StreamReader=_n.StreamReader, StreamWriter=_n.StreamWriter, StreamReaderProtocol=_n.StreamReaderProtocol,
      FlowControlMixin=_n.FlowControlMixin, open_connection=_n.open_connection, start_server=_n.start_server,
      open_unix_connection=_n.open_unix_connection, start_unix_server=_n.start_unix_server)
_make('proactor_events', BaseProactorEventLoop=type('BaseProactorEventLoop', (), {}))     # that of Windows, of which no loop here is one
_make('selector_events', BaseSelectorEventLoop=_e.BaseEventLoop)
_make('base_subprocess', BaseSubprocessTransport=_p.SubprocessTransport)
_make('subprocess', PIPE=-1, STDOUT=-2, DEVNULL=-3, Process=_p.Process, create_subprocess_exec=_p.create_subprocess_exec,
      create_subprocess_shell=_p.create_subprocess_shell)
_make('unix_events', can_use_pidfd=lambda: True, SelectorEventLoop=_e.SelectorEventLoop, EventLoop=_e.SelectorEventLoop, _DefaultEventLoopPolicy=_e.Policy)
create_subprocess_exec, create_subprocess_shell = _p.create_subprocess_exec, _p.create_subprocess_shell
for _module in (base_events, events, futures, tasks, locks, queues, timeouts, taskgroups, runners, threads, streams):
    for _name in _module.__all__:
        globals().setdefault(_name, getattr(_module, _name))
_get_running_loop, _set_running_loop = _e._get_running_loop, _e._set_running_loop
_enter_task, _leave_task = tasks._enter_task, tasks._leave_task
_register_task, _unregister_task = tasks._register_task, tasks._unregister_task
EventLoop = SelectorEventLoop = _e.SelectorEventLoop
_load('staggered')

# Names of classes as CPython's tests expect to see them.
for _module in (locks, queues, timeouts, taskgroups, futures, tasks, events, base_events, runners, streams, subprocess):
    for _value in list(vars(_module).values()):
        if isinstance(_value, type) and _value.__module__.startswith('bridge.'):
            _value.__module__ = _module.__name__
