"""Addresses: complete, owned, and exactly one default, on both databases."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import user_pb2 as pb
from support.auth_shop import AuthShop

from server.errors import InvalidField, InvalidUpdateMask, TooMany, UserNotFound
from server.identity import Identity, Role
from server.paging import InvalidPageToken
from server.user import addresses
from server.user.errors import AddressNotFound

pytestmark = pytest.mark.either


@pytest.fixture
def shop(database_url: str) -> Iterator[AuthShop]:
    made = AuthShop(database_url)
    yield made
    made.close()


@pytest.fixture
def john(shop: AuthShop) -> Identity:
    return shop.signed_in()


@pytest.fixture
def jane(shop: AuthShop) -> Identity:
    return shop.signed_in("jane@example.com")


def create(shop: AuthShop, caller: Identity, **fields: Any) -> pb.Address:
    address = pb.Address(**{"line1": "Main Street 1", "city": "Springfield", "country": "us"} | fields)
    created: pb.Address = shop.call("CreateAddress", pb.CreateAddressRequest(address=address), caller)
    return created


def change(shop: AuthShop, caller: Identity, mask: list[str] | None = None, **fields: Any) -> pb.Address:
    request = pb.UpdateAddressRequest(address=pb.Address(**fields))
    if mask is not None:
        request.update_mask.CopyFrom(FieldMask(paths=mask))
    changed: pb.Address = shop.call("UpdateAddress", request, caller)
    return changed


def delete(shop: AuthShop, caller: Identity, address_id: int) -> None:
    shop.call("DeleteAddress", pb.DeleteAddressRequest(address_id=address_id), caller)


def listed(shop: AuthShop, caller: Identity) -> list[pb.Address]:
    return list(shop.call("ListAddresses", pb.ListAddressesRequest(page_size=100), caller).items)


def defaults(shop: AuthShop, caller: Identity) -> list[int]:
    return [address.id for address in listed(shop, caller) if address.is_default]


def test_an_address_keeps_what_was_sent_and_the_country_in_capitals(shop: AuthShop, john: Identity) -> None:
    sent = {
        "label": "Home",
        "line2": "2nd floor",
        "state": "IL",
        "postal_code": "62701",
        "lat": 39.8,
        "lng": -89.6,
    }
    address = create(shop, john, line1=" Main Street 1 ", **sent)
    assert (address.line1, address.city, address.country) == ("Main Street 1", "Springfield", "US")
    assert {name: getattr(address, name) for name in sent} == sent
    assert address.create_time.seconds == int(shop.now.timestamp())
    assert listed(shop, john) == [address]


def test_coordinates_are_optional_and_zero_is_one(shop: AuthShop, john: Identity) -> None:
    without = create(shop, john)
    assert not without.HasField("lat")
    at_zero = create(shop, john, lat=0.0, lng=0.0)
    assert (at_zero.HasField("lat"), at_zero.lat) == (True, 0.0)
    cleared = change(shop, john, ["lat", "lng"], id=at_zero.id)
    assert not cleared.HasField("lat")
    assert not cleared.HasField("lng")


def test_the_first_address_becomes_the_default_and_a_later_one_when_asked(
    shop: AuthShop, john: Identity
) -> None:
    first = create(shop, john)
    assert first.is_default
    second = create(shop, john)
    assert not second.is_default
    third = create(shop, john, is_default=True)
    assert third.is_default
    assert [address.id for address in listed(shop, john)] == [third.id, second.id, first.id]
    assert defaults(shop, john) == [third.id]


def test_another_address_can_be_made_the_default(shop: AuthShop, john: Identity, jane: Identity) -> None:
    first, second, hers = create(shop, john), create(shop, john), create(shop, jane)
    assert change(shop, john, id=second.id, is_default=True).is_default
    assert change(shop, john, ["is_default"], id=second.id, is_default=True).is_default
    assert defaults(shop, john) == [second.id]
    assert defaults(shop, jane) == [hers.id]
    with pytest.raises(InvalidField, match="is_default: is the default"):
        change(shop, john, ["is_default"], id=second.id)
    assert not change(shop, john, ["is_default"], id=first.id).is_default
    assert defaults(shop, john) == [second.id]


def test_the_newest_follows_a_deleted_default(shop: AuthShop, john: Identity, jane: Identity) -> None:
    create(shop, jane)
    first, second, third = (create(shop, john) for _ in range(3))
    delete(shop, john, first.id)
    assert defaults(shop, john) == [third.id]
    delete(shop, john, second.id)
    assert defaults(shop, john) == [third.id]
    delete(shop, john, third.id)
    assert listed(shop, john) == []
    assert create(shop, john).is_default


def test_fifty_addresses_are_the_most(
    shop: AuthShop, john: Identity, jane: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert addresses.MAX_ADDRESSES == 50
    monkeypatch.setattr(addresses, "MAX_ADDRESSES", 3)
    for _ in range(3):
        create(shop, john)
    with pytest.raises(TooMany, match="3 addresses"):
        create(shop, john)
    assert create(shop, jane)
    delete(shop, john, listed(shop, john)[0].id)
    assert create(shop, john)


@pytest.mark.both
def test_addresses_created_at_once_keep_the_limit_and_one_default(
    shop: AuthShop, john: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "MAX_ADDRESSES", 5)
    address = pb.Address(line1="Main Street 1", city="Springfield", country="US", is_default=True)

    async def race() -> list[Any]:
        request = pb.CreateAddressRequest(address=address)
        calls = (shop.call_async("CreateAddress", request, john) for _ in range(16))
        return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(race())
    assert sum(isinstance(answer, pb.Address) for answer in answers) == 5
    assert sum(isinstance(answer, TooMany) for answer in answers) == 11
    assert len(defaults(shop, john)) == 1


@pytest.mark.both
def test_changes_at_once_leave_one_default(shop: AuthShop, john: Identity) -> None:
    made = [create(shop, john) for _ in range(6)]

    async def race() -> None:
        await asyncio.gather(
            *(
                shop.call_async(
                    "UpdateAddress",
                    pb.UpdateAddressRequest(address=pb.Address(id=address.id, is_default=True)),
                    john,
                )
                for address in made[:4]
            ),
            *(
                shop.call_async("DeleteAddress", pb.DeleteAddressRequest(address_id=address.id), john)
                for address in made[4:]
            ),
        )

    asyncio.run(race())
    assert len(listed(shop, john)) == 4
    assert len(defaults(shop, john)) == 1


def test_a_partial_update_leaves_the_rest(shop: AuthShop, john: Identity) -> None:
    made = create(shop, john, label="Home", line2="2nd floor")
    moved = change(shop, john, id=made.id, city="Shelbyville", country="ca")
    assert (moved.line1, moved.line2, moved.city, moved.country) == (
        "Main Street 1",
        "2nd floor",
        "Shelbyville",
        "CA",
    )
    assert moved.is_default
    cleared = change(shop, john, ["line2", "label"], id=made.id)
    assert (cleared.line2, cleared.label, cleared.city) == ("", "", "Shelbyville")
    assert change(shop, john, id=made.id) == cleared


def test_a_full_update_replaces_everything(shop: AuthShop, john: Identity) -> None:
    made = create(shop, john, label="Home", line2="2nd floor", lat=1.0, lng=2.0)
    fields = {"line1": "Side Street 2", "city": "Paris", "country": "FR", "is_default": True}
    full = change(shop, john, ["*"], id=made.id, **fields)
    assert (full.line1, full.city, full.country, full.line2, full.label) == (
        "Side Street 2",
        "Paris",
        "FR",
        "",
        "",
    )
    assert not full.HasField("lat")


def test_an_address_stays_complete(shop: AuthShop, john: Identity) -> None:
    made = create(shop, john)
    for name, blank in itertools.product(("line1", "city", "country"), ("", "   ")):
        with pytest.raises(InvalidField):
            create(shop, john, **{name: blank})
        with pytest.raises(InvalidField):
            change(shop, john, [name], id=made.id, **{name: blank})
    assert listed(shop, john) == [made]


def test_bad_fields_are_refused_by_name(shop: AuthShop, john: Identity) -> None:
    made = create(shop, john)
    bad: list[tuple[str, Any]] = [
        ("country", "USA"),
        ("country", "1A"),
        ("lat", 90.5),
        ("lng", float("nan")),
        ("lat", float("-inf")),
        ("line1", "x" * 201),
        ("city", "a\0b"),
        ("label", "a\nb"),
        ("postal_code", "x" * 21),
    ]
    for name, value in bad:
        with pytest.raises(InvalidField) as refusal:
            create(shop, john, **{name: value})
        assert refusal.value.violations[0][0] == f"address.{name}"
        with pytest.raises(InvalidField) as refusal:
            change(shop, john, id=made.id, **{name: value})
        assert refusal.value.violations[0][0] == f"address.{name}"
    assert listed(shop, john) == [made]


def test_a_mask_cannot_name_other_fields(shop: AuthShop, john: Identity) -> None:
    made = create(shop, john)
    for path in ("id", "create_time", "user_id", "nonsense"):
        with pytest.raises(InvalidUpdateMask):
            change(shop, john, [path], id=made.id)


def test_someone_elses_address_is_as_unknown_as_none(shop: AuthShop, john: Identity, jane: Identity) -> None:
    hers = create(shop, jane)
    for address_id in (hers.id, 987_654, 2**63 - 1):
        with pytest.raises(AddressNotFound):
            change(shop, john, id=address_id, city="Paris")
        with pytest.raises(AddressNotFound):
            delete(shop, john, address_id)
        with pytest.raises(AddressNotFound), shop.db.read() as connection:
            addresses.get_for_checkout(connection, john.user_id, address_id)
    assert listed(shop, jane) == [hers]
    assert listed(shop, john) == []


def test_a_user_who_is_gone_gets_no_address(shop: AuthShop) -> None:
    with pytest.raises(UserNotFound):
        create(shop, Identity(987_654, Role.CUSTOMER, "s", 0))


def test_addresses_are_listed_page_by_page_the_default_first(
    shop: AuthShop, john: Identity, jane: Identity
) -> None:
    made = [create(shop, john).id for _ in range(7)]
    create(shop, jane)
    change(shop, john, id=made[3], is_default=True)
    expected = [made[3], *(address_id for address_id in reversed(made) if address_id != made[3])]
    for size in (1, 3, 7, 20):
        seen, token = [], ""
        while True:
            request = pb.ListAddressesRequest(page_size=size, page_token=token)
            page = shop.call("ListAddresses", request, john)
            seen += [address.id for address in page.items]
            token = page.next_page_token
            if not token:
                break
        assert seen == expected
    token = shop.call("ListAddresses", pb.ListAddressesRequest(page_size=1), john).next_page_token
    with pytest.raises(InvalidPageToken):
        shop.call("ListAddresses", pb.ListAddressesRequest(page_token=token), jane)


def test_an_order_goes_to_the_address_named_or_else_the_default(shop: AuthShop, john: Identity) -> None:
    with shop.db.read() as connection:
        with pytest.raises(InvalidField, match="address_id: you have no address yet"):
            addresses.get_for_checkout(connection, john.user_id, None)
        first, second = create(shop, john, lat=1.5), create(shop, john)
        for address_id, expected in ((None, first), (0, first), (first.id, first), (second.id, second)):
            row = addresses.get_for_checkout(connection, john.user_id, address_id)
            assert row.id == expected.id
        kept = addresses.snapshot(addresses.get_for_checkout(connection, john.user_id, 0))
    assert kept == {
        "id": first.id,
        "label": "",
        "line1": "Main Street 1",
        "line2": "",
        "city": "Springfield",
        "state": "",
        "postal_code": "",
        "country": "US",
        "lat": 1.5,
        "lng": None,
    }


@pytest.mark.parametrize(
    ("code", "hint"), [("UK", "GB"), ("uk", "GB"), ("XX", ""), ("ZZ", ""), ("EU", "state")]
)
def test_a_country_that_does_not_exist_is_refused_by_name(
    shop: AuthShop, john: Identity, code: str, hint: str
) -> None:
    for call in (
        lambda: create(shop, john, country=code),
        lambda: change(shop, john, id=create(shop, john).id, country=code),
    ):
        with pytest.raises(InvalidField) as caught:
            call()
        (violation,) = caught.value.violations
        assert violation[0] == "address.country"
        assert code.upper() in violation[1]
        assert hint in violation[1]
