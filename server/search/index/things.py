"""What things are by their categories: whoever names one looks for these, before what only speaks of them.

A category's name says what stands in it, and often of several things: "Keyboards & Mice". Each of them is indexed
with the products as a term of its own, apart from the words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from server.search.index.words import stem, words

_SIGN: Final = "#"
"""Before the name of a thing: no word begins so."""
_BETWEEN: Final = re.compile(r"[&,/+;|]|\b(?:and|und|et|y|e|en)\b", re.IGNORECASE)
MAX_THING: Final = 2
"""Words of a thing that a query can name."""


def things_of(category: str, language: str) -> Iterable[str]:
    """The terms of the things that a category's name names, each by its stems."""
    for part in _BETWEEN.split(category):
        stems = [stem(word, language) for word in words(part)]
        if 0 < len(stems) <= MAX_THING:
            yield _term(stems)


def things_named(stems: Sequence[Iterable[str]]) -> set[str]:
    """The terms of the things that words name which may have these stems, by one of them or by two in a row."""
    single = {_term([each]) for some in stems for each in some}
    return single | {_term([a, b]) for first, second in pairwise(stems) for a in first for b in second}


def _term(stems: Iterable[str]) -> str:
    return _SIGN + " ".join(stems)
