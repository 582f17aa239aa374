"""What is recorded of the text of a query, and which texts may be shown to others."""

from __future__ import annotations

import re
from typing import Final

from server.search.analytics.models import MAX_QUERY
from server.text.name_key import name_key
from server.user.card_numbers import holds_card_number

MIN_SHARED, MAX_SHARED = 2, 60
"""Characters of a query that is suggested."""
_EMAIL: Final = re.compile(r"[^\s@]@\s*[^\s@]")
_PHONE: Final = re.compile(r"(?:\d[\W_]*){7,}")
"""Seven digits, whatever separates them, are a telephone number, or nearly one."""
_UNSEEN: Final = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def recorded(query: str) -> str:
    """A query as it is recorded: whatever its case and blanks, cut to size; "" for one that nobody may keep.

    That is one that holds a card number or an e-mail address.
    """
    text = name_key(_UNSEEN.sub(" ", query))[:MAX_QUERY].rstrip()
    return "" if _EMAIL.search(text) or holds_card_number(text) else text


def is_shareable(query: str) -> bool:
    """Tell whether a recorded query may be suggested to others: it says nothing of a person."""
    return (
        MIN_SHARED <= len(query) <= MAX_SHARED
        and any(map(str.isalpha, query))
        and not ("@" in query or _PHONE.search(query) or holds_card_number(query))
    )
