"""The notation of the demo catalogue: departments of shelves, shelves of kinds, kinds of products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

USUAL: Final = 9


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an option, and what it does to the price: "5 lb*3.2" costs 3.2 times as much."""

    value: str
    factor: float


@dataclass(frozen=True, slots=True)
class ProductKind:
    """Products of one kind: every combination of brand and options makes one, of which `most` are sold.

    Each comes in the `sizes`, which are its variants; without any it has one. `name` and `about` hold {brand}
    and the options. Prices are US dollars. `again` is the number of days after which it is used up and bought
    again; 0 for durable goods.
    """

    key: str
    name: str
    low: float
    high: float
    about: str
    options: Mapping[str, tuple[Choice, ...]]
    again: int
    most: int
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoShelf:
    """A category of the second level, with its brands."""

    name: str
    brands: tuple[str, ...]
    kinds: tuple[ProductKind, ...]


@dataclass(frozen=True, slots=True)
class Department:
    """A category of the first level. `assurance` is the last sentence of every description in it."""

    name: str
    assurance: str
    shelves: tuple[DemoShelf, ...]
    seasons: Mapping[int, float]
    """The factor on its sales by month of the year; 1 for a month that is not listed."""


def kind(
    key: str,
    name: str,
    low: float,
    high: float,
    about: str,
    *,
    again: int = 0,
    most: int = USUAL,
    sizes: str = "",
    **options: str,
) -> ProductKind:
    """A kind whose options and sizes are written as "red|blue", a value with its price factor as "5 lb*3.2"."""
    choices = {name: _choices(text) for name, text in options.items()}
    variants = tuple(sizes.split("|")) if sizes else ()
    return ProductKind(key, name, low, high, about, choices, again, most, variants)


def shelf(name: str, brands: str, *kinds: ProductKind) -> DemoShelf:
    """A shelf whose brands are written as "This|That"."""
    return DemoShelf(name, tuple(brands.split("|")), kinds)


def department(
    name: str, assurance: str, *shelves: DemoShelf, seasons: Mapping[int, float] | None = None
) -> Department:
    """A department of `shelves`."""
    return Department(name, assurance, shelves, seasons or {})


def _choices(text: str) -> tuple[Choice, ...]:
    parts = (part.partition("*") for part in text.split("|"))
    return tuple(Choice(value, float(factor or 1)) for value, _, factor in parts)
