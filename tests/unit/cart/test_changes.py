"""What a cart keeps to tell: each change as a line of its text."""

from __future__ import annotations

from server.cart.changes import CartChange, Change, notes_of


def test_a_change_is_kept_as_a_line() -> None:
    change = CartChange(code=Change.ORDERED_SINCE, product_id=7, name="Tea\npot", requested=2)
    assert notes_of(f"{change.to_line()}\n{change.to_line()}") == (change, change)
    assert notes_of("") == ()


def test_the_sentences_of_releases_before_are_left_out() -> None:
    change = CartChange(code=Change.ORDER_PUT_BACK, order_number="SO-1")
    kept = f"Order SO-7K3M9-QX42T was not paid: what it held is in your cart again.\n{change.to_line()}"
    assert notes_of(kept) == (change,)
