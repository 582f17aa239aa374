"""Two carts become one: what each strategy keeps, and what does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.cart.merging import Line, Merged, Room, Strategy, merge
from server.catalog.offers import Offer

ROOM = Room("USD", 100)
SUM, KEEP_MINE, KEEP_GUEST = Strategy.SUM, Strategy.KEEP_MINE, Strategy.KEEP_GUEST


def _offer(
    variant: int = 1, *, available: int = 50, limit: int = 20, currency: str = "USD", on_sale: bool = True
) -> Offer:
    return Offer(
        product_id=variant,
        variant_id=variant,
        sku=f"S{variant}",
        name=f"Mug {variant}",
        slug=f"mug-{variant}",
        list_minor=100,
        price_minor=100,
        currency=currency,
        max_quantity=limit,
        available=available,
        on_sale=on_sale,
    )


def _merge(mine: list[Line], guests: list[Line], strategy: Strategy, *offers: Offer) -> Merged:
    return merge(mine, guests, {offer.variant_id: offer for offer in offers or [_offer()]}, ROOM, strategy)


@pytest.mark.parametrize(
    ("strategy", "changed"),
    [(SUM, [Line(1, 5, 90)]), (KEEP_MINE, []), (KEEP_GUEST, [Line(1, 2, 95)])],
)
def test_a_variant_in_both_carts_is_added_kept_or_replaced(strategy: Strategy, changed: list[Line]) -> None:
    assert _merge([Line(1, 3, 90)], [Line(1, 2, 95)], strategy) == Merged(changed, [])


@pytest.mark.parametrize("strategy", Strategy)
def test_what_only_the_guest_has_is_added_at_the_price_the_guest_saw(strategy: Strategy) -> None:
    assert _merge([], [Line(1, 2, 95)], strategy) == Merged([Line(1, 2, 95)], [])


@pytest.mark.parametrize(("available", "limit"), [(4, 20), (50, 4)])
def test_a_line_grows_to_the_stock_or_the_limit_and_says_so(available: int, limit: int) -> None:
    merged = _merge([Line(1, 3, 90)], [Line(1, 2, 95)], SUM, _offer(available=available, limit=limit))
    assert merged.lines == [Line(1, 4, 90)]
    assert [str(change.sentence) for change in merged.left_out] == [
        "5 of Mug 1 were wanted, 4 could be kept."
    ]


def test_adding_lowers_nothing_that_was_there() -> None:
    merged = _merge([Line(1, 7, 90)], [Line(1, 2, 95)], SUM, _offer(available=4))
    assert merged.lines == [Line(1, 7, 90)]
    assert [str(change.sentence) for change in merged.left_out] == [
        "9 of Mug 1 were wanted, 7 could be kept."
    ]


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        (_offer(available=0), "sold out"),
        (_offer(on_sale=False), "not sold any more"),
        (_offer(currency="EUR"), "sold in EUR, your cart is in USD"),
    ],
)
@pytest.mark.parametrize("strategy", [SUM, KEEP_GUEST])
@pytest.mark.parametrize("mine", [[], [Line(1, 3, 90)]])
def test_what_cannot_be_ordered_is_left_out_and_what_was_there_stays(
    offer: Offer, why: str, strategy: Strategy, mine: list[Line]
) -> None:
    merged = _merge(mine, [Line(1, 2, 95)], strategy, offer)
    assert [line.quantity for line in merged.lines] in ([], [line.quantity for line in mine])
    if not (mine and why == "sold out" and strategy is SUM):
        (change,) = merged.left_out
        assert why in str(change.sentence)


def test_a_full_cart_takes_no_other_product() -> None:
    mine = [Line(variant, 1, 100) for variant in range(1, 100)]
    offers = [_offer(variant) for variant in range(1, 103)]
    guests = [Line(variant, 1, 100) for variant in (1, 100, 101, 102, 2)]
    merged = _merge(mine, guests, SUM, *offers)
    assert [line.variant_id for line in merged.lines] == [1, 100, 2]
    assert [change.name for change in merged.left_out] == ["Mug 101", "Mug 102"]


_LINES = some.lists(
    some.builds(Line, some.integers(1, 12), some.integers(1, 60), some.integers(0, 500)),
    unique_by=lambda line: line.variant_id,
)


@given(mine=_LINES, guests=_LINES, strategy=some.sampled_from(Strategy), data=some.data())
def test_whatever_is_merged_fits(
    mine: list[Line], guests: list[Line], strategy: Strategy, data: some.DataObject
) -> None:
    offers = {
        variant: _offer(
            variant,
            available=data.draw(some.integers(0, 80)),
            limit=data.draw(some.integers(1, 40)),
            on_sale=data.draw(some.booleans()),
            currency=data.draw(some.sampled_from(["USD", "EUR"])),
        )
        for variant in range(1, 13)
    }
    room = Room("USD", max(8, len(mine)))
    merged = merge(mine, guests, offers, room, strategy)
    before = {line.variant_id: line.quantity for line in mine}
    after = before | {line.variant_id: line.quantity for line in merged.lines}
    assert len(after) <= room.most_lines
    assert len({line.variant_id for line in merged.lines}) == len(merged.lines)
    for line in merged.lines:
        offer = offers[line.variant_id]
        had = before.get(line.variant_id, 0)
        assert 0 < line.quantity <= max(had, min(offer.available, offer.max_quantity))
        assert offer.on_sale
        assert offer.currency == "USD"
        assert strategy is not KEEP_MINE or line.variant_id not in before
        assert strategy is not SUM or line.quantity >= had
