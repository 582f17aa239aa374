"""Why a product is in a list, as people read it."""

from __future__ import annotations

import pytest

from ml.models.reasons import Reason, ReasonCode
from server.recommend.serving.reasons import reason_in


@pytest.mark.parametrize(
    ("count", "interval", "days", "english", "german"),
    [
        (1, 0, 12, "Bought once, 12 days ago", "Einmal gekauft, vor 12 Tagen"),
        (1, 0, 0, "Bought once, today", "Einmal gekauft, heute"),
        (
            *(4, 30, 28, "Bought 4 times, about every 30 days; last 28 days ago"),
            "4-mal gekauft, etwa alle 30 Tage; zuletzt vor 28 Tagen",
        ),
        (
            *(3, 1, 1, "Bought 3 times, about every day; last yesterday"),
            "3-mal gekauft, etwa jeden Tag; zuletzt gestern",
        ),
        (2, 0, 5, "Bought 2 times; last 5 days ago", "2-mal gekauft; zuletzt vor 5 Tagen"),
        (
            *(2, 400, 500, "Bought 2 times, about every 400 days; last over a year ago"),
            "2-mal gekauft, etwa alle 400 Tage; zuletzt vor über einem Jahr",
        ),
    ],
)
def test_what_was_bought_before(count: int, interval: int, days: int, english: str, german: str) -> None:
    reason = Reason(
        ReasonCode.BOUGHT_BEFORE, order_count=count, interval_days=interval, days_since_order=days
    )
    assert (reason_in(reason, "en"), reason_in(reason, "de")) == (english, german)


@pytest.mark.parametrize(
    ("reason", "english", "german"),
    [
        (Reason(ReasonCode.TRENDING), "Trending now", "Gerade gefragt"),
        (Reason(ReasonCode.TRENDING, category="Tea"), "Trending in Tea", "Gerade gefragt in Tea"),
        (Reason(ReasonCode.POPULAR), "Popular in this shop", "Beliebt in diesem Shop"),
        (Reason(ReasonCode.BOUGHT_TOGETHER, 7), "Often bought together", "Oft zusammen gekauft"),
        (
            Reason(ReasonCode.BOUGHT_TOGETHER, 7, "Mug"),
            "Often bought together with Mug",
            "Oft zusammen mit Mug gekauft",
        ),
    ],
)
def test_what_others_buy(reason: Reason, english: str, german: str) -> None:
    assert (reason_in(reason, "en"), reason_in(reason, "de")) == (english, german)


def test_every_code_can_be_said() -> None:
    for code in ReasonCode:
        assert reason_in(Reason(code, 1, "Mug", order_count=1), "en")
