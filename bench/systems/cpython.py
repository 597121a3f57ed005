"""CPython's asyncio, on its own loop or on uvloop's: `cpython.py [--uvloop] SCENARIO SIZE WARM_SIZE BUDGET`.

The rules of measuring are those of `worker.ts`, the work is that of `work.ts`, and the scenarios bear the same names as in
the other files of this folder. `cpython.py [--uvloop] --version` prints what would be measured, and fails where it cannot be.
"""

import asyncio
import json
import math
import os
import random
import sys
import time

SWITCHERS = 100
LEAF_SLEEP = 0.05
TREE_BRANCHES = 6
MEMOIZABLE_PERCENT = 90
CPU_PROBABILITY = 0.5
FACTORIAL_OF = 500


async def identity(i):
    return i


async def task_switch(rounds):
    switches = 0

    async def switcher():
        nonlocal switches
        for _ in range(rounds):
            await asyncio.sleep(0)
            switches += 1

    start = time.perf_counter()
    await asyncio.gather(*[switcher() for _ in range(SWITCHERS)])
    return time.perf_counter() - start, switches


async def spawn(size):
    start = time.perf_counter()
    tasks = [asyncio.create_task(identity(1)) for _ in range(size)]
    count = 0
    for task in tasks:
        count += await task
    return time.perf_counter() - start, count


async def gather(size):
    start = time.perf_counter()
    results = await asyncio.gather(*[identity(i) for i in range(size)])
    return time.perf_counter() - start, len(results)


async def queue(trips):
    there = asyncio.Queue()
    back = asyncio.Queue()
    count = 0

    async def ping():
        nonlocal count
        for i in range(trips):
            await there.put(i)
            if await back.get() == i:
                count += 1

    async def pong():
        nonlocal count
        for _ in range(trips):
            await back.put(await there.get())
            count += 1

    start = time.perf_counter()
    await asyncio.gather(ping(), pong())
    return time.perf_counter() - start, count


async def lock(waiters):
    mutex = asyncio.Lock()
    count = 0

    async def waiter():
        nonlocal count
        async with mutex:
            count += 1

    await mutex.acquire()
    tasks = [asyncio.create_task(waiter()) for _ in range(waiters)]
    await asyncio.sleep(0)
    start = time.perf_counter()
    mutex.release()
    for task in tasks:
        await task
    return time.perf_counter() - start, count


async def timers(size):
    loop = asyncio.get_running_loop()

    def nothing():
        pass

    start = time.perf_counter()
    handles = [loop.call_later(1000 + i * 7919 % 1009, nothing) for i in range(size)]
    for handle in handles:
        handle.cancel()
    await asyncio.sleep(0)
    return time.perf_counter() - start, len(handles)


async def timers_fired(size):
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    fired = 0

    def fire():
        nonlocal fired
        fired += 1
        if fired == size:
            done.set_result(None)

    start = time.perf_counter()
    now = loop.time()
    for i in range(size):
        loop.call_at(now - i * 7919 % 1009 / 1000, fire)
    await done
    return time.perf_counter() - start, fired


async def many_tasks(size):
    count = 0

    async def task():
        nonlocal count
        await asyncio.sleep(0)
        count += 1

    start = time.perf_counter()
    tasks = [asyncio.create_task(task()) for _ in range(size)]
    for each in tasks:
        await each
    return time.perf_counter() - start, count


async def cancel_tree(size):
    cancelled = 0

    async def node(id):
        nonlocal cancelled
        try:
            first = min(10 * id + 1, size)
            end = min(10 * id + 11, size)
            if first == end:
                await asyncio.get_running_loop().create_future()
            async with asyncio.TaskGroup() as group:
                for child in range(first, end):
                    group.create_task(node(child))
        finally:
            cancelled += 1

    root = asyncio.create_task(node(0))
    while len(asyncio.all_tasks()) <= size:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    start = time.perf_counter()
    root.cancel()
    try:
        await root
    except asyncio.CancelledError:
        pass
    return time.perf_counter() - start, cancelled


