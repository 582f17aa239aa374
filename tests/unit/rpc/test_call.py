"""What is read of a call: bounded, and believed only from Envoy."""

from __future__ import annotations

import time
from contextvars import copy_context
from dataclasses import dataclass, field

import pytest

from server.rpc.call import MAX_REQUEST_ID, Call, CallReader, headers_sent

EDGE = "edge-token-of-this-start"


@dataclass
class Context:
    """As much of gRPC's context as is read."""

    metadata: dict[str, str | bytes] = field(default_factory=dict)
    remaining: float | None = None
    address: str = "ipv4:10.0.0.7:5123"

    def invocation_metadata(self) -> tuple[tuple[str, str | bytes], ...] | None:
        return tuple(self.metadata.items()) or None

    def time_remaining(self) -> float | None:
        return self.remaining

    def peer(self) -> str:
        return self.address


def _read(
    metadata: dict[str, str | bytes] | None = None, *, edge_token: str = EDGE, **context: object
) -> Call:
    reader = CallReader(edge_token, default_seconds=15)
    return reader.read("/sanset.v1.CartService/AddItem", Context(metadata or {}, **context))  # type: ignore[arg-type]


def test_a_bare_call_has_what_it_needs() -> None:
    call = _read()
    assert (call.short_method, call.address, call.through_envoy) == ("AddItem", "10.0.0.7", False)
    assert (call.authorization, call.user_agent, call.caller) == (None, "", None)
    assert 14 < call.deadline.remaining <= 15


@pytest.mark.parametrize("sent", ["a", "trace-1", "x" * MAX_REQUEST_ID, "with space"])
def test_a_sensible_request_id_is_kept(sent: str) -> None:
    assert _read({"x-request-id": sent}).request_id == sent


@pytest.mark.parametrize(
    "sent", ["", "x" * (MAX_REQUEST_ID + 1), "line\nbreak", "tab\t", "é", "\x00", b"bytes"]
)
def test_any_other_request_id_is_replaced(sent: str | bytes) -> None:
    made = _read({"x-request-id": sent}).request_id
    assert made != sent
    assert len(made) == 32
    assert made != _read({"x-request-id": sent}).request_id


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:10.0.0.7:5123", "10.0.0.7"),
        ("ipv6:%5B::1%5D:5123", "::1"),
        ("ipv6:[2001:db8::2]:5123", "2001:db8::2"),
        ("unix:/run/x", "unix:/run/x"),
        ("", ""),
    ],
)
def test_the_peers_address_is_read_without_its_port(peer: str, address: str) -> None:
    assert _read(address=peer).address == address


FORWARDED = {"x-forwarded-for": "1.1.1.1, 2.2.2.2", "x-sanset-address": "3.3.3.3", "x-sanset-seconds": "2.5"}


@pytest.mark.parametrize("token", [None, "", "guess", "gueß", b"\xff", EDGE.upper(), EDGE + " "])
def test_forwarded_addresses_are_not_believed_without_the_edge_token(token: str | bytes | None) -> None:
    proof = {} if token is None else {"x-sanset-edge": token}
    call = _read(FORWARDED | proof)
    assert (call.address, call.through_envoy) == ("10.0.0.7", False)


def test_an_unset_edge_token_proves_nothing() -> None:
    assert not _read(FORWARDED | {"x-sanset-edge": ""}, edge_token="").through_envoy


def test_envoy_tells_the_address_of_its_caller() -> None:
    proof = {"x-sanset-edge": EDGE}
    assert _read(FORWARDED | proof).address == "3.3.3.3"
    assert _read(proof).through_envoy


def test_envoy_tells_how_long_a_call_may_take_that_brings_no_deadline() -> None:
    proof = {"x-sanset-edge": EDGE}
    assert 2 < _read(FORWARDED | proof, remaining=4.5).deadline.remaining <= 2.5
    assert 1 < _read(FORWARDED | proof, remaining=1.5).deadline.remaining <= 1.5
    assert 4 < _read(FORWARDED, remaining=4.5).deadline.remaining <= 4.5


@pytest.mark.parametrize(("remaining", "expected"), [(2.0, 2), (10**9, 3600), (-1.0, -1), (0.0, 0)])
def test_the_callers_deadline_counts_within_an_hour(remaining: float, expected: float) -> None:
    deadline = _read(remaining=remaining).deadline
    assert deadline.expires_at - time.monotonic() == pytest.approx(expected, abs=1)


def test_headers_that_came_with_the_look_for_the_handler_are_not_read_anew() -> None:
    def read() -> Call:
        headers_sent.set((("x-request-id", "first"), ("x-request-id", "last"), ("accept", "*/*")))
        return _read({"x-request-id": "read anew"})

    call = copy_context().run(read)
    assert (call.request_id, call.headers["accept"]) == ("last", "*/*")


def test_a_long_user_agent_is_cut() -> None:
    assert len(_read({"user-agent": "a" * 10_000}).user_agent) == 200


def test_reading_the_identity_of_an_anonymous_caller_is_a_fault_of_ours() -> None:
    with pytest.raises(RuntimeError, match="AddItem"):
        _ = _read().identity
