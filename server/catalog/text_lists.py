"""ListProducts with a text: what search finds, filtered and sorted as lists are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sanset.v1 import product_pb2 as pb

from server.catalog import convert
from server.catalog.listing_queries import COUNTED_UP_TO, ProductFilter, in_order_of_names
from server.catalog.product_cache import ProductCache
from server.db.work import Work
from server.paging import Pages
from server.rpc.address_limits import Count
from server.rpc.call import Call
from server.text.shop_languages import ShopLanguages


@dataclass(frozen=True, slots=True)
class TextMatches:
    """The products that a text finds, in their order, as far as lists go; `total` are all that match."""

    product_ids: Sequence[int]
    total: int


FindProducts = Callable[[str, str, ProductFilter, str], Awaitable[TextMatches]]
"""Finds products by a text, its language, a filter and the name of an order; "" is the best answer first."""

NAME = "NAME"


class TextLists:
    """Answers ListProducts with `q`: the order is search's, the products are the cache's."""

    def __init__(
        self,
        find: FindProducts,
        cache: ProductCache,
        work: Work,
        pages: Pages,
        *,
        count_search: Count,
        currency: str,
        languages: ShopLanguages,
    ) -> None:
        self._languages = languages
        self._find = find
        self._cache = cache
        self._work = work
        self._pages = pages
        self._count_search = count_search
        self._currency = currency

    async def page(
        self, request: pb.ListProductsRequest, text: str, language: str, call: Call
    ) -> pb.ListProductsResponse:
        """A page of what a text finds.

        Raises RateLimited, CategoryNotFound, InvalidField, InvalidPageToken, and as search does.
        """
        if (counted := self._count_search(call)) is not None:
            await counted
        tree = (await self._cache.tree()).into(language) if request.category else None
        category_id = tree.named(request.category).id if tree is not None else None
        listed = convert.filter_from_wire(request, category_id, self._currency)
        sort = pb.ListProductsRequest.Sort.Name(request.sort) if request.sort else ""
        scope = (
            "ListProducts",
            text,
            sort,
            request.view == pb.Product.FULL,
            request.category,
            *listed.scope(),
            *self._languages.scope(language),
        )
        after = self._pages.open(request.page_token, *scope)
        matches = await self._find(text, language, listed, "" if sort == NAME else sort)
        ids = matches.product_ids
        if sort == NAME:
            ids = await self._work.read(in_order_of_names, ids, deadline=call.deadline)
        size = self._pages.size(request.page_size)
        start = _start_after(ids, after)
        rows = list(enumerate(ids[start : start + size + 1], start=start + 1))
        by_id = await self._cache.products([product_id for _, product_id in rows[:size]])
        items, token = self._pages.page(
            rows,
            size,
            lambda row: by_id[row[1]].into(language).view(request.view) if row[1] in by_id else None,
            list,
            *scope,
        )
        response = pb.ListProductsResponse(items=items, next_page_token=token)
        if after is None:
            response.total_size = min(matches.total, COUNTED_UP_TO)
        return response


def _start_after(product_ids: Sequence[int], last: Sequence[int] | None) -> int:
    """Where the next page begins: behind the product that stood last, or where it stood if it is gone."""
    if last is None:
        return 0
    position, product_id = last
    return product_ids.index(product_id) + 1 if product_id in product_ids else position
