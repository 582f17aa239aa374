"""Synonyms: defined by the staff, without doubles, and known to every worker at once."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from sanset.v1 import search_admin_pb2 as pb
from sanset.v1 import search_pb2
from support.page_by_page import page_by_page
from support.payment_shop import eventually
from support.running_shop import RunningShop, refused

from server.search.synonyms import service

pytestmark = pytest.mark.either

INVALID, NOT_FOUND = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND


def term() -> str:
    """A term that no other test has."""
    return "".join(chr(ord("a") + int(digit, 16)) for digit in uuid.uuid4().hex[:16])


def creation(*terms: str, input: str = "") -> pb.CreateSynonymRequest:  # noqa: A002 - the field's name
    """A request to create a synonym."""
    return pb.CreateSynonymRequest(synonym=pb.Synonym(input=input, terms=terms))


def create(shop: RunningShop, *terms: str, input: str = "") -> pb.Synonym:  # noqa: A002
    """Create a synonym, as the admin."""
    return shop.search.CreateSynonym(creation(*terms, input=input), metadata=shop.admin.metadata)


def listed(shop: RunningShop) -> dict[int, pb.Synonym]:
    """All synonyms by id, page by page."""

    def read(token: str) -> pb.ListSynonymsResponse:
        request = pb.ListSynonymsRequest(page_size=3, page_token=token)
        return shop.search.ListSynonyms(request, metadata=shop.admin.metadata)

    items = [item for page in page_by_page(read) for item in page.items]
    assert [item.id for item in items] == sorted({item.id for item in items})
    return {item.id: item for item in items}


def delete(shop: RunningShop, synonym_id: int) -> None:
    """Delete a synonym, as the admin."""
    shop.search.DeleteSynonym(pb.DeleteSynonymRequest(synonym_id=synonym_id), metadata=shop.admin.metadata)


def test_a_synonym_is_listed_as_it_was_created_until_it_is_deleted(shop: RunningShop) -> None:
    first, second, one_way = term(), term(), term()
    group = create(shop, f" {first.upper()}", second)
    rule = create(shop, first, input=one_way)
    assert (group.input, list(group.terms)) == ("", [first.upper(), second])
    assert (rule.input, list(rule.terms)) == (one_way, [first])
    assert group.create_time == group.update_time
    synonyms = listed(shop)
    assert synonyms[group.id] == group
    assert synonyms[rule.id] == rule
    delete(shop, group.id)
    assert group.id not in listed(shop)
    again = pb.DeleteSynonymRequest(synonym_id=group.id)
    assert refused(shop.search.DeleteSynonym, again, shop.admin).reason == "SYNONYM_NOT_FOUND"


@pytest.mark.both
def test_search_uses_them_at_once(shop: RunningShop) -> None:
    first, second = term(), term()
    product = shop.product(name=first)

    def found(text: str) -> list[int]:
        request = search_pb2.SearchProductsRequest(q=text)
        return [hit.product.id for hit in shop.search.SearchProducts(request).items]

    eventually(lambda: found(first)[:1] == [product.id])
    assert product.id not in found(second)
    group = create(shop, first, second)
    eventually(lambda: found(second)[:1] == [product.id])
    delete(shop, group.id)
    eventually(lambda: product.id not in found(second))


@pytest.mark.parametrize(
    ("terms", "input_", "fields"),
    [
        ([], "", ["synonym.terms"]),
        (["alone"], "", ["synonym.terms"]),
        ([], "tv", ["synonym.terms"]),
        (["tv", "TV"], "", ["synonym.terms[1]"]),
        (["télé vision", "tele-vision"], "", ["synonym.terms[1]"]),
        (["tv"], "TV", ["synonym.terms[0]"]),
        (["tv", "!?"], "", ["synonym.terms[1]"]),
        (["tv", "two\nlines"], "", ["synonym.terms[1]"]),
        (["tv", ""], "", ["synonym.terms[1]"]),
        (["tv", "x" * 51], "", ["synonym.terms[1]"]),
        (["tv"], "x" * 51, ["synonym.input"]),
        ([f"word {number}" for number in range(21)], "", ["synonym.terms"]),
    ],
)
def test_what_says_nothing_or_says_it_twice_is_refused(
    shop: RunningShop, terms: list[str], input_: str, fields: list[str]
) -> None:
    refusal = refused(shop.search.CreateSynonym, creation(*terms, input=input_), shop.admin)
    assert (refusal.code, refusal.fields) == (INVALID, fields)


def test_no_term_is_in_two_groups_and_no_input_has_two_rules(shop: RunningShop) -> None:
    first, second, third = term(), term(), term()
    create(shop, first, second)
    create(shop, third, input=first)
    group = refused(shop.search.CreateSynonym, creation(third, second.upper()), shop.admin)
    assert (group.reason, group.facts) == ("SYNONYM_TAKEN", {"term": second.upper()})
    rule = refused(shop.search.CreateSynonym, creation(second, input=first), shop.admin)
    assert (rule.reason, rule.facts) == ("SYNONYM_TAKEN", {"term": first})
    free = create(shop, third, term())
    request = pb.UpdateSynonymRequest(synonym=pb.Synonym(id=free.id, terms=[third, first]))
    assert refused(shop.search.UpdateSynonym, request, shop.admin).reason == "SYNONYM_TAKEN"
    assert listed(shop)[free.id] == free


@pytest.mark.both
def test_of_many_who_create_the_same_one_does(shop: RunningShop) -> None:
    first, second = term(), term()

    def attempt(_: int) -> str:
        try:
            return str(create(shop, first, second).id)
        except grpc.RpcError as error:
            return str(error.code())

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert outcomes.count("StatusCode.ALREADY_EXISTS") == 7
    assert sum(first in synonym.terms for synonym in listed(shop).values()) == 1


def test_a_group_becomes_a_rule_and_its_terms_are_free(shop: RunningShop) -> None:
    first, second, third = term(), term(), term()
    group = create(shop, first, second)
    change = pb.UpdateSynonymRequest(synonym=pb.Synonym(id=group.id, input=third, terms=[first]))
    rule = shop.search.UpdateSynonym(change, metadata=shop.admin.metadata)
    assert (rule.input, list(rule.terms)) == (third, [first])
    assert rule.etag != group.etag
    create(shop, first, second)


def test_there_are_so_many_at_most(shop: RunningShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_SYNONYMS", 0)
    assert refused(shop.search.CreateSynonym, creation(term(), term()), shop.admin).reason == "TOO_MANY"


def test_changes_are_in_the_audit_log(shop: RunningShop) -> None:
    group = create(shop, term(), term())
    delete(shop, group.id)
    subject = f"synonym/{group.id}"
    rows = shop.sql(
        "SELECT action, actor_id FROM audit_entries WHERE subject = :subject ORDER BY id", subject=subject
    )
    assert [tuple(row) for row in rows] == [
        ("CreateSynonym", shop.admin.user_id),
        ("DeleteSynonym", shop.admin.user_id),
    ]


@pytest.mark.both
def test_the_number_of_statements_is_small(shop: RunningShop) -> None:
    with shop.counted_queries() as statements:
        group = create(shop, *(term() for _ in range(20)))
    assert len(statements) <= 10, statements
    request = pb.ListSynonymsRequest(page_size=100)
    with shop.counted_queries() as statements:
        shop.search.ListSynonyms(request, metadata=shop.admin.metadata)
    # Beside it the worker may read all of them, to search with what has just changed
    assert sum("LIMIT" in statement for statement in statements) == 1, statements
    delete(shop, group.id)
