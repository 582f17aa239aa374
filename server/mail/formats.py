"""Amounts and days as a language writes them: what its catalogue says of these forms."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from server.money import Money
from server.text.languages import Sentence

_AMOUNT: Final = "{whole}.{fraction} {currency}"
_DATE: Final = "{day} {month} {year}"
_DAY: Final = "{weekday}, {date}"
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

SENTENCES: Final = frozenset({_AMOUNT, _DATE, _DAY, *_WEEKDAYS, *_MONTHS})
"""What a catalogue says of them."""


def amount_in(language: str, money: Money) -> str:
    """An amount: "12.99 USD"."""
    whole, mark, fraction = str(money.amount).partition(".")
    if not mark:
        return str(money)
    facts = {"whole": whole, "fraction": fraction, "currency": money.currency}
    return Sentence(_AMOUNT, facts).said_in(language)


def date_in(language: str, moment: datetime) -> str:
    """A date: "5 December 2026"."""
    month = Sentence(_MONTHS[moment.month - 1]).said_in(language)
    return Sentence(_DATE, {"day": moment.day, "month": month, "year": moment.year}).said_in(language)


def day_in(language: str, moment: datetime) -> str:
    """A date with its day of the week: "Saturday, 5 December 2026"."""
    weekday = Sentence(_WEEKDAYS[moment.weekday()]).said_in(language)
    return Sentence(_DAY, {"weekday": weekday, "date": date_in(language, moment)}).said_in(language)
