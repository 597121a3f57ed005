"""aiohttp's client: the same work as `http.ts` gives the others. Usage: URL WIDTH COUNT REPETITIONS."""

import asyncio
import json
import sys
import time

import aiohttp

HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate, br", "User-Agent": "bench"}


async def share(session, url, count):
    for _ in range(count):
        async with session.get(url) as response:
            assert await response.text() == "hello world"


async def main(url, width, count, repetitions):
    figures = []
    connector = aiohttp.TCPConnector(limit=width)
    async with aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:
        for i in range(repetitions + 1):
            cpu = time.process_time()
            start = time.perf_counter()
            await asyncio.gather(*(share(session, url, count // width) for _ in range(width)))
            wall = time.perf_counter() - start
            figure = {"wall": wall * 1e6 / count, "cpu": (time.process_time() - cpu) * 1e6 / count}
            if i > 0:
                figures.append(figure)
    print(json.dumps(figures))


asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:5])))
