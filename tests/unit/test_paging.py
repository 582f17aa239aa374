"""Page tokens open only for the list they were made for, and only unedited."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sanset.v1 import product_pb2
from support.page_by_page import page_by_page

from server.crypto.ring import KeyRing
from server.paging import MAX_PAGE_BYTES, InvalidPageToken, Pages

PAGES = Pages(KeyRing([b"a secret"]), default_size=20, max_size=100)
SCOPE = ("ListProducts", "NAME", None, ("red",), 7)
MAX_TOKEN = 2048
"""What the contract takes as a page token of ListProducts."""

KEYS = st.lists(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False),
        st.text(max_size=50).filter(str.isprintable),
        st.datetimes(timezones=st.just(UTC)),
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize(("asked", "size"), [(0, 20), (1, 1), (100, 100), (101, 100), (2**31 - 1, 100)])
def test_a_page_size_has_a_default_and_a_bound(asked: int, size: int) -> None:
    assert PAGES.size(asked) == size


def test_no_token_means_the_first_page() -> None:
    assert PAGES.open("", *SCOPE) is None


@given(keys=KEYS)
def test_a_token_gives_back_its_keys(keys: list[object]) -> None:
    token = PAGES.seal(keys, *SCOPE)
    assert PAGES.open(token, *SCOPE) == keys
    assert token.isascii()
    assert "=" not in token


def test_a_token_opens_on_every_worker_with_the_same_secret() -> None:
    token = PAGES.seal([1, 2], *SCOPE)
    assert Pages(KeyRing([b"a secret"]), default_size=5, max_size=50).open(token, *SCOPE) == [1, 2]
    with pytest.raises(InvalidPageToken):
        Pages(KeyRing([b"another secret"]), default_size=20, max_size=100).open(token, *SCOPE)


@pytest.mark.parametrize(
    "scope",
    [
        (),
        SCOPE[:-1],
        (*SCOPE, 0),
        ("ListOrders", *SCOPE[1:]),
        ("ListProducts", "NEWEST", None, ("red",), 7),
        ("ListProducts", "NAME", "", ("red",), 7),
        ("ListProducts", "NAME", None, ("red", "blue"), 7),
        ("ListProducts", "NAME", None, ("red",), 8),
        ("ListProducts", "NAME", None, ("red",), "7"),
    ],
)
def test_a_token_does_not_open_another_list(scope: tuple[object, ...]) -> None:
    with pytest.raises(InvalidPageToken):
        PAGES.open(PAGES.seal([datetime.now(UTC), 3], *SCOPE), *scope)


@given(place=st.integers(0, 10**6), character=st.characters(min_codepoint=1))
def test_a_token_with_one_character_changed_is_refused(place: int, character: str) -> None:
    token = PAGES.seal(["a name", 42], *SCOPE)
    place %= len(token)
    assume(token[place] != character)
    with pytest.raises(InvalidPageToken):
        PAGES.open(token[:place] + character + token[place + 1 :], *SCOPE)


@given(place=st.integers(0, 10**6), more=st.text(min_size=1, max_size=4))
def test_a_token_with_something_put_in_is_refused(place: int, more: str) -> None:
    token = PAGES.seal(["a name", 42], *SCOPE)
    place %= len(token) + 1
    with pytest.raises(InvalidPageToken):
        PAGES.open(token[:place] + more + token[place:], *SCOPE)


@given(garbage=st.text(min_size=1))
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(InvalidPageToken):
        PAGES.open(garbage, *SCOPE)


@given(garbage=st.binary(min_size=1, max_size=64))
def test_well_encoded_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(InvalidPageToken):
        PAGES.open(base64.urlsafe_b64encode(garbage).decode().rstrip("="), *SCOPE)


def test_a_huge_token_is_refused() -> None:
    with pytest.raises(InvalidPageToken):
        PAGES.open("A" * 1_000_000, *SCOPE)


@pytest.mark.parametrize("letter", ["a", "é", "漢", "🛒"])
def test_the_longest_name_fits_into_a_token(letter: str) -> None:
    assert len(PAGES.seal([letter * 200, 2**63 - 1], *SCOPE)) <= MAX_TOKEN


# ── Pages that are cut by bytes


@dataclass(frozen=True)
class Row:
    """A row of a list; one without a `size` is gone by the time that its message is made."""

    id: int
    size: int | None

    def to_wire(self) -> product_pb2.Product | None:
        """The message of the row, a little larger than its size."""
        return product_pb2.Product(id=self.id, name="x" * self.size) if self.size is not None else None


SIZES = st.lists(
    st.one_of(
        st.none(),
        st.integers(0, 2000),
        st.integers(MAX_PAGE_BYTES // 8, MAX_PAGE_BYTES // 2),
        st.just(MAX_PAGE_BYTES * 2),
    ),
    max_size=60,
)


@given(sizes=SIZES, page_size=st.integers(1, 120))
def test_a_walk_through_rows_of_any_size_loses_and_doubles_none(
    sizes: list[int | None], page_size: int
) -> None:
    rows = [Row(number, size) for number, size in enumerate(sizes, 1)]

    def read(token: str) -> product_pb2.ListProductsResponse:
        after = PAGES.open(token, "List") or [0]
        size = PAGES.size(page_size)
        following = [row for row in rows if row.id > after[0]][: size + 1]
        items, token = PAGES.page(following, size, Row.to_wire, lambda row: [row.id], "List")
        return product_pb2.ListProductsResponse(items=items, next_page_token=token)

    pages = list(page_by_page(read))
    assert [item.id for page in pages for item in page.items] == [
        row.id for row in rows if row.size is not None
    ]
    for page in pages:
        assert len(page.items) <= min(page_size, 100)
        assert len(page.items) < 2 or sum(item.ByteSize() for item in page.items) <= MAX_PAGE_BYTES
    assert len(pages) <= max(1, len(rows)), "a page takes one row at least"
