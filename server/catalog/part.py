"""Composes the room of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sanset.v1.catalog_pb2_grpc import add_CatalogServiceServicer_to_server

from server.catalog.list_marks import ListMarks
from server.catalog.list_pages import ListPages
from server.catalog.product_cache import ProductCache
from server.catalog.product_lists import ProductLists
from server.catalog.sales import SalesCount
from server.catalog.servicer import CatalogServicer, CatalogSettings, ExportProducts
from server.catalog.text_lists import FindProducts, TextLists
from server.core import Core
from server.jobs.runner import Job
from server.part import Part


@dataclass(frozen=True, kw_only=True)
class CatalogPart(Part):
    """The catalogue, and its products in memory."""

    products: ProductCache

    async def category_ids(self, slug_or_name: str) -> frozenset[int]:
        """The ids of a category and of all below it; raises CategoryNotFound."""
        return (await self.products.tree()).ids_under(slug_or_name)


def build(core: Core, export_products: ExportProducts, find: FindProducts) -> CatalogPart:
    """CatalogService, and the count of what sold. `find` answers lists with a text."""
    settings, languages = core.settings, core.languages
    products = ProductCache(
        core.work, core.clock, low_stock=settings.low_stock_threshold, languages=languages
    )
    texts = TextLists(
        find,
        products,
        core.work,
        core.pages,
        count_search=core.count_search,
        currency=settings.currency,
        languages=languages,
    )
    marks = ListMarks(core.clock)
    lists = ProductLists(
        products,
        ListPages(core.work, core.clock, marks),
        marks,
        texts=texts,
        pages=core.pages,
        currency=settings.currency,
        languages=languages,
    )
    servicer = CatalogServicer(
        core.db,
        core.work,
        core.pages,
        core.clock,
        cache=products,
        lists=lists,
        settings=CatalogSettings(settings.currency, settings.low_stock_threshold, languages),
        export_products=export_products,
    )
    return CatalogPart(
        products=products,
        servicers=[partial(add_CatalogServiceServicer_to_server, servicer)],
        listeners=[products.attach, lists.attach],
        jobs=[Job("count sales", SalesCount(core.work).run, every=timedelta(minutes=5))],
    )
