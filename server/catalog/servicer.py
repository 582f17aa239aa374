"""CatalogService: reads from the cache, writes to the database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty
from sanset.v1 import category_pb2, product_pb2
from sqlalchemy import Connection

from server.catalog import categories, convert, queries, service
from server.catalog.errors import ProductNotFound, ProductOfSlugNotFound
from server.catalog.product_cache import CachedProduct, ProductCache
from server.catalog.product_lists import ProductLists
from server.catalog.translations import category_rules, product_rules
from server.catalog.variants.servicer import VariantServicer
from server.clock import Clock
from server.db.base import Values
from server.db.database import Database
from server.db.work import Work
from server.paging import Pages, fitting
from server.repeats.short_call import once
from server.rpc.answers import packed
from server.rpc.call import Call
from server.text.shop_languages import ShopLanguages

EVERY_LANGUAGE: Final = "*"
"""Asks for the shop's own texts with all translations."""

ExportProducts = Callable[[product_pb2.ExportProductsRequest, Call], AsyncGenerator[HttpBody]]
"""Streams the caller's products as a file: exports read tables that are not the catalogue's."""


@dataclass(frozen=True)
class CatalogSettings:
    """What the shop decides about its catalogue."""

    currency: str
    low_stock: int
    languages: ShopLanguages


