"""Finds products by words.

Generated from the protos by proto/generate.py; do not edit. What is more than an RPC stands in `shortcuts`.
"""

from __future__ import annotations

from collections.abc import Iterable
from google.protobuf import empty_pb2, field_mask_pb2
from sanset.v1 import search_admin_pb2, search_pb2
from typing import Literal

from sanset_client.rpc import Metadata, Prepared, Items, Unary, prepare

GetSearchAnalyticsRequestQueriesName = Literal["QUERIES_UNSPECIFIED", "TOP", "ZERO_RESULTS"]
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
    visitor_id: str | None = None,
    location_id: int | None = None,
    language: str | None = None,
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
        visitor_id=visitor_id,
        location_id=location_id,
        language=language,
    )


def suggest(
    *,
    q: str | None = None,
    limit: int | None = None,
    language: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Completes what a person begins to type: with names of products, categories and brands, and with words to search
    for, the most used first. Typing errors are forgiven.

    Past queries are suggested once several people searched for them with success, and never when they hold an e-mail
    address, a telephone number or a card number. Every text is a beginning: one without a word has no completion.
    """
    return prepare(
        search_pb2.SuggestRequest,
        timeout,
        metadata,
        q=q,
        limit=limit,
        language=language,
    )


def list_synonyms(
    *,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Lists the synonyms that search uses, the oldest first."""
    return prepare(
        search_admin_pb2.ListSynonymsRequest,
        timeout,
        metadata,
        page_size=page_size,
        page_token=page_token,
    )


def create_synonym(
    *,
    synonym: search_admin_pb2.Synonym | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Creates a synonym: search uses it at once, on every server.

    Returns ALREADY_EXISTS (SYNONYM_TAKEN) for a term that is in another group or an input that has another rule,
    FAILED_PRECONDITION (TOO_MANY) beyond 1,000.
    """
    return prepare(
        search_admin_pb2.CreateSynonymRequest,
        timeout,
        metadata,
        synonym=synonym,
        request_id=request_id,
    )


def get_synonym(
    *,
    synonym_id: int | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets a synonym. Returns NOT_FOUND (SYNONYM_NOT_FOUND)."""
    return prepare(
        search_admin_pb2.GetSynonymRequest,
        timeout,
        metadata,
        synonym_id=synonym_id,
    )


def update_synonym(
    *,
    synonym: search_admin_pb2.Synonym | None = None,
    update_mask: field_mask_pb2.FieldMask | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Updates a synonym, and returns it.

    Over HTTP PUT replaces the synonym, PATCH changes what is sent, null clears. Returns NOT_FOUND (SYNONYM_NOT_FOUND),
    ABORTED (STALE_ETAG), ALREADY_EXISTS (SYNONYM_TAKEN).
    """
    return prepare(
        search_admin_pb2.UpdateSynonymRequest,
        timeout,
        metadata,
        synonym=synonym,
        update_mask=update_mask,
        request_id=request_id,
    )


def delete_synonym(
    *,
    synonym_id: int | None = None,
    etag: str | None = None,
    request_id: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Deletes a synonym. Returns NOT_FOUND (SYNONYM_NOT_FOUND), ABORTED (STALE_ETAG)."""
    return prepare(
        search_admin_pb2.DeleteSynonymRequest,
        timeout,
        metadata,
        synonym_id=synonym_id,
        etag=etag,
        request_id=request_id,
    )


def get_search_analytics(
    *,
    days: int | None = None,
    queries: search_admin_pb2.GetSearchAnalyticsRequest.Queries.ValueType | GetSearchAnalyticsRequestQueriesName | None = None,
    page_size: int | None = None,
    page_token: str | None = None,
    timeout: float | None = None,
    metadata: Metadata = (),
) -> Prepared:
    """Gets what customers searched for in the last days, and what followed: totals, positions, and the queries page by
    page, the most frequent ones or those that found nothing.
    """
    return prepare(
        search_admin_pb2.GetSearchAnalyticsRequest,
        timeout,
        metadata,
        days=days,
        queries=queries,
        page_size=page_size,
        page_token=page_token,
    )


class SearchMethods:
    """Finds products by words."""

    search_products = Unary("SearchProducts", search_products, search_pb2.SearchProductsResponse)
    iter_search_products = Items("SearchProducts", search_products.request, search_pb2.SearchHit)
    suggest = Unary("Suggest", suggest, search_pb2.SuggestResponse)
    list_synonyms = Unary("ListSynonyms", list_synonyms, search_admin_pb2.ListSynonymsResponse)
    iter_synonyms = Items("ListSynonyms", list_synonyms.request, search_admin_pb2.Synonym)
    create_synonym = Unary("CreateSynonym", create_synonym, search_admin_pb2.Synonym)
    get_synonym = Unary("GetSynonym", get_synonym, search_admin_pb2.Synonym)
    update_synonym = Unary("UpdateSynonym", update_synonym, search_admin_pb2.Synonym)
    delete_synonym = Unary("DeleteSynonym", delete_synonym, empty_pb2.Empty)
    get_search_analytics = Unary("GetSearchAnalytics", get_search_analytics, search_admin_pb2.GetSearchAnalyticsResponse)
    iter_search_analytics = Items("GetSearchAnalytics", get_search_analytics.request, search_admin_pb2.SearchAnalytics.Query)
