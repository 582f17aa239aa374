"""Texts that people type: what a name of one line, and what a text of several lines, may hold."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_BLANKS: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\u200b\u2060" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""Unicode's white space, and the two signs that are blanks of no width."""

_ALWAYS_REFUSED: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 and C1, but tabs and line ends
    r"\u2028\u2029"  # ends of lines and paragraphs, which are ends of lines to some programs only
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    r"\ufeff"  # the byte order mark
)
_OF_ONE_LINE: Final = re.compile(rf"[\t\n{_ALWAYS_REFUSED}]")
_OF_SEVERAL_LINES: Final = re.compile(rf"[{_ALWAYS_REFUSED}]")
_LINE_ENDS: Final = frozenset("\n\r\v\f\x85\u2028\u2029")

_FORMAT_AND_BLANKS: Final = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp"})
_FILLERS: Final = re.compile(r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0]")
"""Letters and marks that show nothing by themselves."""


def is_plain(text: str) -> bool:
    """Tell whether `text` needs no look: ASCII that can be printed, with no blank at an end."""
    return text.isascii() and text.isprintable() and (not text or (text[0] != " " and text[-1] != " "))


def trimmed(text: str) -> str:
    """`text` without the blanks around it, of any script and width."""
    return text.strip(_BLANKS)


def problem_of_name(name: str) -> str | None:
    """Say what is wrong with a text of one line that is trimmed, or None: an empty one is right.

    Joiners (U+200C, U+200D) stay legal, for scripts and emoji are written with them.
    """
    if is_plain(name):
        return None
    refused = _OF_ONE_LINE.search(name)
    if refused is None:
        return None if any(map(_is_visible, name)) else "must have something that can be seen"
    if refused[0] in _LINE_ENDS:
        return "must be a single line"
    return _sentence(refused[0], "must not contain control characters")


def problem_of_lines(text: str) -> str | None:
    """Say what is wrong with a text that may have several lines, or None."""
    refused = _OF_SEVERAL_LINES.search(text)
    if refused is None:
        return None
    return _sentence(refused[0], "must not contain control characters other than tabs and line ends (\\n)")


def _sentence(refused: str, of_control_characters: str) -> str:
    code = f"U+{ord(refused):04X}"
    if refused == "\ufeff":
        return f"must not contain a byte order mark ({code})"
    if unicodedata.category(refused) == "Cf":
        return f"must not contain {code}, an unseen character that turns the direction of writing"
    if unicodedata.category(refused) != "Cc":
        return f"must not contain {code}, a line end that is none to many programs"
    return of_control_characters


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _FORMAT_AND_BLANKS and not _FILLERS.match(character)
