"""The options of variants: what each is, in order, and what the variants of a product differ in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from server.text.name_key import name_key

Options: TypeAlias = tuple[tuple[str, str], ...]
"""Names with their values, in the order in which they are shown."""

MAX_OPTION_NAMES: Final = 3
"""Of the variants of a product together."""

MAX_OPTION_NAME: Final = 24
MAX_OPTION_VALUE: Final = 32
"""Characters, as the contract says."""

COLOR: Final = frozenset({"color", "colour"})
SIZE: Final = frozenset({"size"})
"""The names, as keys, whose values products and lines also show by themselves."""


def options_of(stored: object) -> Options:
    """The options in a column: a list of pairs, as an object, which releases before kept, loses their order."""
    if not stored:
        return ()
    pairs = stored.items() if isinstance(stored, Mapping) else stored
    assert isinstance(pairs, Iterable)
    return tuple((str(name), str(value)) for name, value in pairs)


def column_of(options: Options) -> list[list[str]]:
    """Options as a column keeps them."""
    return [[name, value] for name, value in options]


def options_key(options: Options) -> str:
    """The form in which options are unique within a product, whatever their order and case; "" for none."""
    if not options:
        return ""
    canonical = sorted((name_key(name), name_key(value)) for name, value in options)
    return hashlib.sha256(json.dumps(canonical, ensure_ascii=False).encode()).hexdigest()


def option_columns(options: Options) -> dict[str, object]:
    """The columns of a variant that keep its options."""
    return {"options": column_of(options), "options_key": options_key(options)}


def value_of(options: Options, names: frozenset[str]) -> str:
    """The value of the first option with one of these names; "" without one."""
    return next((value for name, value in options if name_key(name) in names), "")


def label_of(options: Options) -> str:
    """Options as people write them behind a name: "Red, M"."""
    return ", ".join(value for _, value in options)


def options_json(stored: object) -> str:
    """The options in a column as a JSON object, for files; "" for none."""
    options = options_of(stored)
    return json.dumps(dict(options), ensure_ascii=False) if options else ""


@dataclass(frozen=True, slots=True)
class OptionValues:
    """Something that the variants of a product differ in, as the first of them writes it."""

    name: str
    values: tuple[str, ...]


def option_values(variants: Sequence[Options]) -> list[OptionValues]:
    """What variants differ in: each name and each value once, in their order."""
    names: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for options in variants:
        for name, value in options:
            key = name_key(name)
            names.setdefault(key, name)
            values.setdefault(key, {}).setdefault(name_key(value), value)
    return [OptionValues(names[key], tuple(values[key].values())) for key in names]


def values_named(every: Iterable[OptionValues], names: frozenset[str]) -> tuple[str, ...]:
    """The values of the first option with one of these names."""
    return next((each.values for each in every if name_key(each.name) in names), ())
