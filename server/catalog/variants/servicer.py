"""The RPCs of CatalogService about variants."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import catalog_pb2_grpc, variant_pb2
from sqlalchemy import Connection

from server.catalog.convert import stock_status
from server.catalog.errors import ProductNotFound
from server.catalog.variants import convert, queries, service
from server.catalog.variants.errors import VariantNotFound
from server.clock import Clock
from server.db.base import AnyRow, Values
from server.db.database import Database
from server.db.work import Work
from server.paging import Pages
from server.repeats.short_call import once
from server.rpc.call import Call


class VariantServicer(catalog_pb2_grpc.CatalogServiceServicer):
    """Translates the calls about variants; those about products and categories are CatalogServicer's."""

    def __init__(self, db: Database, work: Work, pages: Pages, clock: Clock, *, low_stock: int) -> None:
        self._db = db
        self._work = work
        self._pages = pages
        self._clock = clock
        self._low_stock = low_stock

    async def ListVariants(
        self, request: variant_pb2.ListVariantsRequest, call: Call
    ) -> variant_pb2.ListVariantsResponse:
        scope = ("ListVariants", request.product_id)
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        rows = await self._work.read(
            queries.variants, request.product_id, after[0] if after else 0, size + 1, deadline=call.deadline
        )
        if not rows and after is None:  # a product has one variant at least
            raise ProductNotFound(product_id=request.product_id)
        items, token = self._pages.page(rows, size, self._to_wire, lambda row: [row.id], *scope)
        return variant_pb2.ListVariantsResponse(items=items, next_page_token=token)

    async def GetVariant(self, request: variant_pb2.GetVariantRequest, call: Call) -> variant_pb2.Variant:
        row = await self._work.read(
            queries.variant, request.product_id, request.variant_id, deadline=call.deadline
        )
        if row is None:
            raise VariantNotFound(product_id=request.product_id, variant_id=request.variant_id)
        return self._to_wire(row)

    @once(variant_pb2.Variant)
    def CreateVariant(
        self, tx: Connection, request: variant_pb2.CreateVariantRequest, call: Call, now: datetime
    ) -> variant_pb2.Variant:
        def values(currency: str) -> Values:
            return convert.new_variant_from_wire(request.variant, currency)

        variant_id = service.create_variant(
            tx, call.identity, request.product_id, values, request.variant.stock, now
        )
        return self._read(tx, request.product_id, variant_id)

    @once(variant_pb2.Variant)
    def UpdateVariant(
        self, tx: Connection, request: variant_pb2.UpdateVariantRequest, call: Call, now: datetime
    ) -> variant_pb2.Variant:
        variant = request.variant

        def values(currency: str) -> Values:
            return convert.variant_from_wire(variant, request.update_mask, currency)

        product_id = service.update_variant(
            tx, call.identity, variant.id, values, now, product_id=variant.product_id, etag=variant.etag
        )
        return self._read(tx, product_id, variant.id)

    @once(Empty)
    def DeleteVariant(
        self, tx: Connection, request: variant_pb2.DeleteVariantRequest, call: Call, now: datetime
    ) -> Empty:
        service.delete_variant(tx, call.identity, request.product_id, request.variant_id, request.etag, now)
        return Empty()

    def _read(self, tx: Connection, product_id: int, variant_id: int) -> variant_pb2.Variant:
        row = queries.variant(tx, product_id, variant_id)
        assert row is not None, "its product is locked"
        return self._to_wire(row)

    def _to_wire(self, row: AnyRow) -> variant_pb2.Variant:
        return convert.variant_to_wire(row, self._clock(), stock_status(row.available, self._low_stock))
