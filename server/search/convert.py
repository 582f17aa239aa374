"""Between SearchService's messages and plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sanset.v1 import product_pb2
from sanset.v1 import search_pb2 as pb

from server.catalog.category_tree import CategoryNode, CategoryTree
from server.catalog.listing_queries import ProductFilter
from server.money import decimals
from server.rpc.wire import money_to_wire, price_range_from_wire
from server.search.engine.engine import SearchOptions
from server.search.engine.highlights import TextPart, highlighted, snippet
from server.search.engine.narrowing import Criteria, Facets
from server.search.engine.ranking import SortOrder
from server.text.name_key import name_key

_Request = pb.SearchProductsRequest


def selection_from_wire(
    request: _Request, category_ids: frozenset[int] | None, currency: str
) -> SearchOptions:
    """What is asked for beside the text; `category_ids` are those that the category means."""
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
        ),
        order=SortOrder(order),
        price_unit=price_unit(currency),
    )


def listed_selection(listed: ProductFilter, category_ids: frozenset[int] | None, sort: str) -> SearchOptions:
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
    product: product_pb2.Product, description: str, score: float, stems: frozenset[str]
) -> pb.SearchHit:
    """A product that was found, by its summary; its description is only looked at."""
    hit = pb.SearchHit(product=product, score=score)
    if stems:
        for name, parts in (
            ("name", highlighted(product.name, stems)),
            ("description", snippet(description, stems)),
        ):
            if parts:
                hit.highlights.append(_highlight(name, parts))
    return hit


def _highlight(name: str, parts: Sequence[TextPart]) -> pb.Highlight:
    return pb.Highlight(
        field=name, parts=[pb.Highlight.Part(text=part.text, matches=part.matches) for part in parts]
    )


def facets_to_wire(facets: Facets, tree: CategoryTree, currency: str) -> pb.SearchFacets:
    """The facets, each category with what is below it."""
    categories = (_category(root, facets.categories) for root in tree.roots)
    return pb.SearchFacets(
        categories=[category for category in categories if category is not None],
        brands=_values(facets.brands),
        prices=[
            pb.SearchFacets.PriceCount(
                min_price=money_to_wire(band.low, currency),
                max_price=money_to_wire(band.high, currency) if band.high is not None else None,
                count=band.count,
            )
            for band in facets.prices
        ],
        ratings=[
            pb.SearchFacets.RatingCount(min_rating=least, count=count) for least, count in facets.ratings
        ],
        attributes=[
            pb.SearchFacets.AttributeCount(name=name, values=_values(values))
            for name, values in facets.attributes
        ],
    )


def _category(node: CategoryNode, counts: Mapping[int, int]) -> pb.SearchFacets.CategoryCount | None:
    """The products of a category and of those below it; None when there are none."""
    children = [child for below in node.children if (child := _category(below, counts)) is not None]
    count = counts.get(node.id, 0) + sum(child.count for child in children)
    if not count:
        return None
    return pb.SearchFacets.CategoryCount(
        category_id=node.id, name=node.name, slug=node.slug, count=count, children=children
    )


def _values(counted: Sequence[tuple[str, int]]) -> list[pb.SearchFacets.ValueCount]:
    return [pb.SearchFacets.ValueCount(value=value, count=count) for value, count in counted]
