"""Finds products by words.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from sanset.v1 import search_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare

SearchProductsRequestSortName = Literal["SORT_UNSPECIFIED", "RELEVANCE", "PRICE_ASC", "PRICE_DESC", "NEWEST", "POPULARITY", "RATING"]


def search_products(
    *,
    q: str | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    category: str | None = None,
    brands: Iterable[str] | None = None,
    tags: Iterable[str] | None = None,
    min_price: str | None = None,
    max_price: str | None = None,
    in_stock: bool | None = None,
    vendor_id: int | None = None,
    min_rating: float | None = None,
    attributes: Iterable[str] | None = None,
    sort: search_pb2.SearchProductsRequest.Sort.ValueType | SearchProductsRequestSortName | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Finds products by what a person types, the best first: their summaries, with what they were found by.

    Words may be mistyped, in another form, or the beginning of the last one; `corrected_query` says what was searched
    for in place of them. Every text is a query: quotes and operators have no meaning. What is sold out comes below
    what answers as well. A text that names a sku finds its product first. At most 1,000 products are listed, whatever
    `total_size` is. NOT_FOUND (CATEGORY_NOT_FOUND) when there is no such category, UNAVAILABLE (SEARCH_NOT_READY)
    while a large shop is indexed for the first time.
    """
    return prepare(
        search_pb2.SearchProductsRequest,
        timeout,
        metadata,
        q=q,
        page_size=page_size,
        page_token=page_token,
        category=category,
        brands=brands,
        tags=tags,
        min_price=min_price,
        max_price=max_price,
        in_stock=in_stock,
        vendor_id=vendor_id,
        min_rating=min_rating,
        attributes=attributes,
        sort=sort,
    )


class SearchMethods:
    """Finds products by words."""

    search_products = Unary("SearchProducts", search_products, search_pb2.SearchProductsResponse)
    iter_search_products = Items("SearchProducts", search_products.request, search_pb2.SearchHit)
