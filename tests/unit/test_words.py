"""Words that say nothing of the thing they name stay out of the rooms that are free of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

EDITED: Final = (
    "bench",
    "clients/python",
    "ml",
    "server/audit",
    "server/auth",
    "server/bootstrap",
    "server/cart",
    "server/catalog",
    "server/cli",
    "server/crypto",
    "server/db",
    "server/demo",
    "server/events",
    "server/exports",
    "server/imports",
    "server/inventory",
    "server/jobs",
    "server/mail",
    "server/media",
    "server/order",
    "server/payment",
    "server/pricing",
    "server/process",
    "server/promotion",
    "server/recommend",
    "server/refund",
    "server/repeats",
    "server/retention",
    "server/review",
    "server/roles",
    "server/rpc",
    "server/search",
    "server/segment",
    "server/service_accounts",
    "server/settings",
    "server/staff",
    "server/text",
    "server/user",
    "server/verify",
    "server/webhooks",
)
"""Rooms that are held to the words below; a room joins when its names have been mended."""

PARTICIPLES: Final = frozenset(
    {"found", "wanted", "asked", "told", "kept", "known", "given", "held", "chosen", "alike", "lately"}
)
PLACES: Final = frozenset({"place", "places"})
IDIOMS: Final = frozenset({("not", "found")})
"""Terms of the field that contain such a word: gRPC's NOT_FOUND."""
PUBLIC: Final = frozenset({"CouponHeld", "PointsHeld", "models_kept"})
"""Names that clients and operators write: the reasons of refusals, and settings."""
BOUNDS: Final = ("MOST_", "LONGEST_", "LARGEST_", "LEAST_", "FEWEST_", "SHORTEST_")
"""Constants are called MAX_ and MIN_."""

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ("server", "ml", "clients/python", "bench")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words_of(name: str) -> list[str]:
    """Split an identifier into its words: `wanted_ids` and `WantedIds` are "wanted", "ids"."""
    return [word.lower() for word in _WORD.findall(name)]


def is_vague(name: str) -> bool:
    """True for a name with one of the words, as itself or in a compound."""
    words = words_of(name)
    return name not in PUBLIC and any(
        word in PARTICIPLES | PLACES and tuple(words[max(0, index - 1) : index + 1]) not in IDIOMS
        for index, word in enumerate(words)
    )


def is_old_bound(name: str) -> bool:
    """True for a constant that bounds something by another word than MAX_ or MIN_."""
    return name.lstrip("_").startswith(BOUNDS)


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every name that a module binds, with its line: variables, attributes, arguments, functions and classes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
            ):
                yield node.lineno, name
            case ast.MatchMapping(rest=str(name)) | ast.alias(asname=str(name)):
                yield node.lineno, name


def sources(room: str) -> list[Path]:
    """The modules of a room, without migrations, which stay as they were released."""
    return sorted(path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


@pytest.mark.parametrize("room", EDITED)
def test_a_room_names_things_by_what_they_are(room: str) -> None:
    modules = sources(room)
    assert modules, "the room has moved: mend EDITED"
    vague = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in modules
        for line, name in bound_names(ast.parse(path.read_text()))
        if is_vague(name) or is_old_bound(name)
    ]
    assert not vague, "name what the thing is, or MAX_/MIN_ for a bound:\n" + "\n".join(vague)


def test_a_name_of_a_class_means_one_thing() -> None:
    homes: dict[str, list[str]] = {}
    for path in (path for room in ("server", "ml") for path in sources(room)):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert {name: lines for name, lines in homes.items() if len(lines) > 1} == {}


def test_every_edited_room_lies_in_the_sources() -> None:
    assert all(room.startswith(SOURCES) for room in EDITED)


@pytest.mark.parametrize(
    "name", ["found", "wanted_ids", "_asked", "WantedIds", "kept_until", "place", "Places", "found_not"]
)
def test_a_name_with_such_a_word_is_vague(name: str) -> None:
    assert is_vague(name)


@pytest.mark.parametrize(
    "name",
    [
        "NotFound",
        "segment_not_found",
        "NOT_FOUND",
        "CouponHeld",
        "placed_at",
        "foundation",
        "unknown",
        "replace",
        "rows",
    ],
)
def test_terms_of_the_field_and_other_words_are_not(name: str) -> None:
    assert not is_vague(name)


@pytest.mark.parametrize(
    "code",
    [
        "found = 1",
        "found, rows = pair",
        "self.found = 1",
        "def find(found): ...",
        "def found(): ...",
        "class Found: ...",
        "for found in rows: ...",
        "[found for found in rows]",
        "with open(path) as found: ...",
        "try: ...\nexcept OSError as found: ...",
        "import rows as found",
        "if (found := find()): ...",
        "match rows:\n    case [found]: ...",
        "lambda found: 1",
        "class Row:\n    found: int",
    ],
)
def test_every_way_to_bind_a_name_is_seen(code: str) -> None:
    assert any(is_vague(name) for _, name in bound_names(ast.parse(code)))
