"""SearchService over gRPC: an envelope around searching."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from google.protobuf.empty_pb2 import Empty
from sanset.v1 import search_admin_pb2, search_service_pb2_grpc
from sanset.v1 import search_pb2 as pb

from server.catalog.product_cache import CachedProduct, ProductCache
from server.paging import Pages
from server.rpc.answers import packed
from server.rpc.call import Call
from server.search import convert
from server.search.analytics.search_log import SearchLog, ShownResults
from server.search.analytics.servicer import AnalyticsCalls
from server.search.engine.engine import SearchAnswer, page_after
from server.search.service import Fallback, Search
from server.search.suggest.servicer import SuggestCalls
from server.search.synonyms.servicer import SynonymCalls
from server.search.upkeep.location_stock import LocationStock
from server.text.shop_languages import ShopLanguages

_Response = pb.SearchProductsResponse


class _Row(NamedTuple):
    """A place in the list of what was found; the first is 1."""

    position: int
    product_id: int
    score: float


class SearchServicer(search_service_pb2_grpc.SearchServiceServicer):
    """Translates searches."""

    def __init__(
        self,
        searches: Mapping[str, Search],
        products: ProductCache,
        pages: Pages,
        *,
        currency: str,
        languages: ShopLanguages,
        stock: LocationStock,
        log: SearchLog,
        suggestions: SuggestCalls,
        synonyms: SynonymCalls,
        analytics: AnalyticsCalls,
    ) -> None:
        """`searches` are those of each language of the shop."""
        self._searches = searches
        self._languages = languages
        self._stock = stock
        self._products = products
        self._pages = pages
        self._currency = currency
        self._log = log
        self._suggestions = suggestions
        self._synonyms = synonyms
        self._analytics = analytics

    async def SearchProducts(
        self, request: pb.SearchProductsRequest, call: Call
    ) -> pb.SearchProductsResponse:
        language = self._languages.of(request.language, call.headers.get("accept-language"))
        tree = (await self._products.tree()).into(language)
        category_ids = tree.ids_under(request.category) if request.category else None
        stocked = await self._stock.at(request.location_id) if request.location_id else None
        selection = convert.selection_from_wire(request, category_ids, stocked, self._currency)
        # The category as it was sent: a new one below it must not end the walk through the pages.
        scope = (
            "SearchProducts",
            request.q,
            request.category,
            *_scope(request),
            *self._languages.scope(language),
        )
        size = self._pages.size(request.page_size)
        after = self._pages.open(request.page_token, *scope)
        search = self._searches[language]
        writer = convert.FacetsToWire(tree, self._currency) if after is None else None
        answer = await search.answer(request.q, selection, writer)
        rows = _rows(answer, page_after(answer.ranked, (after[0], after[1]) if after else None), size + 1)
        by_id = await self._products.products([row.product_id for row in rows[:size]])
        hits = _Hits(answer, {product_id: product.into(language) for product_id, product in by_id.items()})
        items, token = self._pages.page(
            rows, size, hits.of, lambda row: [row.position, row.product_id], *scope
        )
        response = pb.SearchProductsResponse(items=items, next_page_token=token, total_size=answer.total)
        if answer.query.corrected:
            response.corrected_query = answer.query.text
        if after is None and not answer.total:
            await self._add_fallback(response, await search.fallback(request.q, selection, size), language)
        response.attribution_token = self._record(request, call, response, rows)
        if writer is None or answer.facets is None:
            return response
        return packed(pb.SearchProductsResponse, response.SerializeToString() + answer.facets)

    async def _add_fallback(
        self, response: pb.SearchProductsResponse, fallback: Fallback, language: str
    ) -> None:
        ids, scores = fallback.ranked.product_ids.tolist(), fallback.ranked.scores.tolist()
        by_id = await self._products.products(ids)
        for product_id, score in zip(ids, scores, strict=True):
            if product_id in by_id:
                response.fallback_items.add(product=by_id[product_id].into(language).summary, score=score)
        if response.fallback_items:
            response.fallback_kind = _Response.FallbackKind.Value(fallback.kind.value)
            response.fallback_category_id = fallback.category_id

    def _record(
        self,
        request: pb.SearchProductsRequest,
        call: Call,
        response: pb.SearchProductsResponse,
        rows: Sequence[_Row],
    ) -> str:
        """Have a page recorded; the token for what follows from it."""
        results = ShownResults(
            query=request.q,
            product_ids=[hit.product.id for hit in response.items],
            result_count=response.total_size,
            corrected=bool(response.corrected_query),
            first_position=rows[0].position - 1 if rows else 0,
        )
        user_id = call.caller.user_id if call.caller is not None else None
        return self._log.record(results, user_id, request.visitor_id, call.address)

    async def Suggest(self, request: pb.SuggestRequest, call: Call) -> pb.SuggestResponse:
        return await self._suggestions.suggest(request, call)

    def ListSynonyms(
        self, request: search_admin_pb2.ListSynonymsRequest, call: Call
    ) -> search_admin_pb2.ListSynonymsResponse:
        return self._synonyms.list(request, call)

    def CreateSynonym(
        self, request: search_admin_pb2.CreateSynonymRequest, call: Call
    ) -> search_admin_pb2.Synonym:
        return self._synonyms.create(request, call)

    def GetSynonym(self, request: search_admin_pb2.GetSynonymRequest, call: Call) -> search_admin_pb2.Synonym:
        return self._synonyms.get(request, call)

    def UpdateSynonym(
        self, request: search_admin_pb2.UpdateSynonymRequest, call: Call
    ) -> search_admin_pb2.Synonym:
        return self._synonyms.update(request, call)

    def DeleteSynonym(self, request: search_admin_pb2.DeleteSynonymRequest, call: Call) -> Empty:
        return self._synonyms.delete(request, call)

    def GetSearchAnalytics(
        self, request: search_admin_pb2.GetSearchAnalyticsRequest, call: Call
    ) -> search_admin_pb2.GetSearchAnalyticsResponse:
        return self._analytics.get(request, call)


def _scope(request: pb.SearchProductsRequest) -> tuple[object, ...]:
    """All that a page token is bound to, but for the text and the category."""
    return (
        *(tuple(sorted(each)) for each in (request.brands, request.tags, request.attributes)),
        *(request.min_price, request.max_price, request.vendor_id, request.min_rating, request.sort),
        request.in_stock if request.HasField("in_stock") else None,
        *([request.location_id] if request.location_id else []),  # tokens of the release before have none
    )


def _rows(answer: SearchAnswer, start: int, count: int) -> list[_Row]:
    ids = answer.ranked.product_ids[start : start + count].tolist()
    scores = answer.ranked.scores[start : start + count].tolist()
    return [_Row(start + i + 1, ids[i], scores[i]) for i in range(len(ids))]


class _Hits:
    """Makes the hits of an answer."""

    def __init__(self, answer: SearchAnswer, by_id: Mapping[int, CachedProduct]) -> None:
        self._answer = answer
        self._by_id = by_id

    def of(self, row: _Row) -> pb.SearchHit | None:
        """The hit of a row; None when its product is gone."""
        product = self._by_id.get(row.product_id)
        if product is None:
            return None
        hit = convert.hit_to_wire(product.summary, product.description, row.score, self._answer.query)
        sku = self._answer.query.sku
        if sku is not None and row.product_id == self._answer.sku_product:
            hit.variant_id = sku[1] or product.full.default_variant_id
        return hit
