"""Words: how texts of products and queries become what is compared.

Both go the same way: case, accents and apostrophes are folded, a number and its unit become one word ("16 GB" and
"16gb"), a script without blanks becomes pairs of its characters, and words are stemmed as those of their language.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import Stemmer

MAX_WORD_LENGTH: Final = 40
"""What is longer is cut: no person types it, and codes differ before."""

_SHORT_UNITS: Final = (
    *("gb", "mb", "tb", "kg", "mg", "g", "ml", "cl", "l", "cm", "mm", "km", "kw", "w", "v", "mah", "ah"),
    *("hz", "khz", "mhz", "ghz", "mp", "fps", "dpi", "rpm", "btu", "oz", "lb", "ft"),
)
_LONG_UNITS: Final = {
    "in": ("inch", "inches"),
    "gb": ("gigabyte", "gigabytes"),
    "tb": ("terabyte", "terabytes"),
    "l": ("litre", "litres", "liter", "liters"),
    "w": ("watt", "watts"),
    "v": ("volt", "volts"),
    "g": ("gram", "grams"),
    "kg": ("kilogram", "kilograms"),
    "lb": ("lbs",),
    "mp": ("megapixel", "megapixels"),
}
_UNITS: Final = {unit: unit for unit in _SHORT_UNITS} | {
    name: unit for unit, names in _LONG_UNITS.items() for name in names
}
_TOUCHING: Final = _UNITS | {"in": "in"}
"""Units that may touch their number; apart from it, "in" is another word."""
_LONE_LETTERS: Final = frozenset({"g", "l", "w", "v"})
"""Units that are also letters of names: they count where they touch the number."""

_INCH_MARK = re.compile(r"(?<=\d)\s?(?:\"|″|”|'')")
_POSSESSIVE = re.compile(r"'s\b")
_WORD = re.compile(r"\d+(?:\.\d+)+[a-z]*|[^\W_]+")
_MEASURE = re.compile(r"(\d+(?:\.\d+)?)([a-z]+)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_UNSPACED = re.compile(r"[぀-ヿ㐀-鿿豈-﫿]+")

ENGLISH: Final = "en"
STOP_WORDS: Final = {
    ENGLISH: "a an and are at by for from in is it of on or that the this to with without",
    "de": "auf aus bei das dem den der des die ein eine einem einen einer fur im in ist mit oder ohne und von zu "
    "zum zur",
    "es": "a al con de del el en es la las lo los o para por que sin un una y",
    "fr": "a au aux avec de des du d en est et l la le les ou par pour sans sur un une",
    "it": "a al alla con da dei del della di e gli i il in la le lo o per senza su un una",
    "nl": "aan de den een en het in is met of op te uit van voor zonder",
    "pt": "a ao as com da das de do dos e em na no o os ou para por sem um uma",
}
"""By language, folded; they say nothing of a product, and count only in a query that has no other word."""

_local = threading.local()


def fold(text: str) -> str:
    """The text in lower case, without accents and apostrophes."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
        text = "".join(each for each in decomposed if not unicodedata.combining(each)).replace("’", "'")
    return _INCH_MARK.sub("in ", _POSSESSIVE.sub("", text.lower())).replace("'", "")


def words(text: str) -> list[str]:
    """The words of a text in their order, a number with its unit as one."""
    result: list[str] = []
    for raw in _WORD.findall(fold(text)):
        word = raw[:MAX_WORD_LENGTH]
        if word.isascii():
            unit = _UNITS.get(word)
            if unit and word not in _LONE_LETTERS and result and _NUMBER.fullmatch(result[-1]):
                result[-1] += unit
            else:
                result.append(_measure(word))
        else:
            result.extend(_pairs(word))
    return result


def _measure(word: str) -> str:
    """A number that touches its unit, the unit in its short form; other words as they are."""
    if word[0].isdigit() and not word[-1].isdigit():
        match = _MEASURE.fullmatch(word)
        if match and match[2] in _TOUCHING:
            return match[1] + _TOUCHING[match[2]]
    return word


