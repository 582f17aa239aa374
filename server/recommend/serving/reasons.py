"""What is said to people of why a product is in a list: sentences of the reasons that the lists give by code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ml.models.reasons import Reason, ReasonCode
from server.text.languages import Sentence

SENTENCES: Final[Mapping[ReasonCode, str]] = {
    ReasonCode.TRENDING: "Trending now",
    ReasonCode.POPULAR: "Popular in this shop",
    ReasonCode.SHARED_TASTE: "Liked by customers with your taste",
    ReasonCode.SIMILAR: "Similar to {name}",
    ReasonCode.NEW_AND_SIMILAR: "New, and similar to {name}",
    ReasonCode.BOUGHT_TOGETHER: "Often bought together",
    ReasonCode.BOUGHT_RELATED: "Because you bought {name}",
    ReasonCode.VIEWED_RELATED: "Because you looked at {name}",
    ReasonCode.BOUGHT_BEFORE: "Bought {count} times; last {ago}",
}

IN_CATEGORY: Final[Mapping[ReasonCode, str]] = {
    ReasonCode.TRENDING: "Trending in {category}",
    ReasonCode.POPULAR: "Popular in {category}",
}

TOGETHER_WITH: Final = "Often bought together with {name}"

BOUGHT_ONCE: Final = "Bought once, {ago}"
BOUGHT_DAILY: Final = "Bought {count} times, about every day; last {ago}"
BOUGHT_REGULARLY: Final = "Bought {count} times, about every {interval} days; last {ago}"

TODAY: Final = "today"
YESTERDAY: Final = "yesterday"
DAYS_AGO: Final = "{days} days ago"
LONG_AGO: Final = "over a year ago"

TEMPLATES: Final = frozenset(
    {*SENTENCES.values(), *IN_CATEGORY.values(), TOGETHER_WITH, BOUGHT_ONCE, BOUGHT_DAILY}
    | {BOUGHT_REGULARLY, TODAY, YESTERDAY, DAYS_AGO, LONG_AGO}
)
"""All that a language must be able to say."""


def reason_in(reason: Reason, language: str) -> str:
    """Say a reason in a language."""
    if reason.code is ReasonCode.BOUGHT_BEFORE:
        ago = _ago(reason.days_since_order).said_in(language)
        facts = {"count": reason.order_count, "interval": reason.interval_days, "ago": ago}
        return Sentence(_habit(reason), facts).said_in(language)
    if reason.category:
        return Sentence(IN_CATEGORY[reason.code], {"category": reason.category}).said_in(language)
    template = SENTENCES[reason.code]
    if reason.code is ReasonCode.BOUGHT_TOGETHER and reason.product_name:
        template = TOGETHER_WITH
    return Sentence(template, {"name": reason.product_name}).said_in(language)


def _habit(reason: Reason) -> str:
    if reason.order_count == 1:
        return BOUGHT_ONCE
    if reason.interval_days == 1:
        return BOUGHT_DAILY
    return BOUGHT_REGULARLY if reason.interval_days else SENTENCES[ReasonCode.BOUGHT_BEFORE]


def _ago(days: int) -> Sentence:
    if days < 1:
        return Sentence(TODAY)
    if days == 1:
        return Sentence(YESTERDAY)
    return Sentence(DAYS_AGO, {"days": days}) if days <= 365 else Sentence(LONG_AGO)
