"""Sentences for people in the language that they read: where they become text, and the catalogues they come from.

English is what the code says. A catalogue of another language is a file of gettext's form, `locale/de.po`, whose
msgids are the English sentences with their blanks, as in "Only {available} of {name} left."; what it lacks is said
in English. Of sentences that are finished, or stored, the msgids have # in place of numbers and amounts, of names
in capitals (CSV), of a choice ("CSV, XLSX or PARQUET"), and of several names ("admin, customer").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from server.errors import LineRefusal, Refusal, Term, fact

ENGLISH: Final = "en"
LOCALE: Final = Path(__file__).parent / "locale"
MAX_HEADER: Final = 200
"""Characters of accept-language that are read."""

_NUMBER: Final = re.compile(r"(?:(?<!\w)-)?\d(?:[\d,.]*\d)?(?: [A-Z]{3}\b)?")
_NAME: Final = r"\w+(?:[.,]\w+)*"
_CHOICE: Final = rf"{_NAME}(?:, {_NAME})* or {_NAME}"
_FACT: Final = re.compile(rf"{_CHOICE}|U\+[0-9A-F]{{4,6}}|\b[A-Z][A-Z0-9_]+\b|{_NUMBER.pattern}")
_NAMES: Final = re.compile(rf"{_NAME}(?:, {_NAME})+")

_language: ContextVar[str] = ContextVar("language", default="")


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English sentence with blanks, and the facts that fill them."""

    template: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in the language of the call that is being answered."""
        return self.said_in(spoken())

    def said_in(self, language: str) -> str:
        """Say it in a language, or in English where that lacks the sentence."""
        template = catalogue_of(language).get(self.template, self.template)
        return template.format(**{name: _as_text(value, language) for name, value in self.facts.items()})


def refusal_said_in(refusal: Refusal, language: str) -> str:
    """What a refusal says to people in a language."""
    parts = (refusal.lines or (refusal,)) if isinstance(refusal, LineRefusal) else (refusal,)
    sentences = (Sentence(part.message, part.values).said_in(language) for part in parts)
    return " ".join(dict.fromkeys(sentences))


def translated(text: str, language: str) -> str:
    """A finished sentence in a language, as it is where that lacks it; its numbers, amounts and names stay."""
    catalogue = catalogue_of(language)
    if not catalogue:
        return text
    if text in catalogue:
        return catalogue[text]
    for blank in (_NUMBER, _FACT, _NAMES):
        template = catalogue.get(blank.sub("#", text))
        if template is not None:
            return _filled(template, blank.findall(text), catalogue)
    return text


def _filled(template: str, facts: Iterable[str], catalogue: Mapping[str, str]) -> str:
    """A translation with the facts that were cut out of the sentence, in their order."""
    last = f" {catalogue.get('or', 'or')} "
    rest = (each.replace(" or ", last) for each in facts)
    return re.sub("#", lambda _: next(rest, "#"), template)


def said(text: str) -> str:
    """A finished sentence in the language of the call that is being answered."""
    return translated(text, spoken())


def _as_text(value: object, language: str) -> str:
    """A fact as text: names stay as they are, also such as are words of ours, a product called "order"."""
    return catalogue_of(language).get(value, value) if isinstance(value, Term) else fact(value)


def speak(language: str) -> None:
    """Say what the call that is being answered says to people in `language`."""
    _language.set(language)


def spoken() -> str:
    """The language of the call that is being answered; English where it asks for none that there is."""
    return _language.get() or ENGLISH


def requested_language() -> str:
    """The language that the call which is being answered asks for; "" where it asks for none that there is."""
    return _language.get()


def preferred(accept_language: str) -> str:
    """The language that a header accept-language likes best of those that there are; "" where it likes none."""
    return best_of(accept_language[:MAX_HEADER], languages(), "")


def first_available(*codes: str) -> str:
    """The first of these languages that sentences are there in; English where they are in none."""
    return next((code for code in codes if code in languages()), ENGLISH)


@lru_cache(maxsize=1000)
def best_of(accept_language: str, available: frozenset[str], otherwise: str) -> str:
    """The language of those available that a header likes best; another one where it likes none of them."""
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language.split(",")):
        tag, _, quality = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in available:
            ranked.append((-_quality(quality), position, primary))
    best = min(ranked, default=None)
    return best[2] if best is not None and best[0] < 0 else otherwise


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


@cache
def languages() -> frozenset[str]:
    """The languages that sentences are there in."""
    return frozenset({ENGLISH, *(path.stem for path in LOCALE.glob("*.po"))})


@cache
def catalogue_of(language: str) -> Mapping[str, str]:
    """The translations of a language by the English sentence; none of English."""
    path = LOCALE / f"{language}.po"
    if language not in languages() or language == ENGLISH:
        return {}
    return dict(entries(path.read_text(encoding="utf-8")))


def entries(text: str) -> Iterator[tuple[str, str]]:
    """Each translated sentence of a .po file and its translation; without plurals and contexts."""
    for block in text.split("\n\n"):
        parts = {"msgid": "", "msgstr": ""}
        keyword = ""
        for line in block.splitlines():
            if line.startswith(("msgid ", "msgstr ")):
                keyword, _, line = line.partition(" ")
            if keyword and line.startswith('"'):
                parts[keyword] += json.loads(line)
        if parts["msgid"] and parts["msgstr"]:
            yield parts["msgid"], parts["msgstr"]
