"""Of the author of a review no more is shown than a first name and a letter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.review.reviews import StoredReview

NOW = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("full_name", "author"),
    [
        ("Ann Buyer", "Ann B."),
        ("Ann  Maria von Buyer ", "Ann B."),
        ("Ann", "Ann"),
        ("ann@example.com", ""),
        ("Ann Buyer <ann@example.com>", "Ann B."),
        ("王小明", "王."),
        ("김민준", "김."),
        ("Ёлка", "Ёлка"),
        ("", ""),
    ],
)
def test_an_author_is_shown_without_a_last_name_and_an_address(full_name: str, author: str) -> None:
    review = StoredReview(1, 2, 3, 5, "", "", "PUBLISHED", 1, NOW, NOW, full_name)
    assert review.author == author
