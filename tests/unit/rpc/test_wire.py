"""Times on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from server.rpc.wire import time_to_wire


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_the_same_moment_on_the_wire(moment: datetime) -> None:
    wire = time_to_wire(moment)
    assert wire is not None
    expected = Timestamp()
    expected.FromDatetime(moment)
    assert wire == expected


def test_no_time_stays_no_time() -> None:
    assert time_to_wire(None) is None


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    moment = datetime(2025, 6, 1, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=2)))
    assert time_to_wire(moment) == time_to_wire(moment.astimezone(UTC))
