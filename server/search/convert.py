"""Between SearchService's messages and plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer
from sanset.v1 import product_pb2
from sanset.v1 import search_pb2 as pb

from server.catalog.category_tree import CategoryNode, CategoryTree
from server.catalog.listing_queries import ProductFilter
from server.money import decimals
from server.rpc.wire import money_to_wire, price_range_from_wire
from server.search.engine.engine import SearchOptions
from server.search.engine.highlights import TextPart, highlighted, snippet
from server.search.engine.interpretation import Interpretation
from server.search.engine.narrowing import Criteria, Facets
from server.search.engine.ranking import SortOrder
from server.search.engine.stocked import StockedProducts
from server.text.name_key import name_key

_Request = pb.SearchProductsRequest
_CategoryCount = pb.SearchFacets.CategoryCount


def selection_from_wire(
    request: _Request,
    category_ids: frozenset[int] | None,
    stocked: StockedProducts | None,
    currency: str,
) -> SearchOptions:
    """What is asked for beside the text; `category_ids` and `stocked` are what category and location mean."""
    low, high = price_range_from_wire(request.min_price, request.max_price, currency)
    order = _Request.Sort.Name(request.sort) if request.sort else SortOrder.RELEVANCE.value
    return SearchOptions(
        criteria=Criteria(
            category_ids=category_ids,
            brands=tuple(sorted({name_key(brand) for brand in request.brands})),
            tags=tuple(sorted(set(request.tags))),
            min_price=low,
            max_price=high,
            in_stock=request.in_stock if request.HasField("in_stock") else None,
            vendor_id=request.vendor_id,
            min_rating=request.min_rating,
            attributes=_attributes(request.attributes),
            stocked=stocked,
        ),
        order=SortOrder(order),
        price_unit=price_unit(currency),
    )


def listed_selection(
    listed: ProductFilter, category_ids: frozenset[int] | None, stocked: StockedProducts | None, sort: str
) -> SearchOptions:
    """What a list of the catalogue asks for beside its text."""
    return SearchOptions(
        criteria=Criteria(
            category_ids=category_ids,
            brands=(name_key(listed.brand),) if listed.brand else (),
            tags=listed.tags,
            min_price=listed.min_price_minor,
            max_price=listed.max_price_minor,
            in_stock=listed.in_stock,
            vendor_id=listed.vendor_id or 0,
            stocked=stocked,
        ),
        order=SortOrder(sort or SortOrder.RELEVANCE.value),
    )


def price_unit(currency: str) -> int:
    """What the steps of the price bands are counted in: 100 minor units, also of a currency without decimals."""
    return max(int(10 ** decimals(currency)), 100)


def _attributes(sent: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    values: dict[str, set[str]] = {}
    for attribute in sent:
        name, _, value = attribute.partition(":")
        values.setdefault(name, set()).add(value)
    return tuple((name, tuple(sorted(values[name]))) for name in sorted(values))


def hit_to_wire(
    product: product_pb2.Product, description: str, score: float, query: Interpretation
) -> pb.SearchHit:
    """A product that was found, by its summary; its description is only looked at."""
    hit = pb.SearchHit(product=product, score=score)
    stems, wording = query.stems, query.wording
    if stems:
        for name, parts in (
            ("name", highlighted(product.name, stems, wording)),
            ("description", snippet(description, stems, wording)),
        ):
            if parts:
                _add_highlight(hit, name, parts)
    return hit


# What follows fills messages in: a reply has hundreds of small ones, and each that is built first is copied.


def _add_highlight(hit: pb.SearchHit, name: str, parts: Sequence[TextPart]) -> None:
    add = hit.highlights.add(field=name).parts.add
    for part in parts:
        add(text=part.text, matches=part.matches)


@dataclass(frozen=True, slots=True)
class FacetsToWire:
    """Writes facets as a reply that has nothing else: its bytes stand behind those of the rest of the reply."""

    tree: CategoryTree
    currency: str

    def write(self, facets: Facets) -> bytes:
        """They, each category with what is below it."""
        reply = pb.SearchProductsResponse(facets=pb.SearchFacets())
        wire, currency = reply.facets, self.currency
        _add_categories(wire.categories, self.tree.roots, _totals(self.tree, facets.categories))
        _add_values(wire.brands, facets.brands)
        for band in facets.prices:
            wire.prices.add(
                min_price=money_to_wire(band.low, currency),
                max_price=money_to_wire(band.high, currency) if band.high is not None else None,
                count=band.count,
            )
        for least, count in facets.ratings:
            wire.ratings.add(min_rating=least, count=count)
        for name, values in facets.attributes:
            _add_values(wire.attributes.add(name=name).values, values)
        return reply.SerializeToString()


def _totals(tree: CategoryTree, counts: Mapping[int, int]) -> Mapping[int, int]:
    """The products of each category and of those below it; those without any are left out."""
    totals: defaultdict[int, int] = defaultdict(int)
    for category_id, count in counts.items():
        for above in tree.line(category_id):
            totals[above] += count
    return totals


def _add_categories(
    wire: RepeatedCompositeFieldContainer[_CategoryCount],
    nodes: Sequence[CategoryNode],
    totals: Mapping[int, int],
) -> None:
    for node in nodes:
        if count := totals.get(node.id):
            added = wire.add(category_id=node.id, name=node.name, slug=node.slug, count=count)
            _add_categories(added.children, node.children, totals)


def _add_values(
    wire: RepeatedCompositeFieldContainer[pb.SearchFacets.ValueCount], counted: Sequence[tuple[str, int]]
) -> None:
    for value, count in counted:
        wire.add(value=value, count=count)
