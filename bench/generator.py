"""A load generator of our own: sends each call of a file once and writes the answers to another.

It runs in its own process (`python -m bench.generator`), so that its work is on the load's core only.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path

import grpc
import grpc.aio
import uvloop

from bench.calls import CallReply, PreparedCall, Protocol, Target, read_calls, write_answers

TIMEOUT_SECONDS = 60.0

Method = grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]


async def send_all(target: Target, calls: list[PreparedCall], at_once: int) -> list[CallReply]:
    """Send every call once, `at_once` at a time, and return the answers in the calls' order."""
    answers: list[CallReply] = [CallReply(b"", "not sent")] * len(calls)
    pending = iter(enumerate(calls))
    senders = _over_grpc if target.protocol is Protocol.GRPC else _over_http
    await asyncio.gather(*(senders(target, pending, answers) for _ in range(min(at_once, len(calls)))))
    return answers


async def _over_grpc(
    target: Target, pending: Iterator[tuple[int, PreparedCall]], answers: list[CallReply]
) -> None:
    # One connection per sender, as over HTTP/1.1; without the option gRPC would share one between them
    async with grpc.aio.insecure_channel(target.address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        for index, call in pending:
            method: Method = channel.unary_unary(call.path)
            metadata = [("authorization", f"Bearer {call.token}")] if call.token else []
            try:
                body = await method(call.body, metadata=metadata, timeout=TIMEOUT_SECONDS)
                answers[index] = CallReply(body)
            except grpc.aio.AioRpcError as error:
                answers[index] = CallReply(b"", f"{error.code().name}: {error.details()}")


async def _over_http(
    target: Target, pending: Iterator[tuple[int, PreparedCall]], answers: list[CallReply]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    try:
        for index, call in pending:
            writer.write(_http_request(target, call))
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answers[index] = await _http_answer(reader)
    finally:
        writer.close()


def _http_request(target: Target, call: PreparedCall) -> bytes:
    head = [f"{'POST' if call.body else 'GET'} {call.path} HTTP/1.1", f"host: {target.address}"]
    if call.token:
        head.append(f"authorization: Bearer {call.token}")
    if call.body:
        head += ["content-type: application/json", f"content-length: {len(call.body)}"]
    return "\r\n".join([*head, "", ""]).encode() + call.body


async def _http_answer(reader: asyncio.StreamReader) -> CallReply:
    """Read one reply that tells its length; uvicorn's replies from FastAPI all do."""
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
    options = arguments.parse_args()
    target = Target(options.protocol, options.port)
    answers = uvloop.run(send_all(target, read_calls(options.calls), options.at_once))
    write_answers(options.answers, answers)


if __name__ == "__main__":
    main()
