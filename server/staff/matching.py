"""Which accounts a text means that somebody types who looks for a person."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Connection, SQLColumnExpression, and_, func, literal, or_

from server.user.lookup_key import lookup_key
from server.user.models import User
from server.user.sealed_phones import has_phone

_PHONE_SIGNS: Final = frozenset("0123456789+-()./ ")
MIN_PHONE_DIGITS: Final = 5
"""Fewer digits are no telephone number, but part of a name."""


def matches(connection: Connection, text: str) -> ColumnElement[bool]:
    """Whether an account is meant by `text`, which is not empty.

    All accounts are looked at: with a hundred thousand of them that takes a tenth of a second.
    """
    if "@" in text:
        return _begins(User.email_key, lookup_key(text))
    digits = "".join(sign for sign in text if sign.isascii() and sign.isdigit())
    if len(digits) >= MIN_PHONE_DIGITS and _PHONE_SIGNS.issuperset(text):
        lies_open = and_(User.phone != "", _digits(User.phone) == digits)
        return or_(has_phone(connection, text), lies_open)
    named = and_(*(_has_word(word) for word in text.split()))
    return or_(named, _begins(User.email_key, lookup_key(text)), _begins(User.username_key, lookup_key(text)))


def _begins(
    column: SQLColumnExpression[str] | SQLColumnExpression[str | None], key: str
) -> ColumnElement[bool]:
    return column.startswith(key, autoescape=True)


def _has_word(word: str) -> ColumnElement[bool]:
    """Whether a word of the name begins so. SQLite folds ASCII alone: others are tried in the usual cases."""
    name = literal(" ") + User.full_name
    spellings = dict.fromkeys((word, word.casefold(), word.upper(), word.capitalize()))
    return or_(*(name.icontains(f" {each}", autoescape=True) for each in spellings))


def _digits(phone: SQLColumnExpression[str]) -> SQLColumnExpression[str]:
    """The digits of a telephone number, whatever stands between them."""
    for sign in sorted(_PHONE_SIGNS - set("0123456789")):
        phone = func.replace(phone, sign, "")
    return phone
