"""Requests over a real local server: what a failure says about whether the request arrived."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable

import pytest

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import Unavailable
from orderwire.testing.servers import free_port
from orderwire.transport.http import HttpTransport

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
REQUEST = WireRequest(method="POST", path="/orders/a%2Fb?x=1", body=b'{"a":1}', headers=(("X-Key", "k"),))


async def exchange(answer: Answer, *, timeout: float = 5.0) -> WireReply:
    """Send one request to a server that answers so."""
    served: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            served.append(task)
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with HttpTransport(timeout=timeout) as transport:
            return await transport.send(REQUEST, f"http://127.0.0.1:{port}/api/")
    finally:
        server.close()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)
        await server.wait_closed()


async def read(reader: asyncio.StreamReader) -> bytes:
    """The whole request: head and seven bytes of body."""
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(7)


def answering(raw: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read(reader)
        writer.write(raw)
        await writer.drain()

    return answer


async def test_a_request_leaves_as_it_was_written_and_the_reply_comes_whole() -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await read(reader))
        writer.write(b"HTTP/1.1 202 Accepted\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()

    reply = await exchange(answer)
    assert (202, "7", b"ok") == (reply.status, reply.headers["retry-after"], reply.body)
    assert seen[0].startswith(b"POST /api/orders/a%2Fb?x=1 HTTP/1.1\r\n")
    assert seen[0].endswith(b'{"a":1}')


async def test_a_compressed_reply_is_read() -> None:
    body = gzip.compress(b'{"done":true}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert b'{"done":true}' == (await exchange(answering(head + body))).body


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    raw = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    assert 302 == (await exchange(answering(raw))).status


async def test_where_nobody_listens_nothing_arrived() -> None:
    async with HttpTransport() as transport:
        with pytest.raises(Unavailable) as refused:
            await transport.send(REQUEST, f"http://127.0.0.1:{free_port()}")
    assert (False, "connect") == (refused.value.may_have_arrived, refused.value.stage)


async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    await asyncio.sleep(60)


async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    writer.transport.abort()


@pytest.mark.parametrize(
    ("answer", "timeout", "stage"),
    [
        pytest.param(nothing, 5.0, "read", id="closed without an answer"),
        pytest.param(broken, 5.0, "read", id="reset"),
        pytest.param(silence, 0.3, "timeout", id="no answer in time"),
        pytest.param(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), 5.0, "read", id="truncated"),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"), 5.0, "read", id="chunk"
        ),
        pytest.param(answering(b"SSH-2.0-x\r\n\r\n"), 5.0, "read", id="not HTTP"),
        pytest.param(
            answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
            5.0,
            "read",
            id="not gzip",
        ),
    ],
)
async def test_whatever_happens_after_the_connection_the_request_may_have_arrived(
    answer: Answer, timeout: float, stage: str
) -> None:
    with pytest.raises(Unavailable) as failed:
        await exchange(answer, timeout=timeout)
    assert (True, stage) == (failed.value.may_have_arrived, failed.value.stage)


async def test_a_request_that_may_take_longer_than_we_wait_is_given_up_in_time() -> None:
    began = asyncio.get_running_loop().time()
    with pytest.raises(Unavailable):
        await exchange(silence, timeout=0.2)
    assert asyncio.get_running_loop().time() - began < 2.0
