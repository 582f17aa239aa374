"""Drives load at a shop from the load's core: reads by h2load where it is installed, the rest by our own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import grpc

from bench.calls import CallFailed, CallReply, PreparedCall, Protocol, Target, read_answers, write_calls
from bench.cpu import LOAD_CORE, pinned

AT_ONCE = 8
"""Calls in flight, each on a connection of its own, for every shop alike."""
H2LOAD_SECONDS = 120.0
GRPC_PREFIX = 5
"""Bytes before each gRPC message: a flag and its length."""

SUCCEEDED = re.compile(r"(\d+) succeeded")
STATUS_2XX = re.compile(r"(\d+) 2xx")
DATA_BYTES = re.compile(r"\((\d+)\) data")


def h2load_is_installed() -> bool:
    """True where Debian's nghttp2-client, or the like, is installed."""
    return shutil.which("h2load") is not None


def reader() -> str:
    """The name of what drives reads."""
    return "h2load" if h2load_is_installed() else "bench.generator"


def send(target: Target, calls: Sequence[PreparedCall], *, chain: int = 1) -> list[CallReply]:
    """Send each call once by our own generator, in its own process, and return the answers in order.

    Each `chain` calls that follow one another are one caller's, sent one after the other. Raises CallFailed,
    naming the first, when a call that is to go well failed, or the other way round.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        calls_file, answers_file = Path(directory, "calls"), Path(directory, "answers")
        write_calls(calls_file, calls)
        command = [sys.executable, "-m", "bench.generator", target.protocol, str(target.port)]
        numbers = [f"--at-once={AT_ONCE}", f"--chain={chain}"]
        with pinned(LOAD_CORE):
            subprocess.run([*command, str(calls_file), str(answers_file), *numbers], check=True)
        answers = read_answers(answers_file)
    pairs = zip(calls, answers, strict=True)
    wrong = [(call, answer) for call, answer in pairs if bool(answer.error) != call.refused]
    if wrong:
        call, answer = wrong[0]
        outcome = answer.error or "it was not refused"
        raise CallFailed(f"{len(wrong)} of {len(calls)} calls failed, first {call.path}: {outcome}")
    return answers


def error_of(target: Target, call: PreparedCall) -> str:
    """The error of a call that may fail; "" when it goes well."""
    with grpc.insecure_channel(target.address) as channel:
        method: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(call.path)
        try:
            method(call.body, timeout=H2LOAD_SECONDS)
        except grpc.RpcError as error:
            return str(error)
    return ""


def repeat(target: Target, calls: Sequence[PreparedCall], sizes: Sequence[int], times: int) -> int:
    """Send each call `times` times by h2load, `AT_ONCE` different ones at once; return how many were sent.

    h2load sends one body for all requests of a run, so each call is a run of its own with one connection,
    over HTTP/1.1 as over gRPC. An error in gRPC is an HTTP 200 too: `sizes` are the bytes of each call's reply
    when it was made once and went well, and its repetitions must bring as many. Without h2load our own
    generator does the same.

    Raises CallFailed when a call failed or its replies differ in size from the first.
    """
    if not h2load_is_installed():
        send(target, [call for call in calls for _ in range(times)])
        return len(calls) * times
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        for start in range(0, len(calls), AT_ONCE):
            together = slice(start, start + AT_ONCE)
            _repeat_together(target, calls[together], sizes[together], times, Path(directory))
    return len(calls) * times


def _repeat_together(
    target: Target, calls: Sequence[PreparedCall], sizes: Sequence[int], times: int, directory: Path
) -> None:
    """Run one h2load per call, all at the same time, and check what each reports."""
    with pinned(LOAD_CORE):
        runs = [
            subprocess.Popen(
                [*_command(target, call, directory / str(number)), f"--requests={times}"],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for number, call in enumerate(calls)
        ]
    try:
        reports = [run.communicate(timeout=H2LOAD_SECONDS)[0] for run in runs]
    finally:
        for run in runs:
            run.kill()  # nothing happens to one that has ended
    for call, size, report in zip(calls, sizes, reports, strict=True):
        _check(target, call, size, times, report)


def _command(target: Target, call: PreparedCall, body: Path) -> list[str]:
    command = ["h2load", "--clients=1", "--max-concurrent-streams=1"]
    if call.token:
        command.append(f"--header=authorization: Bearer {call.token}")
    if target.protocol is Protocol.GRPC:
        body.write_bytes(b"\0" + len(call.body).to_bytes(4, "big") + call.body)
        command += ["--header=content-type: application/grpc", "--header=te: trailers", f"--data={body}"]
    else:
        command.append("--h1")
        if call.body:
            body.write_bytes(call.body)
            command += ["--header=content-type: application/json", f"--data={body}"]
    return [*command, f"http://{target.address}{call.path}"]


def _check(target: Target, call: PreparedCall, size: int, times: int, report: str) -> None:
    """Compare h2load's report with what `times` good replies bring."""
    matches = [pattern.search(report) for pattern in (SUCCEEDED, STATUS_2XX, DATA_BYTES)]
    succeeded, good, data = (int(match[1]) if match else -1 for match in matches)
    prefix = GRPC_PREFIX if target.protocol is Protocol.GRPC and not call.refused else 0
    expected = times * (size + prefix)
    # A varint may grow between two replies; a reply that is missing or an error is at least half a reply away
    if succeeded != times or good != times or abs(data - expected) > size / 2:
        raise CallFailed(
            f"h2load {call.path}: {succeeded} succeeded and {good} 2xx of {times}, {data} bytes of {expected}"
        )
