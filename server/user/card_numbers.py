"""Card numbers: what looks like one is refused wherever a token belongs."""

from __future__ import annotations

import re
from typing import Final

from server.user.errors import CardNumberRefused

_CARD_DIGITS: Final = range(13, 20)
_DIGITS: Final = re.compile(r"([^\W\d_])?(\d(?:[\W_]*\d){12,})(?=([^\W\d_])?)")
"""Digits, with whatever is between them that is neither letter nor digit; and the letters that touch them."""
_ISSUED: Final = [
    re.compile(f"(?=({form}))")
    for form in (
        *(r"4\d{15}", r"4\d{18}"),  # Visa
        *(r"5[1-5]\d{14}", r"2[2-7]\d{14}"),  # Mastercard, Mir
        *(r"3[47]\d{13}", r"3[068]\d{12}", r"35\d{14}"),  # American Express, Diners, JCB
        *(r"6\d{15}", r"6\d{16}", r"6\d{17}", r"6\d{18}"),  # Discover, UnionPay, RuPay, Maestro
    )
]
"""The forms of the large networks' numbers, wherever they begin."""


def refuse_card_number(field: str, text: str) -> None:
    """Raise CardNumberRefused when `text` holds what looks like a card number."""
    if holds_card_number(text):
        raise CardNumberRefused().at(field)


def holds_card_number(text: str) -> bool:
    """Say whether the digits in `text`, or a part of them, look like a card number: its date or code may follow.

    Where they stand alone, all of them do when they are 13 to 19 with the right check digit, which one of ten such
    numbers has by chance. Of a part of them, or among letters, it must be a large network's number by its form as
    well: of tokens like Stripe's less than one in a hundred million is refused, of UUIDs one in a thousand. A
    gateway whose tokens are digits alone would need another form.
    """
    for before, run, after in _DIGITS.findall(text):
        digits = "".join(str(int(one)) for one in run if one.isdecimal())
        whole = digits.lstrip("0")
        if not (before or after) and len(whole) in _CARD_DIGITS and _luhn(whole):
            return True
        if any(_luhn(part) for form in _ISSUED for part in form.findall(digits)):
            return True
    return False


def _luhn(number: str) -> bool:
    digits = [int(digit) for digit in number]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
