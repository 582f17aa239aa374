"""Turns the till's shouted descriptions into names that a person would print in a catalogue."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SMALL: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "de",
        "des",
        "du",
        "for",
        "from",
        "in",
        "into",
        "la",
        "le",
        "of",
        "on",
        "or",
        "per",
        "sur",
        "the",
        "to",
        "with",
    ]
)
_AS_WRITTEN: Final = {
    word.casefold(): word
    for word in [
        "BBQ",
        "CD",
        "CRUK",
        "DIY",
        "DVD",
        "EU",
        "IKEA",
        "iPad",
        "iPod",
        "LED",
        "MP3",
        "NY",
        "OK",
        "PVC",
        "TV",
        "UK",
        "USA",
        "USB",
        "XL",
        "XXL",
        "dotcomgiftshop",
    ]
} | {"dotcomgiftshop": "Dotcomgiftshop", "asstd": "Assorted", "mop": "Mother of Pearl"}
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_INITIALS: Final = re.compile(r"(?:\b[A-Za-z]\.){2,}(?:[A-Za-z]\b)?")
_MEASURE: Final = re.compile(r"(?<=\d)(?:cm|mm|ml|kg|g|pce|pcs|pc|x)(?=[\dx]|$)", re.IGNORECASE)
_SPACING: Final = (
    (re.compile(r"^[*\s]+|[\s.,]+$"), ""),
    (re.compile(r"(\bW)/\s*(?=[A-Za-z])", re.IGNORECASE), "with "),
    (re.compile(r"\s+W\s+", re.IGNORECASE), " with "),
    (re.compile(r"(?<=[^\W\d_])\s*[+&]\s*(?=[^\W_])"), " & "),
    (re.compile(r"\s+,\s*|,(?=[^\W\d_])"), ", "),
    (re.compile(r"\bS/(?=\d)", re.IGNORECASE), "Set of "),
    (re.compile(r"\bset/(?=\d)", re.IGNORECASE), "Set of "),
    (re.compile(r"\bpack/(?=\d)", re.IGNORECASE), "Pack of "),
    (re.compile(r"(?<=\d)(?=[^\W\d_]{4})"), " "),
    (re.compile(r"\s{2,}"), " "),
)


def natural_name(description: str) -> str:
    """`description` with natural capitals and spacing: "WHITE T-LIGHT HOLDER " is "White T-Light Holder".

    Words that mix cases already were written by a person, and stay.
    """
    text = unicodedata.normalize("NFC", description)
    for pattern, plain in _SPACING:
        text = pattern.sub(plain, text)
    initials = {match.span() for match in _INITIALS.finditer(text)}
    words = []
    end = 0
    for match in _WORD.finditer(text):
        gap = text[end : match.start()]
        inside_initials = any(start <= match.start() < stop for start, stop in initials)
        words.append(gap)
        leads = end == 0 or gap.endswith(('"', "(", ". "))
        words.append(match.group().upper() if inside_initials else _natural_word(match.group(), leads=leads))
        end = match.end()
    return "".join([*words, text[end:]]).strip()


def _natural_word(word: str, *, leads: bool) -> str:
    lower = word.casefold()
    if lower in _AS_WRITTEN:
        return _AS_WRITTEN[lower]
    if lower in _SMALL and not leads:
        return lower
    if word[0].isdigit():
        if "'" in word:
            return lower  # 50'S
        return _MEASURE.sub(lambda unit: unit.group().lower(), word) if lower[-1].isalpha() else lower
    if not (word.isupper() or word.islower()) and not word[-1].islower():
        return word.capitalize()  # a slip of the shift key: TRADITIONAl is not iPod
    return word if word[:1].isupper() and word[1:].islower() else word.capitalize()
