"""What the index asks of the database: the texts of products, what they are sold as, and which of them changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, cast, extract, func, not_, select

from server.catalog.category_queries import category_lineages
from server.catalog.errors import LocationNotFound
from server.catalog.listings import EVERYTHING
from server.catalog.models import InventoryLevel, Listing, Location, Product, Variant
from server.catalog.variants.options import options_of
from server.db.base import AnyRow
from server.events.log import CATALOG, PRODUCT
from server.events.models import Event
from server.events.position import horizon
from server.search.index.documents import MAX_DESCRIPTION, Document, TranslatedTexts
from server.search.index.shelf import ShelfColumns, ShelfItem
from server.search.index.words import Wording

AT_ONCE: Final = 1_000
"""Products that are read in one query."""

_TEXTS = (
    Product.id,
    Product.sku,
    Product.name,
    Product.brand,
    Product.category_id,
    Product.vendor_id,
    Product.tags,
    Product.attributes,
    func.substr(Product.description, 1, MAX_DESCRIPTION).label("description"),
)


@dataclass(frozen=True, slots=True)
class Categories:
    """The names of each category and of those above it, and the same in the language that is searched in."""

    wording: Wording
    lineages: Mapping[int, Sequence[str]]
    translated: Mapping[int, Sequence[str]]
    """Of those that have a translated name among them."""

    @property
    def texts(self) -> Mapping[int, str]:
        """What each says in the index."""
        return {
            category_id: "\n".join([*names, *self.translated.get(category_id, ())])
            for category_id, names in self.lineages.items()
        }

    def differ_from(self, texts: Mapping[int, str]) -> bool:
        """Whether a category that was indexed says something else now. What is gone had no product any more."""
        now = self.texts
        return any(now.get(category_id, text) != text for category_id, text in texts.items())


def categories(connection: Connection, wording: Wording) -> Categories:
    """All of them."""
    lineages, further = category_lineages(connection), wording.further
    if further is None:
        return Categories(wording, lineages, {})
    others = category_lineages(connection, further)
    translated = {each: names for each, names in others.items() if names != lineages.get(each)}
    return Categories(wording, lineages, translated)


def documents(connection: Connection, product_ids: Sequence[int], names: Categories) -> Iterator[Document]:
    """The texts of those of these products that were not deleted."""
    for start in range(0, len(product_ids), AT_ONCE):
        ids = product_ids[start : start + AT_ONCE]
        yield from _documents(connection, Product.id.in_(ids), Variant.product_id.in_(ids), names)


def all_documents(connection: Connection, names: Categories) -> Iterator[Document]:
    """The texts of all products that were not deleted, in the order of their ids."""
    last = 0
    while True:
        page = select(Product.id).where(Product.id > last, Product.deleted_at.is_(None))
        ids = connection.execute(page.order_by(Product.id).limit(AT_ONCE)).scalars().all()
        if not ids:
            return
        yield from documents(connection, ids, names)
        last = ids[-1]


def _documents(
    connection: Connection, products: ColumnElement[bool], variants: ColumnElement[bool], names: Categories
) -> Iterator[Document]:
    skus: defaultdict[int, dict[str, int]] = defaultdict(dict)
    options: defaultdict[int, dict[str, list[object]]] = defaultdict(dict)
    live = Variant.deleted_at.is_(None)
    for row in connection.execute(
        select(Variant.product_id, Variant.id, Variant.sku, Variant.options).where(variants, live)
    ):
        skus[row.product_id][row.sku] = row.id
        for name, value in options_of(row.options):
            values = options[row.product_id].setdefault(name, [])
            if value not in values:
                values.append(value)
    further = names.wording.further
    columns = _TEXTS if further is None else (*_TEXTS, Product.translations)
    rows = select(*columns).where(products, Product.deleted_at.is_(None)).order_by(Product.id)
    for row in connection.execute(rows):
        yield Document(
            product_id=row.id,
            name=row.name,
            brand=row.brand,
            categories=names.lineages.get(row.category_id, ()),
            tags=row.tags,
            attributes={**options[row.id], **row.attributes},
            description=row.description,
            category_id=row.category_id or 0,
            vendor_id=row.vendor_id or 0,
            skus={row.sku: 0} | skus[row.id],
            language=names.wording.own,
            translated=_translated(row, names, further) if further is not None else None,
        )


def _translated(row: AnyRow, names: Categories, language: str) -> TranslatedTexts:
    texts = (row.translations or {}).get(language, {})
    return TranslatedTexts(
        language=language,
        name=texts.get("name", ""),
        categories=names.translated.get(row.category_id, ()),
        description=texts.get("description", "")[:MAX_DESCRIPTION],
    )


_SHELF = (
    Listing.product_id,
    Listing.price_minor,
    Listing.in_stock,
    Listing.sold,
    Listing.rating,
    cast(extract("epoch", Listing.created_at), BigInteger).label("created"),
)


def shelf_items(connection: Connection, product_ids: Collection[int], now: datetime) -> Sequence[ShelfItem]:
    """What these products are sold as, at the prices of `now` and later; deleted ones are left out."""
    rows = select(*_SHELF, Listing.valid_from, Listing.valid_until).where(
        Listing.list_key == EVERYTHING, Listing.product_id.in_(product_ids)
    )
    items: list[ShelfItem] = []
    changing: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for row in connection.execute(rows):
        if row.valid_from is None and row.valid_until is None:
            items.append(_item(row, row.price_minor))
        else:
            changing[row.product_id].append(row)
    return items + [_changing_item(phases, now) for phases in changing.values()]


def shelf_columns(connection: Connection, now: datetime) -> ShelfColumns:
    """What all products are sold as, at the prices of `now` and later."""
    stays = and_(Listing.valid_from.is_(None), Listing.valid_until.is_(None))
    rows = connection.execute(select(*_SHELF).where(Listing.list_key == EVERYTHING, stays)).all()
    changing = select(Listing.product_id).where(Listing.list_key == EVERYTHING, not_(stays)).distinct()
    product_ids = connection.execute(changing).scalars().all()
    return ShelfColumns.of(rows, shelf_items(connection, product_ids, now) if product_ids else ())


def _item(row: AnyRow, price_minor: int, phases: Sequence[AnyRow] = ()) -> ShelfItem:
    return ShelfItem(
        product_id=row.product_id,
        price_minor=price_minor,
        phases=[(phase.valid_from, phase.valid_until, phase.price_minor) for phase in phases],
        in_stock=row.in_stock,
        sold=row.sold,
        rating=row.rating,
        created=row.created,
    )


def _changing_item(rows: Sequence[AnyRow], now: datetime) -> ShelfItem:
    ordered = sorted(rows, key=lambda row: (row.valid_from is not None, row.valid_from or now))
    ahead = [row for row in ordered if row.valid_until is None or row.valid_until > now] or ordered[-1:]
    return _item(ahead[0], ahead[0].price_minor, ahead if len(ahead) > 1 else ())


def stocked_at(connection: Connection, location_id: int, product_ids: Sequence[int] | None) -> Sequence[int]:
    """Those of these products (None: of all) that can be ordered from a location. Raises LocationNotFound."""
    if product_ids is None:
        active = connection.scalar(select(Location.active).where(Location.id == location_id))
        if active is None:
            raise LocationNotFound(location_id=location_id)
        if not active:
            return ()
    there = (
        select(InventoryLevel.product_id)
        .join(Variant, Variant.id == InventoryLevel.variant_id)
        .where(
            InventoryLevel.location_id == location_id,
            InventoryLevel.available > 0,
            InventoryLevel.priority.is_not(None),
            Variant.removed.is_(False),
        )
        .distinct()
    )
    if product_ids is not None:
        there = there.where(InventoryLevel.product_id.in_(product_ids))
    return connection.execute(there).scalars().all()


MAX_EVENTS: Final = 200_000
"""Of any kind that are looked through for those of products."""


def changed_since(connection: Connection, position: int, limit: int) -> Sequence[int] | None:
    """The products that changed after an event; None when it is not known, or there are more than `limit`."""
    oldest = connection.scalar(select(func.min(Event.id)))
    last = horizon(connection)
    if position > last.drawn or last.settled - position > MAX_EVENTS:
        return None
    if position < last.settled and (oldest is None or oldest > position + 1):
        return None  # events that it lacks were deleted with age
    since = select(Event.topic, Event.key).where(Event.id > position, Event.topic.in_([PRODUCT, CATALOG]))
    rows = connection.execute(since.distinct().limit(limit + 1)).all()
    if len(rows) > limit or any(row.topic == CATALOG for row in rows):
        return None
    return sorted(int(row.key) for row in rows)


def settled(connection: Connection) -> int:
    """The event up to which nothing more will appear."""
    return horizon(connection).settled


def product_count(connection: Connection, limit: int) -> int:
    """How many products there are, deleted ones too, counted up to a limit."""
    some = select(Product.id).limit(limit).subquery()
    return int(connection.scalar(select(func.count()).select_from(some)) or 0)
