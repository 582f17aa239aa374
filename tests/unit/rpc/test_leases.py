"""Leases: streams end with the token or the session they were opened with."""

from __future__ import annotations

import asyncio
import time

import pytest

from server.db.deadline import Deadline
from server.errors import TokenInvalid
from server.identity import Identity, Role
from server.rpc.call import Call
from server.rpc.leases import Leases


def _call(session_id: str = "s", seconds: float = 60) -> Call:
    caller = Identity(1, Role.CUSTOMER, session_id, time.time() + seconds)
    return Call("/m", "r", "10.0.0.1", False, None, Deadline(5), caller)


async def _stream(leases: Leases, call: Call) -> str:
    """Hold a stream open until it is interrupted, and say how."""
    try:
        async with leases.hold(call):
            await asyncio.Event().wait()
    except TokenInvalid:
        return "token invalid"
    return "never"


def test_a_revoked_session_ends_its_streams_and_no_others() -> None:
    async def scenario() -> tuple[list[str], bool]:
        leases = Leases()
        gone = [asyncio.create_task(_stream(leases, _call("gone"))) for _ in range(3)]
        kept = asyncio.create_task(_stream(leases, _call("kept")))
        await asyncio.sleep(0)
        leases.end("gone")
        leases.end("gone")  # told twice
        leases.end("unknown")
        ended = await asyncio.gather(*gone)
        left = kept.done()
        kept.cancel()
        await asyncio.gather(kept, return_exceptions=True)
        assert not leases.open
        return ended, left

    assert asyncio.run(scenario()) == (["token invalid"] * 3, False)


def test_streams_end_of_those_who_may_something_else_now() -> None:
    async def scenario() -> tuple[str, bool]:
        leases = Leases()
        meant, other = (asyncio.create_task(_stream(leases, _call(name))) for name in ("meant", "other"))
        await asyncio.sleep(0)
        leases.end_of(lambda caller: caller.session_id == "meant")
        ended = await meant
        left = other.done()
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        return ended, left

    assert asyncio.run(scenario()) == ("token invalid", False)


@pytest.mark.parametrize("seconds", [0.01, -1.0])
def test_a_stream_ends_with_its_token(seconds: float) -> None:
    assert asyncio.run(_stream(Leases(), _call(seconds=seconds))) == "token invalid"


def test_another_timeout_inside_stays_what_it_is() -> None:
    async def scenario() -> None:
        async with Leases().hold(_call()), asyncio.timeout(0):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(scenario())


def test_a_thousand_streams_need_no_task_beside_their_own() -> None:
    async def scenario() -> int:
        leases = Leases()
        streams = [asyncio.create_task(_stream(leases, _call(str(n)))) for n in range(1000)]
        await asyncio.sleep(0)
        extra = len(asyncio.all_tasks()) - len(streams) - 1
        for n in range(1000):
            leases.end(str(n))
        assert await asyncio.gather(*streams) == ["token invalid"] * 1000
        return extra

    assert asyncio.run(scenario()) == 0


def test_a_caller_who_is_not_signed_in_has_no_lease() -> None:
    async def scenario() -> object:
        call = _call()
        call.caller = None
        async with Leases().hold(call) as lease:
            return lease

    assert asyncio.run(scenario()) is None