_THOUSANDTHS: Final = {"tb": "gb", "gb": "mb", "kg": "g", "l": "ml", "kw": "w", "ghz": "mhz", "mhz": "khz"}
_THOUSANDS: Final = {small: large for large, small in _THOUSANDTHS.items()}


def same_measure(word: str) -> str | None:
    """A number with its unit as it may be written with the next smaller or larger one: 2000gb for 2tb; or None."""
    match = _MEASURE.fullmatch(word)
    if match is None or not match[1].isdigit() or match[1].startswith("0"):
        return None
    number, unit = match[1], match[2]
    if unit in _THOUSANDS and number.endswith("000"):
        return number[:-3] + _THOUSANDS[unit]
    return f"{number}000{_THOUSANDTHS[unit]}" if unit in _THOUSANDTHS else None


def number_of(word: str) -> str | None:
    """The number in a number with its unit; None for other words."""
    if not word[0].isdigit() or word[-1].isdigit():
        return None
    match = _MEASURE.fullmatch(word)
    return match[1] if match and match[2] in _TOUCHING else None


def _pairs(word: str) -> list[str]:
    """A word in a script without blanks as the pairs of its characters; others as they are."""
    parts: list[str] = []
    end = 0
    for run in _UNSPACED.finditer(word):
        if run.start() > end:
            parts.append(word[end : run.start()])
        text, end = run[0], run.end()
        parts += [text[i : i + 2] for i in range(max(len(text) - 1, 1))]
    if end < len(word):
        parts.append(word[end:])
    return parts


@lru_cache(maxsize=50_000)
def stem(word: str, language: str = ENGLISH) -> str:
    """The stem of a word of a language; what is no word of letters stays, and all where there is no stemmer."""
    if len(word) < 3 or not word.isalpha() or (language == ENGLISH and not word.isascii()):
        return word
    stemmer = _stemmer(language)
    return word if stemmer is None else str(stemmer.stemWord(word))


def _stemmer(language: str) -> Stemmer.Stemmer | None:
    """This thread's stemmer: one is not to be shared by threads."""
    stemmers = _local.__dict__
    if language not in stemmers:
        try:
            stemmers[language] = Stemmer.Stemmer(language, 0)
        except KeyError:
            stemmers[language] = None
    return stemmers[language]


@dataclass(frozen=True, slots=True)
class Wording:
    """The languages whose words an index compares: the one that is searched in, then the shop's own."""

    languages: tuple[str, ...] = (ENGLISH,)

    @classmethod
    def of(cls, language: str, own: str) -> Wording:
        """To search in a language of a shop that writes in its own."""
        return cls(tuple(dict.fromkeys([language, own])))

    @property
    def own(self) -> str:
        """The shop's own language."""
        return self.languages[-1]

    @property
    def further(self) -> str | None:
        """The language that is searched in, where it is not the shop's own."""
        return self.languages[0] if len(self.languages) > 1 else None

    def stems(self, word: str) -> tuple[str, ...]:
        """The stems of a word, of whichever language it is."""
        return tuple(dict.fromkeys([stem(word, language) for language in self.languages]))

    def forms(self, terms: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Words that belong together as their stems, in each language."""
        return tuple(
            dict.fromkeys(
                tuple(dict.fromkeys([stem(term, language) for term in terms])) for language in self.languages
            )
        )

    def is_stop_word(self, word: str) -> bool:
        """Whether it says nothing of a product, in one of the languages."""
        return any(word in _stop_words(language) for language in self.languages)


@cache
def _stop_words(language: str) -> frozenset[str]:
    return frozenset(STOP_WORDS.get(language, "").split())


def is_correctable(word: str, letters: int) -> bool:
    """Whether it is a word of so many letters, which may be mistyped."""
    return len(word) >= letters and word.isalpha() and not _UNSPACED.search(word)
