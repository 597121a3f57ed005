"""Runs every Python program of the oracle in one process and prints what each of them printed, as JSON.

    python3 harness.py                {"python": "3.11.7", "lines": {name: [line, ...]}, "skipped": {name: reason}}
    python3 harness.py --record       recorded.json: the lines of the programs that need a newer Python than 3.11
    python3 harness.py --accelerated  with the futures and tasks written in C, which must print the same

Each program runs on a fresh loop in virtual time (kit.VirtualLoop): the clock starts at 0 and jumps to the next timer
when nothing is ready, so that a run takes no time and two runs print the same. Those that need the world outside (kit.live)
run on asyncio's own loop, and print nothing that depends on it; those with TLS read their certificates from the folder that
harness.ts names in ORACLE_CERTIFICATES. A program that could only hang raises.
Futures and tasks are those written in Python, whose messages do not depend on the C accelerator. The garbage collector
is off while a program runs, so that nothing is reported at a moment of its own choosing.
"""

import contextlib
import gc
import importlib.util
import io
import json
import logging
import pathlib
import platform
import sys
import warnings

HERE = pathlib.Path(__file__).resolve().parent

if sys.version_info < (3, 11):
    sys.exit('needs Python 3.11 or later, this is {}.{}'.format(*sys.version_info))

if '--accelerated' not in sys.argv:
    sys.modules['_asyncio'] = None
sys.path.insert(0, str(HERE))

import asyncio  # noqa: E402 (after what decides which futures it takes)

import kit  # noqa: E402 (the module path is set above)


def load(file):
    """Runs a file of programs. Its name, shared with its twin, need not be a Python identifier."""
    spec = importlib.util.spec_from_file_location(f'programs.{file.stem}', file)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def lines_of(program):
    """What one program prints. An error that leaves it becomes its last line."""
    out = io.StringIO()
    gc.disable()
    with contextlib.redirect_stdout(out):
        try:
            if program.is_script:
                program.body()
            elif program.is_live:
                asyncio.run(asyncio.wait_for(program.body(), 20))
            else:
                kit.run(program.body())
        except BaseException as error:
            print('raised', kit.show(error))
    gc.collect()
    gc.enable()
    return out.getvalue().splitlines()


def main():
    logging.disable(logging.CRITICAL)
    warnings.simplefilter('ignore')
    for file in sorted((HERE / 'programs').glob('*.py')):
        load(file)

    here = sys.version_info[:2]
    version = platform.python_version()
    lines, skipped = {}, {}
    for name, program in kit.programs.items():
        if '--record' in sys.argv and program.since <= (3, 11):
            continue
        if here < program.since:
            skipped[name] = 'needs Python {}.{}, this is {}'.format(*program.since, version)
        else:
            lines[name] = lines_of(program)
    if '--record' in sys.argv:
        about = 'Printed by CPython itself, for machines whose Python is older. Made by harness.py --record.'
        result = {'about': about, 'python': version, 'lines': lines}
    else:
        result = {'python': version, 'lines': lines, 'skipped': skipped}
    json.dump(result, sys.stdout, indent=2)
    print()


main()
