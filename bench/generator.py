"""A load generator of our own: sends each call of a file once and writes the answers to another.

It runs in its own process (`python -m bench.generator`), so that its work is on the load's core only.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol as Interface

import grpc
import grpc.aio
import uvloop

from bench.calls import CallReply, PreparedCall, Protocol, Target, read_calls, write_answers

TIMEOUT_SECONDS = 60.0

Chains = Iterator[list[tuple[int, PreparedCall]]]
"""Calls with their numbers, shared by the senders, each of whom takes the next chain."""
Method = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]


async def send_all(target: Target, calls: list[PreparedCall], at_once: int, chain: int) -> list[CallReply]:
    """Send every call once, `at_once` at a time, and return the answers in the calls' order.

    Each `chain` calls that follow one another are sent one after the other.
    """
    answers: list[CallReply] = [CallReply(b"", "not sent")] * len(calls)
    numbered = list(enumerate(calls))
    pending = iter([numbered[start : start + chain] for start in range(0, len(numbered), chain)])
    senders = _over_grpc if target.protocol is Protocol.GRPC else _over_http
    await asyncio.gather(*(senders(target, pending, answers) for _ in range(min(at_once, len(calls)))))
    return answers


async def _over_grpc(target: Target, pending: Chains, answers: list[CallReply]) -> None:
    connection = GrpcConnection(target)
    try:
        for index, call in itertools.chain.from_iterable(pending):
            answers[index] = await connection.send(call)
    finally:
        await connection.close()


async def _over_http(target: Target, pending: Chains, answers: list[CallReply]) -> None:
    connection = await HttpConnection.open(target)
    try:
        for index, call in itertools.chain.from_iterable(pending):
            answers[index] = await connection.send(call)
    finally:
        await connection.close()


class Connection(Interface):
    """A connection that stays open from call to call."""

    async def send(self, call: PreparedCall) -> CallReply:
        """Send a call and wait for its reply."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


async def connected(target: Target) -> Connection:
    """A connection to a shop, in its protocol."""
    return GrpcConnection(target) if target.protocol is Protocol.GRPC else await HttpConnection.open(target)


class GrpcConnection:
    """A connection over gRPC."""

    def __init__(self, target: Target) -> None:
        # One of its own, as over HTTP/1.1; without the option gRPC would share one between all channels
        self._channel = grpc.aio.insecure_channel(target.address, [("grpc.use_local_subchannel_pool", 1)])

    async def send(self, call: PreparedCall) -> CallReply:
        """Send a call and wait for its reply."""
        method: Method = self._channel.unary_unary(call.path)
        metadata = [("authorization", f"Bearer {call.token}")] if call.token else []
        try:
            return CallReply(await method(call.body, metadata=metadata, timeout=TIMEOUT_SECONDS))
        except grpc.aio.AioRpcError as error:
            return CallReply(b"", f"{error.code().name}: {error.details()}")

    async def close(self) -> None:
        """Hang up."""
        await self._channel.close()


class HttpConnection:
    """A connection over HTTP/1.1."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, target: Target) -> HttpConnection:
        """Connect to a shop."""
        return cls(target.address, *await asyncio.open_connection("127.0.0.1", target.port))

    async def send(self, call: PreparedCall) -> CallReply:
        """Send a call and wait for its reply."""
        self._writer.write(_http_request(self._host, call))
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await _http_answer(self._reader)

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()


def _http_request(host: str, call: PreparedCall) -> bytes:
    head = [f"{'POST' if call.body else 'GET'} {call.path} HTTP/1.1", f"host: {host}"]
    if call.token:
        head.append(f"authorization: Bearer {call.token}")
    if call.body:
        head += ["content-type: application/json", f"content-length: {len(call.body)}"]
    return "\r\n".join([*head, "", ""]).encode() + call.body


async def _http_answer(reader: asyncio.StreamReader) -> CallReply:
    """Read one reply that tells its length; those of uvicorn and Envoy all do."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ", 2)[1])
    headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
    body = await reader.readexactly(int(headers["content-length"]))
    return CallReply(body, "" if status < 300 else f"{status}: {body[:200].decode(errors='replace')}")


def main() -> None:
    """Send a file of calls."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("protocol", type=Protocol)
    arguments.add_argument("port", type=int)
    arguments.add_argument("calls", type=Path)
    arguments.add_argument("answers", type=Path)
    arguments.add_argument("--at-once", type=int, required=True)
    arguments.add_argument("--chain", type=int, required=True)
    options = arguments.parse_args()
    target = Target(options.protocol, options.port)
    answers = uvloop.run(send_all(target, read_calls(options.calls), options.at_once, options.chain))
    write_answers(options.answers, answers)


if __name__ == "__main__":
    main()
