"""ListProducts: the lists that a shop shows, and the list of changes that other systems follow."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sanset.v1 import product_pb2 as pb

from server.catalog import convert
from server.catalog.list_marks import Basis, ListMarks
from server.catalog.list_pages import ListPages, PageQuery, Total
from server.catalog.product_cache import CachedProduct, ProductCache
from server.catalog.text_lists import TextLists
from server.db.base import AnyRow
from server.events.cache import Bounded
from server.events.follower import Follower
from server.events.topics import CatalogReplaced, CategoryChanged
from server.identity import Permission
from server.paging import Pages
from server.rpc.access import TokenMissing, must_have
from server.rpc.answers import packed
from server.rpc.call import Call
from server.text.shop_languages import ShopLanguages

MAX_BYTES: Final = 16 * 1024 * 1024
"""What the replies in memory may take: 2,000 of a usual length."""
_ENTRY_BYTES: Final = 1000
_ITEM_BYTES: Final = 100
"""What one takes beside its bytes, and for each of its products."""

MAX_AGE_SECONDS: Final = 60.0
"""Of a reply in memory: what an earlier release changes beside this one, no event may tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _CachedReply:
    """A reply as it is sent to the call with `request` as its bytes, with all that it was made of."""

    request: bytes
    reply: bytes
    basis: Basis
    readings: Mapping[int, int]
    """Of its products; see CachedProduct."""
    total: Total | None
    until: float

    def weigh(self) -> int:
        return len(self.request) + len(self.reply) + _ENTRY_BYTES + _ITEM_BYTES * len(self.readings)


class ProductLists:
    """Answers ListProducts: what shoppers see from memory, what changed from the database.

    A reply is kept, and given again while the list, each of its products and the total are what it was made of.
    """

    def __init__(
        self,
        cache: ProductCache,
        list_pages: ListPages,
        marks: ListMarks,
        *,
        texts: TextLists,
        pages: Pages,
        currency: str,
        languages: ShopLanguages,
    ) -> None:
        self._languages = languages
        self._cache = cache
        self._texts = texts
        self._list_pages = list_pages
        self._marks = marks
        self._pages = pages
        self._currency = currency
        self._replies: Bounded[bytes, _CachedReply] = Bounded(size=MAX_BYTES, weigh=_CachedReply.weigh)

    def attach(self, follower: Follower) -> None:
        """Forget what events make untrue."""
        self._marks.attach(follower)
        follower.on(CategoryChanged, lambda _: self._everything_changed())
        follower.on(CatalogReplaced, lambda _: self._everything_changed())

    def _everything_changed(self) -> None:
        self._list_pages.forget_totals()
        self._replies.clear()

    async def page(self, request: pb.ListProductsRequest, call: Call) -> pb.ListProductsResponse:
        """A page of products.

        Raises CategoryNotFound, LocationNotFound, InvalidField, InvalidPageToken, PermissionMissing, and with a
        text as search does.
        """
        language = self._languages.of(request.language, call.headers.get("accept-language"))
        key = request.SerializeToString(deterministic=True)
        if language != self._languages.own:
            key = _in_language(key, language)
        cached = self._replies.peek(key)
        if cached is not None and self._is_true(cached):
            return packed(pb.ListProductsResponse, cached.reply)
        if convert.asks_for_changes(request):
            return await self._by_change(request, language, call)
        text = convert.text_from_wire(request)
        if text:
            return await self._texts.page(request, text, language, call)
        return await self._by_list(request, key, language, call)

    def _is_true(self, reply: _CachedReply) -> bool:
        return (
            self._marks.hold(reply.basis)
            and self._cache.has(reply.readings)
            and (reply.total is None or self._list_pages.shows(reply.total))
            and time.monotonic() < reply.until
        )

    async def _by_list(
        self, request: pb.ListProductsRequest, key: bytes, language: str, call: Call
    ) -> pb.ListProductsResponse:
        until, changes = time.monotonic() + MAX_AGE_SECONDS, self._marks.everything
        tree = (await self._cache.tree()).into(language) if request.category else None
        category_id = tree.named(request.category).id if tree is not None else None
        listed = convert.filter_from_wire(request, category_id, self._currency)
        sort = pb.ListProductsRequest.Sort.Name(request.sort or pb.ListProductsRequest.NEWEST)
        # The category as it was sent: a new category below it must not end the walk through the pages.
        scope = ("ListProducts", sort, request.view == pb.Product.FULL, request.category, *listed.scope())
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        query = PageQuery(products=listed, sort=sort, after=after, limit=size + 1)
        page = await self._list_pages.read(query, call.deadline)
        by_id = await self._cache.products([product_id for product_id, _ in page.rows[:size]])
        response = self._response(request, page.rows, _into(by_id, language), scope)
        total = page.total if after is None else None
        if total is not None:
            response.total_size = total.products
        is_whole = len(by_id) == len(page.rows[:size])
        # No mark tells of the stock at a location.
        if is_whole and self._marks.everything == changes and listed.location_id is None:
            readings = {product_id: product.reading for product_id, product in by_id.items()}
            cached = _CachedReply(
                request=key,
                reply=response.SerializeToString(deterministic=True),
                basis=page.basis,
                readings=readings,
                total=total,
                until=until,
            )
            self._replies.put(key, cached)
        return response

    async def _by_change(
        self, request: pb.ListProductsRequest, language: str, call: Call
    ) -> pb.ListProductsResponse:
        changes = convert.changes_from_wire(request, _owner(call) if request.show_deleted else None)
        scope = ("ListProducts", "UPDATED", request.view == pb.Product.FULL, *changes.scope())
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        rows, by_id = await self._cache.changed(changes, after, size + 1, call.deadline)
        return self._response(request, rows, _into(by_id, language), scope)

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


def _in_language(request: bytes, language: str) -> bytes:
    """The key of a reply in a further language; no request begins so."""
    return b"\0" + language.encode() + b"\0" + request


def _into(products: Mapping[int, CachedProduct], language: str) -> Mapping[int, CachedProduct]:
    return {product_id: product.into(language) for product_id, product in products.items()}


def _owner(call: Call) -> int | None:
    """Whose deleted products a caller sees; None for everyone's. Raises TokenMissing and PermissionMissing."""
    if call.caller is None:
        raise TokenMissing()
    must_have(call.caller, Permission.MANAGE_PRODUCTS)
    return None if call.caller.may_for_all(Permission.MANAGE_PRODUCTS) else call.caller.user_id
