"""Update masks, and times on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from hypothesis import given
from hypothesis import strategies as st
from sanset.v1 import product_pb2 as pb

from server.errors import InvalidUpdateMask
from server.rpc.wire import masked_values, time_to_wire

ALLOWED = ("name", "price", "tags", "max_quantity")
MUG = pb.Product(id=7, name="Mug", price=Money(units=3), brand="Acme")


def _values(*paths: str, product: pb.Product = MUG) -> dict[str, object]:
    return masked_values(product, FieldMask(paths=paths), ALLOWED, price=lambda sent: sent.price.units)


def test_without_a_mask_the_filled_fields_that_may_change_are_taken() -> None:
    assert _values() == {"name": "Mug", "price": 3}
    assert masked_values(pb.Product(), None, ALLOWED) == {}


def test_a_star_takes_every_field_that_may_change() -> None:
    assert _values("*") == {"name": "Mug", "price": 3, "tags": [], "max_quantity": 0}


def test_a_path_takes_its_field_empty_or_not_and_once() -> None:
    assert _values("max_quantity", "name", "name") == {"max_quantity": 0, "name": "Mug"}


@pytest.mark.parametrize("path", ["brand", "id", "price.units", "nonsense", "", "Name", "product.name"])
def test_a_path_that_may_not_change_is_refused_by_name(path: str) -> None:
    with pytest.raises(InvalidUpdateMask) as caught:
        _values("name", path)
    assert caught.value.facts == {"path": path, "allowed": "name, price, tags, max_quantity"}


def test_a_star_beside_other_paths_is_refused() -> None:
    with pytest.raises(InvalidUpdateMask):
        _values("*", "name")


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
