"""The supervisor's side of fork servers: asks for processes, and hears how they end. See `fork_server`."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from typing import BinaryIO

from server.process.fork_server import MESSAGE_BYTES

IMPORT_SECONDS = 60.0
"""For all that a fork server imports before its first fork."""
FORK_SECONDS = 20.0
END_SECONDS = 5.0
REPORT_SECONDS = 10.0
"""For the end of a process to be told after it closed its output; later the fork server hangs."""
LOST = -signal.SIGKILL
"""How a process ended whose fork server did: it dies with it."""


class ForkedProcess:
    """A process that a fork server made, with what `asyncio.subprocess.Process` has of one."""

    def __init__(self, pid: int, end: asyncio.Future[int], stdout: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
        """What it writes to its standard output."""
        self._end = end

    @property
    def returncode(self) -> int | None:
        """Its exit code, or the signal that ended it, below zero; None while it runs."""
        return self._end.result() if self._end.done() else None

    async def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        return await asyncio.shield(self._end)


class ForkServer:
    """One running fork server."""

    def __init__(self, process: Process, channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self._ends: dict[int, asyncio.Future[int]] = {}
        """Of each process that runs, its exit code to be."""
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer: asyncio.Future[tuple[int, asyncio.Future[int]]] | None = None
        self._retired = False
        self.lost = False
        """Whether it has ended, and every process that it made with it."""
        channel.setblocking(False)
        asyncio.get_running_loop().add_reader(channel, self._hear)

    @classmethod
    async def start(cls, command: Sequence[str], environment: Mapping[str, str], log: BinaryIO) -> ForkServer:
        """Start it, and wait until it has imported its program.

        Raises OSError when it does not get that far; why, it says in `log`.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=theirs.fileno(),
                stdout=DEVNULL,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        server = cls(process, ours)
        try:
            await asyncio.wait_for(server._ready, IMPORT_SECONDS)
        except TimeoutError:
            server.kill()
            raise TimeoutError("the process that forks it takes too long to start") from None
        except asyncio.CancelledError:
            server.kill()
            raise
        return server

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def fork(self, arguments: Sequence[str], log: BinaryIO) -> ForkedProcess:
        """A fork with these arguments, which writes its errors to `log`; raises OSError. One call at a time."""
        their_stdin, our_stdin = os.pipe()
        our_stdout, their_stdout = os.pipe()
        try:
            pid, end = await self._ask(arguments, [their_stdin, their_stdout, log.fileno()])
        except BaseException:
            os.close(our_stdin)
            os.close(our_stdout)
            raise
        finally:
            os.close(their_stdin)
            os.close(their_stdout)
        stdout, reading = await _reader(our_stdout, lambda: self._expect(end))
        end.add_done_callback(lambda _: os.close(our_stdin))
        end.add_done_callback(lambda _: reading.close())
        return ForkedProcess(pid, end, stdout)

    def retire(self) -> None:
        """End it, once the last process that it made has ended."""
        self._retired = True
        if not self._ends:
            self._close()

    async def stop(self) -> None:
        """Have it end what it made that still runs, then itself; what does not end in time is killed."""
        self._close()
        try:
            await asyncio.wait_for(self._process.wait(), END_SECONDS)
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End it and every process that it made at once."""
        if self._process.returncode is None:
            self._process.kill()

    async def _ask(self, arguments: Sequence[str], files: Sequence[int]) -> tuple[int, asyncio.Future[int]]:
        self._answer = asyncio.get_running_loop().create_future()
        try:
            socket.send_fds(self._channel, [json.dumps(list(arguments)).encode()], files)
            return await asyncio.wait_for(self._answer, FORK_SECONDS)
        except TimeoutError:
            self.kill()
            raise TimeoutError("the process that forks it does not answer") from None
        finally:
            self._answer = None

    def _expect(self, end: asyncio.Future[int]) -> None:
        """Give it up unless it tells in time of a process that has ended."""

        def give_up() -> None:
            if not end.done():
                self.kill()

        asyncio.get_running_loop().call_later(REPORT_SECONDS, give_up)

    def _hear(self) -> None:
        try:
            message = self._channel.recv(MESSAGE_BYTES)
        except ConnectionError:
            message = b""
        if not message:
            self._lose()
            return
        pid, *code = map(int, message.split())
        if code:
            self._ends.pop(pid).set_result(code[0])
            if self._retired and not self._ends:
                self._close()
        elif pid == 0:
            if not self._ready.done():
                self._ready.set_result(None)
        elif pid > 0:
            self._ends[pid] = asyncio.get_running_loop().create_future()
            self._reply((pid, self._ends[pid]))
        else:
            self._reply(OSError(-pid, os.strerror(-pid)))

    def _reply(self, answer: tuple[int, asyncio.Future[int]] | OSError) -> None:
        if self._answer is None or self._answer.done():
            return
        if isinstance(answer, OSError):
            self._answer.set_exception(answer)
        else:
            self._answer.set_result(answer)

    def _lose(self) -> None:
        self._close()
        for end in self._ends.values():
            end.set_result(LOST)
        self._ends.clear()
        ended = OSError(errno.ECHILD, "the process that forks it has ended")
        if not self._ready.done():
            self._ready.set_exception(ended)
        self._reply(ended)

    def _close(self) -> None:
        self.lost = True
        if self._channel.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()


class Forks:
    """Forks of one program. Its fork server is started when it is first needed, and again when it has ended."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = command
        self._environment = environment
        self._servers: list[ForkServer] = []
        """The one in use, after those that were replaced, for as long as they have forks."""
        self._one_at_a_time = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process id of the fork server in use; None without one."""
        return next((server.pid for server in reversed(self._servers) if not server.lost), None)

    async def fork(self, arguments: Sequence[str], log: BinaryIO) -> ForkedProcess:
        """A fork with these arguments, which writes its errors to `log`; raises OSError."""
        async with self._one_at_a_time:
            if not self._servers or self._servers[-1].lost:
                await self._replace(log)
            return await self._servers[-1].fork(arguments, log)

    async def renew(self, log: BinaryIO) -> None:
        """Have another fork server, which has imported the program as it is now, make the forks from now on.

        Raises OSError, and keeps the present one, when it does not get that far.
        """
        async with self._one_at_a_time:
            await self._replace(log)

    async def _replace(self, log: BinaryIO) -> None:
        fresh = await ForkServer.start(self._command, self._environment, log)
        for server in self._servers:
            server.retire()
        self._servers = [*(server for server in self._servers if not server.lost), fresh]

    def kill(self) -> None:
        """End everything at once."""
        for server in self._servers:
            server.kill()

    async def stop(self) -> None:
        """End the fork servers, after what they made."""
        for server in self._servers:
            await server.stop()


class _Output(asyncio.StreamReaderProtocol):
    """Reads what a process writes, until it closes that."""

    def __init__(self, reader: asyncio.StreamReader, on_end: Callable[[], None]) -> None:
        super().__init__(reader)
        self._on_end = on_end

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell of the end."""
        super().connection_lost(exc)
        self._on_end()


async def _reader(
    descriptor: int, on_end: Callable[[], None]
) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: _Output(reader, on_end), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader, transport
