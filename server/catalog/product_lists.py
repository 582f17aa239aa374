"""ListProducts: the lists that a shop shows, and the list of changes that other systems follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sanset.v1 import product_pb2 as pb
from sanset.v1.access_pb2 import AccessRule

from server.catalog import convert
from server.catalog.product_cache import CachedProduct, ProductCache
from server.db.base import AnyRow
from server.paging import Pages
from server.rpc.access import PermissionMissing, TokenMissing, permits
from server.rpc.call import Call


class ProductLists:
    """Answers ListProducts: what shoppers see from memory, what changed from the database."""

    def __init__(self, cache: ProductCache, pages: Pages, currency: str) -> None:
        self._cache = cache
        self._pages = pages
        self._currency = currency

    async def page(self, request: pb.ListProductsRequest, call: Call) -> pb.ListProductsResponse:
        """A page of products. Raises CategoryNotFound, InvalidField, InvalidPageToken and PermissionMissing."""
        if convert.asks_for_changes(request):
            return await self._by_change(request, call)
        return await self._by_list(request, call)

    async def _by_list(self, request: pb.ListProductsRequest, call: Call) -> pb.ListProductsResponse:
        category_id = (await self._cache.tree()).named(request.category).id if request.category else None
        listed = convert.filter_from_wire(request, category_id, self._currency)
        sort = pb.ListProductsRequest.Sort.Name(request.sort or pb.ListProductsRequest.NEWEST)
        # The category as it was sent: a new category below it must not end the walk through the pages.
        scope = ("ListProducts", sort, request.view == pb.Product.FULL, request.category, *listed.scope())
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        rows = await self._cache.page(listed, sort, after, size + 1, call.deadline)
        by_id = await self._cache.products([product_id for product_id, _ in rows[:size]])
        response = self._response(request, rows, by_id, scope)
        if after is None:
            response.total_size = await self._cache.count(listed)
        return response

    async def _by_change(self, request: pb.ListProductsRequest, call: Call) -> pb.ListProductsResponse:
        changes = convert.changes_from_wire(request, _owner(call) if request.show_deleted else None)
        scope = ("ListProducts", "UPDATED", request.view == pb.Product.FULL, *changes.scope())
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        rows, by_id = await self._cache.changed(changes, after, size + 1, call.deadline)
        return self._response(request, rows, by_id, scope)

    def _response(
        self,
        request: pb.ListProductsRequest,
        rows: Sequence[AnyRow],
        by_id: Mapping[int, CachedProduct],
        scope: tuple[object, ...],
    ) -> pb.ListProductsResponse:
        items, token = self._pages.page(
            rows,
            self._pages.size(request.page_size),
            lambda row: by_id[row[0]].view(request.view) if row[0] in by_id else None,
            lambda row: [row[1], row[0]],
            *scope,
        )
        return pb.ListProductsResponse(items=items, next_page_token=token)


def _owner(call: Call) -> int | None:
    """Whose deleted products a caller sees; None for everyone's. Raises TokenMissing and PermissionMissing."""
    if call.caller is None:
        raise TokenMissing()
    if not permits(call.caller.role, AccessRule.MANAGE_PRODUCTS):
        permission = AccessRule.Permission.Name(AccessRule.MANAGE_PRODUCTS)
        raise PermissionMissing(permission=permission, role=call.caller.role)
    return None if call.caller.is_admin else call.caller.user_id
