"""Slugs for many products at once: of their own, or from their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count, islice
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.orm import InstrumentedAttribute

from server.catalog.models import Product
from server.catalog.slugs import slugify
from server.db.id_lists import is_among

IN_CHUNK: Final = 1_000
_Item = TypeVar("_Item")


def free_slugs(tx: Connection, names: Mapping[str, str], *, reserved: Iterable[str] = ()) -> dict[str, str]:
    """A slug of its own for each sku: from its name, or from both where that is taken or `reserved`."""
    short = {sku: slugify(name.replace("'", ""), max_length=120) for sku, name in names.items()}
    taken = {*live_slugs(tx, short.values()), *reserved}
    slugs: dict[str, str] = {}
    for sku, slug in short.items():
        if slug not in taken:
            slugs[sku] = slug
            taken.add(slug)
    long = {sku: slugify(f"{slug} {sku}") for sku, slug in short.items() if sku not in slugs}
    taken.update(live_slugs(tx, long.values()))
    for sku, slug in long.items():
        numbered = (f"{slug}-{number}" for number in count(2))
        slugs[sku] = next(one for one in chain([slug], numbered) if one not in taken)
        taken.add(slugs[sku])
    return slugs


def live_slugs(tx: Connection, slugs: Iterable[str]) -> dict[str, int]:
    """The products that have these slugs, which deleted ones give free: those alone are in the index."""
    return rows_by(tx, Product.slug, Product.id, slugs, Product.deleted_at.is_(None))


def rows_by(
    tx: Connection,
    key: InstrumentedAttribute[str],
    row_id: InstrumentedAttribute[int],
    values: Iterable[str],
    *conditions: ColumnElement[bool],
) -> dict[str, int]:
    """The id of each row whose `key` is among `values`, and for which `conditions` hold."""
    ids: dict[str, int] = {}
    for some in chunks(values):
        ids.update(
            (value, number)
            for value, number in tx.execute(select(key, row_id).where(is_among(key, some, tx), *conditions))
        )
    return ids


def chunks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Pieces short enough for the parameters of one statement."""
    rest = iter(items)
    while piece := list(islice(rest, IN_CHUNK)):
        yield piece
