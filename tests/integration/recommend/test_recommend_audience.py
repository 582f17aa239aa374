"""Whose list it is: users, visitors, both, anyone, and those who ask about others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sanset.v1 import behavior_pb2
from sanset.v1 import recommend_pb2 as pb
from support import recommend_data as data
from support.payment_shop import eventually
from support.recommend_story import play
from support.recommend_worker import ADMIN, Worker, customer
from support.running_shop import RunningShop, refused

from server.errors import UserNotFound
from server.identity import Identity
from server.recommend.registry import probe
from server.rpc.access import TokenMissing
from server.settings import Settings

pytestmark = pytest.mark.either

VISITOR = "visitor-0123456789"
BOOKS = set(range(13, 19))


@pytest.fixture(autouse=True)
def _proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "prove", lambda path, key: None)


async def ask(
    worker: Worker, caller: Identity | None = None, /, **asked: Any
) -> pb.GetRecommendationsResponse:
    """Ask for recommendations."""
    request = pb.GetRecommendationsRequest(**asked)
    found: pb.GetRecommendationsResponse = await worker.call("GetRecommendations", request, caller)
    return found


def ids(found: pb.GetRecommendationsResponse) -> list[int]:
    """The products of a list."""
    return [item.product_id for item in found.items]


async def view(
    worker: Worker, *product_ids: int, caller: Identity | None = None, visitor: str = VISITOR
) -> None:
    """Look at products."""
    views = [
        behavior_pb2.BehaviorEvent(kind=behavior_pb2.BehaviorEvent.VIEW, product_id=each)
        for each in product_ids
    ]
    await worker.call("TrackEvent", behavior_pb2.TrackEventRequest(events=views, visitor_id=visitor), caller)
    await asyncio.sleep(0)  # the commit has handed its event to the loop


@pytest.mark.parametrize("asked", [{}, {"visitor_id": VISITOR}])
def test_strangers_see_what_trends(modelled: Settings, asked: dict[str, Any]) -> None:
    async def story(worker: Worker) -> None:
        found = await ask(worker, limit=100, **asked)
        assert set(ids(found)) == set(range(1, data.PRODUCTS + 1))
        assert found.items[0].source == "trending"
        assert {item.source for item in found.items} <= {"trending", "popular"}

    play(modelled, story)


def test_a_visitors_views_shape_the_next_list_and_nobody_elses(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        before = await ask(worker, visitor_id=VISITOR)
        await view(worker, 13, 14)
        after = await ask(worker, visitor_id=VISITOR, limit=4)
        assert after.items[0].source in ("personal", "similar")
        assert set(ids(after)) & BOOKS
        other = await ask(worker, visitor_id="another-visitor")
        assert ids(other) == ids(before)

    play(modelled, story)


@pytest.mark.both
def test_a_visitors_session_is_read_once(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        await view(worker, 13)
        await ask(worker, visitor_id=VISITOR)
        await ask(worker, visitor_id="stranger-00")
        worker.statements.clear()
        for limit in range(1, 20):
            await ask(worker, visitor_id=VISITOR, limit=limit)
            await ask(worker, visitor_id="stranger-00", limit=limit)
        assert not [text for text in worker.statements if "behavior_events" in text]

    play(modelled, story)


def test_what_was_done_as_a_visitor_counts_for_the_user_who_names_it(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        user = customer(data.NEW_USER)
        await view(worker, 13, 14)
        without = await ask(worker, user, limit=4)
        assert {item.source for item in without.items} <= {"trending", "popular"}
        named = await ask(worker, user, limit=4, visitor_id=VISITOR)
        assert named.items[0].source in ("personal", "similar")
        assert set(ids(named)) & BOOKS

    play(modelled, story)


def test_only_users_have_a_cart_and_anyone_may_ask_for_add_ons(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        context = pb.GetRecommendationsRequest.CART
        assert len((await ask(worker, context=context)).items) == 10

    play(modelled, story)


def test_a_page_leads_the_list_of_a_stranger_too(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        context = pb.GetRecommendationsRequest.PRODUCT
        found = ids(await ask(worker, context=context, product_id=13, limit=3))
        assert 13 not in found
        assert set(found) & BOOKS

    play(modelled, story)


def test_who_is_not_signed_in_names_no_user(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        with pytest.raises(TokenMissing):
            await ask(worker, user_id=1)

    play(modelled, story)


def test_others_are_absent_unless_an_admin_asks(modelled: Settings) -> None:
    async def story(worker: Worker) -> None:
        for method, request in (
            ("GetRecommendations", pb.GetRecommendationsRequest),
            ("GetReorder", pb.GetReorderRequest),
        ):
            for user_id in (2, 999_999):
                with pytest.raises(UserNotFound):
                    await worker.call(method, request(user_id=user_id), customer(1))
            own = await worker.call(method, request(user_id=2), customer(2))
            of_admin = await worker.call(method, request(user_id=2), ADMIN)
            assert of_admin.items == own.items
            with pytest.raises(UserNotFound):
                await worker.call(method, request(user_id=999_999), ADMIN)

    play(modelled, story)


def test_over_the_wire_strangers_are_welcome_and_bad_requests_named(shop: RunningShop) -> None:
    shop.product()
    stub = shop.recommend
    eventually(lambda: bool(stub.GetRecommendations(pb.GetRecommendationsRequest()).items))
    assert stub.GetRecommendations(pb.GetRecommendationsRequest(visitor_id=VISITOR)).items
    assert refused(stub.GetRecommendations, pb.GetRecommendationsRequest(user_id=1)).reason == "TOKEN_MISSING"
    assert refused(stub.GetReorder, pb.GetReorderRequest()).reason == "TOKEN_MISSING"
    for field, value in (
        ("context", 9),
        ("limit", -1),
        ("visitor_id", "short"),
        ("min_price", "cheap"),
        ("max_price", "1.2345"),
    ):
        answer = refused(stub.GetRecommendations, pb.GetRecommendationsRequest(**{field: value}))
        assert (answer.code.name, answer.fields) == ("INVALID_ARGUMENT", [field])
    page = pb.GetRecommendationsRequest(context=pb.GetRecommendationsRequest.PRODUCT)
    assert refused(stub.GetRecommendations, page).code.name == "INVALID_ARGUMENT"
    upside_down = pb.GetRecommendationsRequest(min_price="2", max_price="1")
    assert refused(stub.GetRecommendations, upside_down).fields == ["min_price"]
    nowhere = pb.GetRecommendationsRequest(category="no-such-category")
    assert refused(stub.GetRecommendations, nowhere).reason == "CATEGORY_NOT_FOUND"
