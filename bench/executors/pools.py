"""The rows that CPython's ProcessPoolExecutor runs: prints seconds, one JSON object."""
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor


def noop(n):
    return n


def timed(run):
    start = time.perf_counter()
    assert sum(run()) == COUNT * (COUNT - 1) // 2
    return time.perf_counter() - start


if __name__ == '__main__':
    COUNT, WORKERS = int(sys.argv[1]), int(sys.argv[2])
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(noop, range(100)))
        submit = timed(lambda: [f.result() for f in [pool.submit(noop, n) for n in range(COUNT)]])
        chunks = timed(lambda: pool.map(noop, range(COUNT), chunksize=100))
    print(json.dumps({'submit': submit, 'chunks': chunks}))
