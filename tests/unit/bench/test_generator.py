"""The generator keeps a caller's calls in their order, and the pacer times calls from when they were due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from bench.calls import CallFailed, PreparedCall, Protocol, Target
from bench.generator import send_all
from bench.pacer import REFUSED_MS, pace

SLOW_SECONDS = 0.2
STATUSES = {"/bad": "500 Oh", "/full": "429 Too Many Requests"}


@asynccontextmanager
async def _server(seen: list[str]) -> AsyncIterator[Target]:
    """Answer over HTTP with the path; `/slow` after a while, others with an error."""

    writers: list[asyncio.StreamWriter] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(asyncio.IncompleteReadError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                path = head.split(" ")[1]
                seen.append(path)
                await asyncio.sleep(SLOW_SECONDS if path.startswith("/slow") else 0)
                status = STATUSES.get(path, "200 OK")
                writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(path)}\r\n\r\n{path}".encode())

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        try:
            yield Target(Protocol.HTTP, server.sockets[0].getsockname()[1])
        finally:
            for writer in writers:
                writer.close()
                await writer.wait_closed()


def _calls(*paths: str) -> list[PreparedCall]:
    return [PreparedCall(path, "") for path in paths]


def test_a_chain_is_sent_in_order_while_others_go_on() -> None:
    async def send() -> tuple[list[str], list[str]]:
        seen: list[str] = []
        async with _server(seen) as target:
            replies = await send_all(target, _calls("/slow", "/a", "/b", "/c"), at_once=2, chain=2)
        return seen, [reply.body.decode() for reply in replies]

    seen, replies = asyncio.run(send())
    assert replies == ["/slow", "/a", "/b", "/c"]
    assert seen.index("/slow") < seen.index("/a")
    assert seen[-1] == "/a"


def test_a_failed_call_has_its_error() -> None:
    async def send() -> list[str]:
        async with _server([]) as target:
            return [reply.error for reply in await send_all(target, _calls("/a", "/bad"), at_once=1, chain=1)]

    assert asyncio.run(send()) == ["", "500: /bad"]


def test_paced_calls_do_not_wait_for_slow_ones() -> None:
    async def send() -> list[float]:
        async with _server([]) as target:
            return await pace(target, _calls("/slow", "/a", "/slow/too"), rate=1_000)

    slow, quick, too = asyncio.run(send())
    assert slow >= SLOW_SECONDS * 1e3 > quick
    assert too >= SLOW_SECONDS * 1e3


def test_a_call_refused_for_the_load_counts_as_a_very_slow_one() -> None:
    async def send() -> list[float]:
        async with _server([]) as target:
            return await pace(target, _calls("/full", "/a"), rate=1_000)

    refused, quick = asyncio.run(send())
    assert quick < refused == REFUSED_MS


def test_a_paced_call_that_fails_is_named() -> None:
    async def send() -> list[float]:
        async with _server([]) as target:
            return await pace(target, _calls("/a", "/bad"), rate=1_000)

    with pytest.raises(CallFailed, match="/bad: 500"):
        asyncio.run(send())
