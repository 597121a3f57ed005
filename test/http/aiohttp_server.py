"""A server of aiohttp's own, for the client's tests. Prints its port."""

import asyncio

from aiohttp import WSMsgType, web


async def echo(request):
    if request.content_type.startswith(("multipart/", "application/x-www-form")):
        fields = []
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                value = [value.filename, value.content_type, value.file.read().decode()]
            fields.append([name, value])
        body = fields
    else:
        body = (await request.read()).decode("latin1")
    return web.json_response(
        {
            "method": request.method,
            "path": request.path,
            "query": [[k, v] for k, v in request.query.items()],
            "headers": [[k, v] for k, v in request.headers.items()],
            "cookies": dict(request.cookies),
            "body": body,
        }
    )


async def chunked(request):
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    if "gzip" in request.query:
        response.enable_compression()
    await response.prepare(request)
    for i in range(int(request.match_info["count"])):
        await response.write(b"%d;" % i)
        if i % 100 == 0:
            await asyncio.sleep(0)
    await response.write_eof()
    return response


async def redirect(request):
    left = int(request.match_info["left"])
    raise web.HTTPFound("/echo" if left == 0 else f"/redirect/{left - 1}")


async def slow(request):
    await asyncio.sleep(float(request.match_info["seconds"]))
    return web.Response(text=request.query.get("id", "slow"))


async def broken(request):
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"x" * 10)
    request.transport.close()
    return response


async def cookies(request):
    response = web.Response(text="set")
    response.set_cookie("plain", "1")
    response.set_cookie("quoted", "a b;c,d", max_age=100, httponly=True, samesite="Strict")
    response.set_cookie("other", "3", path="/other")
    return response


async def socket(request):
    ws = web.WebSocketResponse(protocols=("chat",), compress=False, max_msg_size=0)
    await ws.prepare(request)
    async for message in ws:
        if message.type == WSMsgType.BINARY:
            await ws.send_bytes(message.data)
        elif message.data == "close":
            await ws.close(code=4321, message="läter".encode())
        elif message.data == "abort":
            request.transport.abort()
        elif message.data == "ping":
            await ws.ping(b"are you there")
            await ws.send_str("pinged")
        elif message.data.startswith("many "):
            for i in range(int(message.data[5:])):
                await ws.send_str(f"{i}")
        else:
            await ws.send_str(message.data)
    return ws


async def count_frames(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    code = None
    async for message in ws:
        pass
    counts.append([ws.close_code, code])
    return ws


counts = []


async def main():
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/echo", echo)
    app.router.add_get("/chunked/{count}", chunked)
    app.router.add_get("/redirect/{left}", redirect)
    app.router.add_get("/slow/{seconds}", slow)
    app.router.add_get("/broken", broken)
    app.router.add_get("/cookies", cookies)
    app.router.add_get("/ws", socket)
    app.router.add_get("/closes", count_frames)
    app.router.add_get("/counts", lambda request: answer(counts))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


async def answer(value):
    return web.json_response(value)


asyncio.run(main())
