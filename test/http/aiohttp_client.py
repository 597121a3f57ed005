"""What aiohttp's client sends and sees, for the same steps as oracle.test.ts: a URL in, one line of JSON a step out."""

import asyncio
import json
import sys

import aiohttp
from aiohttp import BasicAuth, ClientSession, ClientTimeout, CookieJar, FormData


async def told(coroutine):
    """What came of a step: what the server was asked, or the class of the error."""
    try:
        async with coroutine as response:
            body = await response.json(content_type=None)
            return {"status": response.status, "history": [r.status for r in response.history], "seen": body}
    except Exception as error:
        bases = [c.__name__ for c in type(error).__mro__ if c.__module__.startswith("aiohttp")]
        return {"error": bases}


async def steps(session, base, dead):
    for status in (301, 302, 303, 307, 308):
        for method in ("GET", "POST", "PUT", "DELETE"):
            yield session.request(method, f"{base}to/{status}?/end", data=None if method == "GET" else "body")
    yield session.get(f"{base}a b/ü?x=1&y=%20", params={"k": "v w", "ü": "&=?/"})
    yield session.get(f"{base}p", params=[("a", 1), ("a", 2.5), ("b", "")])
    yield session.get(f"{base}p?a=1", params="b=2")
    yield session.post(base, json={"a": [1, 2, {"b": None}], "t": "text"})
    yield session.post(base, data={"a": "1", "b": "x y&z", "ü": "ö"})
    yield session.post(base, data=[("a", "1"), ("a", "2")])
    yield session.post(base, data=b"bytes")
    yield session.post(base, data="text ü")
    yield session.put(base)
    yield session.get(base, auth=BasicAuth("user", "pass"))
    yield session.get(base.replace("//", "//us:pa@"))
    yield session.get(base, headers={"x-one": "own", "Accept": "text/x"})
    yield session.get(base, cookies={"one": "1", "two": "a b", "three": 'x"y', "four": "p;q"})
    yield session.get(f"{base}set?a=1&b=%22q%20r%22&c=3%3B%20Path%3D%2Fdeep&d=4%3B%20Max-Age%3D0")
    yield session.get(base)
    yield session.get(f"{base}deep/er")
    yield session.get(f"{base}deeper")
    yield session.get(f"{base}loop")
    yield session.get(f"{base}to/302?ftp:%2F%2Fx%2F", allow_redirects=False)
    yield session.get(f"{base}close")
    yield session.get(f"{base}cut")
    yield session.get(dead)
    yield session.get(f"{base}hang", timeout=ClientTimeout(sock_read=0.05))
    yield session.get(f"{base}hang", timeout=ClientTimeout(total=0.05))
    yield session.get(f"{base}fail", raise_for_status=True)


async def main(base, dead):
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers={"X-One": "1", "X-Two": "2"}) as session:
        async for step in steps(session, base, dead):
            print(json.dumps(await told(step)), flush=True)


asyncio.run(main(*sys.argv[1:3]))