class TreeWork:
    """One walk of the async tree: what its leaves do, drawn beforehand in the order in which leaves begin."""

    def __init__(self, kind, levels):
        self.kind = kind
        self.draws = draw_leaves(kind, TREE_BRANCHES**levels)
        self.cache = set()
        self.leaves = 0
        self.sleeps = 0

    def leaf(self):
        """Does what the next leaf computes, and says whether the leaf has to sleep."""
        draw = self.draws[self.leaves]
        self.leaves += 1
        if self.kind == "none":
            return False
        if self.kind != "io":
            if draw == 0:
                math.factorial(FACTORIAL_OF)
                return False
            if draw <= MEMOIZABLE_PERCENT:
                if draw in self.cache:
                    return False
                self.cache.add(draw)
        self.sleeps += 1
        return True

    def finish(self):
        if self.leaves != len(self.draws):
            raise RuntimeError(f"walked {self.leaves} of {len(self.draws)} leaves")
        return self.sleeps


def draw_leaves(kind, leaves):
    """What each leaf draws: 0 for a computation, else the percentage that decides whether it is memoized."""
    if kind in ("none", "io"):
        return [0] * leaves
    random.seed(0)
    mixed = kind == "cpu_io_mixed"
    return [0 if mixed and random.random() < CPU_PROBABILITY else random.randint(1, 100) for _ in range(leaves)]


def tree_gather(kind):
    async def scenario(levels):
        work = TreeWork(kind, levels)

        async def walk(level):
            if level == 0:
                if work.leaf():
                    await asyncio.sleep(LEAF_SLEEP)
                return
            await asyncio.gather(*[walk(level - 1) for _ in range(TREE_BRANCHES)])

        start = time.perf_counter()
        await walk(levels)
        return time.perf_counter() - start, work.finish()

    return scenario


async def tree_eager(levels):
    loop = asyncio.get_running_loop()
    loop.set_task_factory(asyncio.eager_task_factory)
    try:
        return await tree_gather("none")(levels)
    finally:
        loop.set_task_factory(None)


def tree_group(kind):
    async def scenario(levels):
        work = TreeWork(kind, levels)

        async def walk(level):
            if level == 0:
                if work.leaf():
                    await asyncio.sleep(LEAF_SLEEP)
                return
            async with asyncio.TaskGroup() as group:
                for _ in range(TREE_BRANCHES):
                    group.create_task(walk(level - 1))

        start = time.perf_counter()
        await walk(levels)
        return time.perf_counter() - start, work.finish()

    return scenario


async def memory(size):
    asleep = 0

    async def sleeper():
        nonlocal asleep
        asleep += 1
        await asyncio.sleep(3600)

    tasks = [asyncio.create_task(sleeper()) for _ in range(size)]
    await asyncio.sleep(0)
    print(json.dumps({"bytes": peak_bytes(), "count": min(asleep, len(tasks))}), flush=True)
    os._exit(0)


def peak_bytes():
    """The most bytes that were resident at once; see `memory.ts` for why not `getrusage`."""
    if sys.platform != "linux":
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError("no VmHWM in /proc/self/status")


SCENARIOS = {
    "taskSwitch": task_switch,
    "spawn": spawn,
    "gather": gather,
    "queue": queue,
    "lock": lock,
    "timers": timers,
    "timersFired": timers_fired,
    "manyTasks": many_tasks,
    "cancelTree": cancel_tree,
    "memory": memory,
}
for tree_kind in ("none", "io", "memoization", "cpu_io_mixed"):
    SCENARIOS[f"{tree_kind}_gather"] = tree_gather(tree_kind)
    SCENARIOS[f"{tree_kind}_group"] = tree_group(tree_kind)
if hasattr(asyncio, "eager_task_factory"):  # 3.12 brought it
    SCENARIOS["none_eager"] = tree_eager


def repeat(runner, scenario, size, budget):
    samples = []
    end = time.perf_counter() + budget
    while True:
        samples.append(runner.run(scenario(size)))
        if time.perf_counter() >= end:
            return samples


def main(argv):
    loop_factory = None
    version = f"CPython {sys.version.split()[0]}"
    if argv[0] == "--uvloop":
        import uvloop

        loop_factory = uvloop.new_event_loop
        version = f"uvloop {uvloop.__version__} on {version}"
        argv = argv[1:]
    if argv == ["--version"]:
        asyncio.Runner  # 3.11 brought it, and task groups
        print(version)
        return
    name, size, warm_size, budget = argv
    if name not in SCENARIOS:
        sys.exit(f"cpython.py has no scenario {name}")
    scenario = SCENARIOS[name]
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        repeat(runner, scenario, int(warm_size), float(budget))
        samples = sorted(repeat(runner, scenario, int(size), float(budget)))
    seconds, count = samples[len(samples) // 2]
    print(json.dumps({"seconds": seconds, "count": count, "runs": len(samples)}))


main(sys.argv[1:])