class CatalogServicer(VariantServicer):
    """Translates calls to the catalogue; those about variants stand in a class of their own."""

    def __init__(
        self,
        db: Database,
        work: Work,
        pages: Pages,
        clock: Clock,
        *,
        cache: ProductCache,
        lists: ProductLists,
        settings: CatalogSettings,
        export_products: ExportProducts,
    ) -> None:
        super().__init__(db, work, pages, clock, low_stock=settings.low_stock)
        self._cache = cache
        self._lists = lists
        self._settings = settings
        self._export_products = export_products
        self._languages = settings.languages
        self._product_rules = product_rules(settings.languages)
        self._category_rules = category_rules(settings.languages)

    async def GetProduct(self, request: product_pb2.GetProductRequest, call: Call) -> product_pb2.Product:
        shown = self._cache.peek(request.product_id) or await self._find(request, call)
        if shown.translated is not None:
            if request.language == EVERY_LANGUAGE:
                return packed(product_pb2.Product, shown.whole)
            shown = shown.into(self._language(request.language, call))
        return packed(product_pb2.Product, shown.packed)

    def _language(self, requested: str, call: Call) -> str:
        return self._languages.of(requested, call.headers.get("accept-language"))

    async def _find(self, request: product_pb2.GetProductRequest, call: Call) -> CachedProduct:
        """A product that may not be in memory. Raises ProductNotFound and ProductOfSlugNotFound."""
        by_slug = request.WhichOneof("key") == "slug"
        product_id: int | None = request.product_id
        if by_slug:
            product_id = await self._work.read(
                queries.product_id_by_slug, request.slug, deadline=call.deadline
            )
        shown = await self._cache.product(product_id) if product_id else None
        if shown is None:
            if by_slug:
                raise ProductOfSlugNotFound(slug=request.slug)
            raise ProductNotFound(product_id=request.product_id)
        return shown

    async def BatchGetProducts(
        self, request: product_pb2.BatchGetProductsRequest, call: Call
    ) -> product_pb2.BatchGetProductsResponse:
        ids = list(dict.fromkeys(request.product_ids))
        by_id = await self._cache.products(ids)
        existing = [product_id for product_id in ids if product_id in by_id]
        language = self._language(request.language, call)
        items, taken = fitting(
            existing, lambda product_id: by_id[product_id].into(language).view(request.view)
        )
        return product_pb2.BatchGetProductsResponse(
            items=items,
            missing_ids=[product_id for product_id in ids if product_id not in by_id],
            remaining_ids=existing[taken:],
        )

    async def ListProducts(
        self, request: product_pb2.ListProductsRequest, call: Call
    ) -> product_pb2.ListProductsResponse:
        return await self._lists.page(request, call)

    @once(product_pb2.Product)
    def CreateProduct(
        self, tx: Connection, request: product_pb2.CreateProductRequest, call: Call, now: datetime
    ) -> product_pb2.Product:
        values = convert.new_product_from_wire(request.product, self._settings.currency)
        product_id = service.create_product(tx, call.identity, values, self._product_rules, now)
        return _read(tx, product_id, now, self._settings)

    @once(product_pb2.Product)
    def UpdateProduct(
        self, tx: Connection, request: product_pb2.UpdateProductRequest, call: Call, now: datetime
    ) -> product_pb2.Product:
        product = request.product

        def values(currency: str) -> Values:
            return convert.product_from_wire(product, request.update_mask, currency)

        service.update_product(tx, call.identity, product.id, product.etag, values, self._product_rules, now)
        return _read(tx, product.id, now, self._settings)

    @once(Empty)
    def DeleteProduct(
        self, tx: Connection, request: product_pb2.DeleteProductRequest, call: Call, now: datetime
    ) -> Empty:
        service.delete_product(tx, call.identity, request.product_id, request.etag, now)
        return Empty()

    def UndeleteProduct(self, request: product_pb2.UndeleteProductRequest, call: Call) -> product_pb2.Product:
        with self._db.transaction() as tx:
            service.undelete_product(
                tx, call.identity, request.product_id, request.sku, request.slug, self._clock()
            )
            return _read(tx, request.product_id, self._clock(), self._settings)

    async def ListCategories(
        self, request: category_pb2.ListCategoriesRequest, call: Call
    ) -> category_pb2.ListCategoriesResponse:
        size = self._pages.size(request.page_size)
        language = self._language(request.language, call)
        scope = ("ListCategories", *self._languages.scope(language))
        after = self._pages.open(request.page_token, *scope)
        tree = (await self._cache.tree()).into(language)
        items, token = self._pages.page(
            tree.roots_after(after, size + 1),
            size,
            lambda node: convert.listed_category_to_wire(node, self._languages),
            lambda node: node.sort_keys,
            *scope,
        )
        return category_pb2.ListCategoriesResponse(items=items, next_page_token=token, total_size=len(tree))

    async def GetCategory(
        self, request: category_pb2.GetCategoryRequest, call: Call
    ) -> category_pb2.Category:
        whole = request.language == EVERY_LANGUAGE
        tree = (await self._cache.tree()).into(self._language(request.language, call))
        by_slug = request.WhichOneof("key") == "slug"
        node = tree.by_slug(request.slug) if by_slug else tree.by_id(request.category_id)
        return convert.category_to_wire(node, self._languages, translations=whole)

    @once(category_pb2.Category)
    def CreateCategory(
        self, tx: Connection, request: category_pb2.CreateCategoryRequest, call: Call, now: datetime
    ) -> category_pb2.Category:
        values = convert.category_from_wire(request.category, None)
        return self._category(tx, categories.create(tx, values, self._category_rules))

    @once(category_pb2.Category)
    def UpdateCategory(
        self, tx: Connection, request: category_pb2.UpdateCategoryRequest, call: Call, now: datetime
    ) -> category_pb2.Category:
        values = convert.category_from_wire(request.category, request.update_mask)
        categories.change(tx, request.category.id, values, request.category.etag, self._category_rules)
        return self._category(tx, request.category.id)

    def _category(self, tx: Connection, category_id: int) -> category_pb2.Category:
        node = categories.read_tree(tx).by_id(category_id)
        return convert.category_to_wire(node, self._languages, translations=True)

    @once(Empty)
    def DeleteCategory(
        self, tx: Connection, request: category_pb2.DeleteCategoryRequest, call: Call, now: datetime
    ) -> Empty:
        categories.remove(tx, request.category_id, request.etag)
        return Empty()

    def ExportProducts(
        self, request: product_pb2.ExportProductsRequest, call: Call
    ) -> AsyncGenerator[HttpBody]:
        return self._export_products(request, call)


def _read(
    connection: Connection, product_id: int, now: datetime, settings: CatalogSettings
) -> product_pb2.Product:
    (row,) = queries.products(connection, [product_id])
    return convert.product_to_wire(row, now, low_stock=settings.low_stock, languages=settings.languages)
