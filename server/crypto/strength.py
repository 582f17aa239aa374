"""Measures how hard a secret is to guess: the bits of its cheapest description by what people type and publish.

A random key has no shorter description than itself. Words, sequences, keyboard rows, repeated blocks, dates and
examples out of manuals have one, whatever their length, and a guesser tries those first.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from server.crypto.published_secrets import PLACEHOLDER_WORDS, PUBLISHED

KEY_BITS = 52
"""Bits that a key needs which is guessed offline, against a token: five random words, or 16 hexadecimal digits."""
PASSWORD_BITS = 28
"""Bits that a password needs which is guessed online, behind a limit and a slow hash: ten random characters."""

MAX_LENGTH = 128
"""Characters looked at; no more are needed to be strong."""
SEPARATORS = " -_.:,;/+=|"
SEPARATOR_BITS = 1.0
GUESSED_FIRST_BITS = 1.0
"""A published example, or a word that placeholders are made of."""
GUESSED_FIRST = "known"
"""The dictionary of these."""
MIN_WORD = 3
MIN_COPY = 3


def strength_bits(secret: str, personal: Iterable[str] = ()) -> float:
    """About how many bits of guessing `secret` takes; `personal` are words its guesser would try first."""
    text = secret[:MAX_LENGTH]
    words = _dictionaries(frozenset(word.lower() for word in personal if len(word) >= MIN_WORD))
    readings = [(text, 0.0), *((decoded, GUESSED_FIRST_BITS) for decoded in _decoded(text))]
    return min(extra + _text_bits(reading, words) for reading, extra in readings)


def _text_bits(text: str, words: Mapping[str, Mapping[str, int]]) -> float:
    """The cheapest of: as it stands, its runs of one character taken as one, and two texts that take turns."""
    once = re.sub(r"(.)\1+", r"\1", text)
    woven = _described(text[::2], words) + _described(text[1::2], words) + GUESSED_FIRST_BITS
    return min(_described(text, words), _described(once, words) + 2 * GUESSED_FIRST_BITS, woven)


def _described(text: str, words: Mapping[str, Mapping[str, int]]) -> float:
    """The bits of the cheapest way to put `text` together from words, patterns, copies and single characters."""
    if not text:
        return 0.0
    pieces = _pieces(text, words)
    per_character = _character_bits(text)
    best = [0.0] * (len(text) + 1)
    for end in range(1, len(text) + 1):
        last = SEPARATOR_BITS if text[end - 1] in SEPARATORS else per_character
        best[end] = best[end - 1] + last
        for start, bits in pieces.get(end, ()):
            best[end] = min(best[end], best[start] + bits)
    return best[-1]


def _pieces(text: str, words: Mapping[str, Mapping[str, int]]) -> dict[int, list[tuple[int, float]]]:
    """By their end: where what is no accident begins, and its bits."""
    from zxcvbn import matching

    pieces: dict[int, list[tuple[int, float]]] = {}
    matchers = (
        matching.dictionary_match,
        matching.reverse_dictionary_match,
        matching.l33t_match,
        matching.spatial_match,
        matching.sequence_match,
        matching.regex_match,
        matching.date_match,
    )
    for match in (match for matcher in matchers for match in matcher(text, _ranked_dictionaries=words)):
        start, end = match["i"], match["j"] + 1
        if end - start >= MIN_WORD or _stands_alone(text, start, end):
            pieces.setdefault(end, []).append((start, _match_bits(match)))
    low = text.lower()
    copy_bits = math.log2(len(text)) + GUESSED_FIRST_BITS
    for end in range(MIN_COPY, len(text) + 1):
        start = end - MIN_COPY
        while (
            start > 0 and low.find(low[start:end], 0, end - 1) >= 0
        ):  # a copy may overlap itself, as in ababab
            pieces.setdefault(end, []).append((start, copy_bits))
            start -= 1
    return pieces


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether a short word is one: between separators or case changes, not two letters of a random key."""
    before = (
        start == 0 or text[start - 1] in SEPARATORS or (text[start].isupper() and text[start - 1].islower())
    )
    after = end == len(text) or text[end] in SEPARATORS or (text[end].isupper() and text[end - 1].islower())
    return before and after


def _match_bits(match: dict[str, Any]) -> float:
    from zxcvbn import scoring

    if match["pattern"] == "dictionary":
        if match["dictionary_name"] == GUESSED_FIRST:
            return GUESSED_FIRST_BITS
        return max(GUESSED_FIRST_BITS, math.log2(scoring.dictionary_guesses(match)))
    return max(GUESSED_FIRST_BITS, math.log2(float(scoring.estimate_guesses(match, match["token"]))))


def _character_bits(text: str) -> float:
    """Return the bits that one character says at most: the choice among its kind, or the variety it shows."""
    if re.fullmatch(r"[0-9a-f]*|[0-9A-F]*", text):
        choice = 16 if re.search(r"[a-fA-F]", text) else 10
    else:
        kinds = ((r"[a-z]", 26), (r"[A-Z]", 26), (r"[0-9]", 10), (r"[^a-zA-Z0-9]", 32))
        choice = sum(size for kind, size in kinds if re.search(kind, text))
    counts = Counter(text).values()
    shown = -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
    unseen = (len(counts) - 1) / (2 * len(text) * math.log(2))  # a short text cannot show all its variety
    return min(math.log2(choice), shown + unseen)


def _decoded(text: str) -> Iterable[str]:
    """Yield what `text` reads as where it only spells another text: in base64, or as hexadecimal digits."""
    decoders = (
        bytes.fromhex,
        lambda value: base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True),
        lambda value: base64.b64decode(value + "=" * (-len(value) % 4), validate=True),
    )
    for decode in decoders:
        try:
            plain = decode(text).decode("ascii")
        except (ValueError, binascii.Error):
            continue
        if plain.isprintable():
            yield plain


@cache
def _dictionaries(personal: frozenset[str]) -> Mapping[str, Mapping[str, int]]:
    from zxcvbn.matching import RANKED_DICTIONARIES

    guessed_first = dict.fromkeys((*PLACEHOLDER_WORDS, *(each.lower() for each in PUBLISHED), *personal), 1)
    return {**RANKED_DICTIONARIES, GUESSED_FIRST: guessed_first}
