"""The product cache: products and categories that this worker holds in memory, as fresh as the event table."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from sanset.v1 import product_pb2 as pb
from sqlalchemy import Connection

from server.catalog import queries
from server.catalog.categories import read_tree
from server.catalog.category_tree import CategoryTree
from server.catalog.change_queries import ChangeFilter, changed_page
from server.catalog.convert import in_language, product_to_wire, summary_of, texts_of
from server.catalog.discounts import Discount
from server.catalog.translations import offered
from server.clock import Clock
from server.db.base import AnyRow
from server.db.deadline import Deadline
from server.db.work import Work
from server.events.cache import Cache
from server.events.follower import Follower
from server.events.topics import CatalogReplaced, CategoryChanged, ProductChanged, StockMoved
from server.text.shop_languages import ShopLanguages

MAX_BYTES = 128 * 1024 * 1024
"""What the products in memory may take: 50,000 of a usual length."""
OVERHEAD = 1_300
"""What the objects of a product take beside its texts, as measured."""


_readings = itertools.count()
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CachedProduct:
    """A product, whole and as lists show it. Do not change the summary: everyone gets the same."""

    summary: pb.Product
    description: str
    packed: bytes
    """The whole product as it is sent, equal on every worker: as a message it would take ten times the room."""
    reading: int
    """Numbers what this worker read: what was made of a product is true while this is the latest reading of it."""
    translated: Mapping[str, CachedProduct] | None = None
    """It in the further languages that something of it is translated into; None without any."""
    whole: bytes = b""
    """`packed` with its translations, where there are any."""

    @classmethod
    def of(cls, product: pb.Product, categories: Mapping[str, str] = _NO_NAMES) -> CachedProduct:
        """A product with its translations in every view; `categories` is the name of its category by language."""
        reading = next(_readings)
        if not product.translations and not categories:
            return cls._of(product, reading)
        shown = pb.Product()
        shown.CopyFrom(product)
        shown.ClearField("translations")
        texts = {each.language: texts_of(each) for each in product.translations}
        translated = {
            language: cls._of(
                in_language(shown, texts.get(language, {}), language, categories.get(language, "")), reading
            )
            for language in texts.keys() | categories.keys()
        }
        whole = product.SerializeToString(deterministic=True)
        return replace(cls._of(shown, reading), translated=translated, whole=whole)

    @classmethod
    def _of(cls, product: pb.Product, reading: int) -> CachedProduct:
        packed = product.SerializeToString(deterministic=True)
        # Read anew, as a message keeps the room of all that was ever in it.
        summary = pb.Product.FromString(summary_of(product).SerializeToString())
        return cls(summary, product.description, packed, reading)

    @property
    def full(self) -> pb.Product:
        """The whole product, read anew each time."""
        return pb.Product.FromString(self.packed)

    def into(self, language: str) -> CachedProduct:
        """It in a language, as far as it is translated."""
        return self if self.translated is None else self.translated.get(language, self)

    def view(self, view: pb.Product.View.ValueType) -> pb.Product:
        """The message that a list in this view holds."""
        return self.full if view == pb.Product.FULL else self.summary

    def weigh(self) -> int:
        """About how much memory it takes."""
        own = len(self.packed) + len(self.description) + self.summary.ByteSize() + OVERHEAD
        if self.translated is None:
            return own
        return own + len(self.whole) + sum(each.weigh() for each in self.translated.values())


class ProductCache:
    """Answers reads of products and categories from memory; what is missing is loaded in one query."""

    def __init__(self, work: Work, clock: Clock, *, low_stock: int, languages: ShopLanguages) -> None:
        self._work = work
        self._languages = languages
        self._clock = clock
        self._low_stock = low_stock
        self._products: Cache[int, CachedProduct] = Cache(
            self._load_products, size=MAX_BYTES, weigh=CachedProduct.weigh
        )
        self._price_changes: dict[int, datetime] = {}
        """When the price of a product changes by the clock: no event tells of that."""
        self._tree: Cache[str, CategoryTree] = Cache(self._load_tree, size=1)

    def attach(self, follower: Follower) -> None:
        """Stay fresh by the events of products, stock and categories."""
        follower.on(ProductChanged, lambda event: self._products.drop(event.id))
        follower.on(StockMoved, self._stock_changed)
        follower.on(CategoryChanged, lambda _: self._everything_changed())
        follower.on(CatalogReplaced, lambda _: self._everything_changed())

    def peek(self, product_id: int) -> CachedProduct | None:
        """A product, if it is in memory."""
        if self._price_changes:
            self._drop_repriced([product_id])
        return self._products.peek(product_id)

    async def product(self, product_id: int) -> CachedProduct | None:
        """A product; None when there is none."""
        return self.peek(product_id) or await self._products.get(product_id)

    async def products(self, ids: Sequence[int]) -> dict[int, CachedProduct]:
        """The products that exist among `ids`."""
        if self._price_changes:
            self._drop_repriced(ids)
        return await self._products.get_many(ids)

    def has(self, readings: Mapping[int, int]) -> bool:
        """Whether these products, by their ids, are here as they were read then."""
        if self._price_changes:
            self._drop_repriced(readings)
        peek = self._products.peek
        for product_id, reading in readings.items():
            product = peek(product_id)
            if product is None or product.reading != reading:
                return False
        return True

    def _drop_repriced(self, ids: Collection[int]) -> None:
        """Forget the products whose discount began or ended since they were read."""
        now = self._clock()
        for product_id in ids:
            if product_id in self._price_changes and self._price_changes[product_id] <= now:
                del self._price_changes[product_id]
                self._products.drop(product_id)

    async def tree(self) -> CategoryTree:
        """All categories."""
        tree = await self._tree.get("tree")
        if tree is None:
            raise AssertionError("a loaded tree is never None")
        return tree

    async def changed(
        self, changes: ChangeFilter, after: list[object] | None, limit: int, deadline: Deadline
    ) -> tuple[Sequence[AnyRow], dict[int, CachedProduct]]:
        """Up to `limit` rows (id, time of the last change) of a list of changes, and the products of them.

        These are read with the rows: what is in memory may be a moment older than the change that lists it.
        """
        return await self._work.read(self._read_changed, changes, after, limit, deadline=deadline)

    def _read_changed(
        self, connection: Connection, changes: ChangeFilter, after: list[object] | None, limit: int
    ) -> tuple[Sequence[AnyRow], dict[int, CachedProduct]]:
        now = self._clock()
        rows = changed_page(connection, changes, after, limit)
        ids = [row.product_id for row in rows]
        products = queries.products(connection, ids, deleted=changes.deleted) if ids else ()
        return rows, {row.id: self._of_row(row, now) for row in products}

    async def _load_products(self, ids: Sequence[int]) -> dict[int, CachedProduct]:
        products, price_changes = await self._work.read(self._read_products, ids)
        for product_id in products:
            self._price_changes.pop(product_id, None)
        self._price_changes |= price_changes
        return products

    def _read_products(
        self, connection: Connection, ids: Sequence[int]
    ) -> tuple[dict[int, CachedProduct], dict[int, datetime]]:
        """Products, and when the prices of some of them change by the clock; on a thread, with the messages."""
        now = self._clock()
        rows = queries.products(connection, ids)
        price_changes = {
            row.id: moment for row in rows if (moment := Discount.of(row).next_turn(now)) is not None
        }
        return {row.id: self._of_row(row, now) for row in rows}, price_changes

    def _of_row(self, row: AnyRow, now: datetime) -> CachedProduct:
        product = product_to_wire(row, now, low_stock=self._low_stock, languages=self._languages)
        if not row.category_translations:
            return CachedProduct.of(product)
        named = offered(row.category_translations, self._languages)
        return CachedProduct.of(
            product, {language: texts["name"] for language, texts in named if "name" in texts}
        )

    async def _load_tree(self, keys: Sequence[str]) -> dict[str, CategoryTree]:
        return {"tree": await self._work.read(read_tree)}

    def _stock_changed(self, event: StockMoved) -> None:
        for product_id in event.product_ids:
            self._products.drop(product_id)

    def _everything_changed(self) -> None:
        # A category's name stands in its products, so a new name empties the cache.
        self._products.clear()
        self._tree.clear()
