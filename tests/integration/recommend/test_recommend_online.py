"""Online measures: what counts as an effect of a list, and what does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, update
from support import recommend_data as data

from server.db.database import Database
from server.order.models import Order
from server.recommend.feedback import impressions, online
from server.recommend.feedback.impressions import Impression, Kind
from server.recommend.feedback.models import BehaviorEvent
from server.recommend.feedback.online import Online, Position
from server.recommend.feedback.touches import Scope
from server.recommend.registry.experiments import Trial
from server.recommend.registry.models import Experiment, TrainedModel

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
NEW, OLD = "all_20260601T110000Z", "all_20260501T110000Z"
ANN, BOB = 1, 2


def after(**time: float) -> datetime:
    """A moment after the first list was shown."""
    return START + timedelta(**time)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """The small shop without orders of the last days."""
    db = Database(database_url)
    with db.transaction() as tx:
        data.fill(tx, now=START - timedelta(days=60))
    yield db
    db.close()


class Story:
    """What happened, written as the shop writes it."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx
        self._lists = 0

    def show(
        self,
        *products: int,
        user: int | None = None,
        version: str = NEW,
        at: datetime = START,
        experiment: int | None = None,
    ) -> str:
        """Show a list and return its id."""
        self._lists += 1
        list_id = f"{self._lists:016x}"
        row = Impression(list_id, version, Kind.HOMEPAGE, user, None, experiment, list(products), at)
        impressions.write(self.tx, [row])
        return list_id

    def touch(
        self,
        list_id: str,
        product: int,
        at: datetime,
        *,
        user: int | None = ANN,
        kind: str = "CLICK",
        version: str = NEW,
    ) -> None:
        """Follow a list to a product."""
        visitor = None if user else "visitor-1"
        row: dict[str, Any] = {
            "user_id": user,
            "visitor_id": visitor,
            "kind": kind,
            "product_id": product,
            "query": "",
        }
        row |= {"list_id": list_id, "model_version": version, "occurred_at": at}
        self.tx.execute(insert(BehaviorEvent), [row])

    def buy(
        self,
        *products: int,
        at: datetime,
        user: int | None = ANN,
        status: str = "CONFIRMED",
        currency: str = "USD",
    ) -> None:
        """Order one unit each, at a price of 1.00."""
        order_id = data.place_order(self.tx, user, products, at, status)
        self.tx.execute(update(Order).where(Order.id == order_id).values(currency=currency))

    def measure(self, version: str = NEW, *, since: datetime = START) -> Online:
        """What a model's lists achieved."""
        return online.measure(self.tx, Scope([version], since))[version]


@pytest.fixture
def story(db: Database) -> Iterator[Story]:
    """A story that nobody else reads."""
    with db.transaction() as tx:
        yield Story(tx)


def test_a_shown_clicked_and_bought_product_is_counted_at_its_position(story: Story) -> None:
    list_id = story.show(5, 7, 9, user=ANN)
    story.show(7, 5)
    story.touch(list_id, 7, after(minutes=1))
    story.touch(list_id, 7, after(minutes=2), kind="ADD_TO_CART")
    story.buy(7, 8, at=after(minutes=3))
    found = story.measure()
    assert (found.lists, found.impressions) == (2, 5)
    assert (found.clicks, found.cart_additions, found.purchases) == (1, 1, 1)
    assert (found.click_through_rate, found.conversion_rate) == (1 / 5, 1)
    assert found.revenue == {"USD": 100}
    assert found.positions == {1: Position(2), 2: Position(2, 1, 1, {"USD": 100}), 3: Position(1)}


def test_nothing_shown_is_nothing_achieved(story: Story) -> None:
    found = story.measure()
    assert found == Online(START)
    assert (found.click_through_rate, found.conversion_rate) == (0, 0)


def test_what_others_buy_or_what_was_not_touched_does_not_count(story: Story) -> None:
    list_id = story.show(5, 7, user=ANN)
    story.touch(list_id, 5, after(minutes=1))
    story.buy(5, at=after(minutes=2), user=BOB)
    story.buy(7, at=after(minutes=2))
    story.buy(5, at=after(minutes=2), user=None)
    found = story.measure()
    assert (found.clicks, found.purchases, found.revenue) == (1, 0, {})


def test_a_product_that_the_list_did_not_show_does_not_count(story: Story) -> None:
    list_id = story.show(5, 7)
    story.touch(list_id, 6, after(minutes=1))
    story.touch("f" * 16, 5, after(minutes=1))
    story.buy(5, 6, at=after(minutes=2))
    found = story.measure()
    assert (found.clicks, found.purchases) == (0, 0)


def test_a_view_is_not_a_touch(story: Story) -> None:
    list_id = story.show(5)
    story.touch(list_id, 5, after(minutes=1), kind="VIEW")
    story.buy(5, at=after(minutes=2))
    found = story.measure()
    assert (found.clicks, found.cart_additions, found.purchases) == (0, 0, 0)


def test_repeated_clicks_count_once_per_list_and_product(story: Story) -> None:
    first, second = story.show(5, 7), story.show(5)
    for list_id, product in ((first, 5), (first, 5), (first, 7), (second, 5), (second, 5)):
        story.touch(list_id, product, after(minutes=1), user=None)
    found = story.measure()
    assert found.clicks == 3
    assert [found.positions[position].clicks for position in (1, 2)] == [2, 1]


@pytest.mark.either
@pytest.mark.parametrize(
    ("bought", "counts"),
    [
        (after(minutes=1), True),
        (after(days=7, minutes=1), True),
        (after(days=7, minutes=1, seconds=1), False),
        (after(minutes=1, microseconds=-1), False),
    ],
)
def test_an_order_counts_for_seven_days_after_the_touch(story: Story, bought: datetime, counts: bool) -> None:
    list_id = story.show(5)
    story.touch(list_id, 5, after(minutes=1))
    story.buy(5, at=bought)
    assert story.measure().purchases == int(counts)


@pytest.mark.either
@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("CONFIRMED", True),
        ("DELIVERED", True),
        ("RETURN_REQUESTED", True),
        ("PENDING_PAYMENT", False),
        ("CANCELLED", False),
        ("RETURNED", False),
        ("REFUNDED", False),
    ],
)
def test_only_what_stays_paid_counts(story: Story, status: str, counts: bool) -> None:
    list_id = story.show(5)
    story.touch(list_id, 5, after(minutes=1))
    story.buy(5, at=after(minutes=2), status=status)
    assert story.measure().revenue == ({"USD": 100} if counts else {})


def test_an_order_belongs_to_the_last_touch_whichever_models_list_that_was_on(story: Story) -> None:
    of_old, of_new = story.show(5, version=OLD), story.show(6, 5)
    story.touch(of_old, 5, after(minutes=1), version=OLD)
    story.buy(5, at=after(minutes=2))
    story.touch(of_new, 5, after(minutes=3))
    story.buy(5, at=after(minutes=4), currency="GBP")
    assert story.measure(OLD).revenue == {"USD": 100}
    assert story.measure(NEW).revenue == {"GBP": 100}
    assert story.measure(NEW).positions[2].purchases == 1
    both = online.measure(story.tx, Scope([OLD, NEW], START))
    assert both == {OLD: story.measure(OLD), NEW: story.measure(NEW)}


def test_a_later_touch_that_proves_nothing_takes_no_order_away(story: Story) -> None:
    mine, other = story.show(5), story.show(7)
    story.touch(mine, 5, after(minutes=1))
    story.touch(other, 5, after(minutes=2))  # that list did not show it
    story.touch(mine, 5, after(minutes=2), kind="VIEW")
    story.touch(mine, 5, after(minutes=2), user=BOB)
    story.touch(mine, 5, after(minutes=9))  # after the order
    story.buy(5, at=after(minutes=3))
    found = story.measure()
    assert (found.purchases, found.revenue) == (1, {"USD": 100})


def test_touches_at_the_same_moment_share_no_order_twice(story: Story) -> None:
    first, second = story.show(5), story.show(6, 5)
    story.touch(first, 5, after(minutes=1))
    story.touch(second, 5, after(minutes=1))
    story.buy(5, at=after(minutes=1))
    found = story.measure()
    assert found.revenue == {"USD": 100}
    assert found.positions[2].purchases == 1


def test_revenue_is_told_by_currency_and_a_pair_is_bought_once(story: Story) -> None:
    list_id = story.show(5, 7)
    story.touch(list_id, 5, after(minutes=1))
    story.touch(list_id, 7, after(minutes=1))
    story.buy(5, at=after(hours=1), currency="GBP")
    story.buy(5, at=after(hours=2))
    story.buy(5, 7, at=after(hours=3))
    found = story.measure()
    assert found.purchases == 2
    assert found.revenue == {"USD": 300, "GBP": 100}
    assert found.positions[1] == Position(1, 1, 1, {"USD": 200, "GBP": 100})
    assert found.positions[2] == Position(1, 1, 1, {"USD": 100})


def test_what_a_visitor_followed_counts_once_it_is_known_whose_it_was(story: Story) -> None:
    list_id = story.show(5)
    story.touch(list_id, 5, after(minutes=1), user=None)
    story.buy(5, at=after(minutes=2))
    assert (story.measure().clicks, story.measure().purchases) == (1, 0)
    story.tx.execute(update(BehaviorEvent).values(user_id=ANN, visitor_id=None))
    assert story.measure().purchases == 1


def test_only_lists_of_the_period_are_counted(story: Story) -> None:
    early, late = story.show(5, at=after(days=-1)), story.show(5)
    story.touch(early, 5, after(minutes=1))
    story.touch(late, 5, after(minutes=2))
    found = story.measure()
    assert (found.lists, found.clicks) == (1, 1)
    assert story.measure(since=after(days=-2)).lists == 2


def test_long_lists_count_whole_but_tell_twenty_positions(story: Story) -> None:
    list_id = story.show(*range(100, 0, -1))
    story.touch(list_id, 1, after(minutes=1))
    found = story.measure()
    assert (found.lists, found.impressions, found.clicks) == (1, 100, 1)
    assert sorted(found.positions) == list(range(1, 21))
    assert sum(position.clicks for position in found.positions.values()) == 0


def test_an_experiment_counts_its_own_lists_even_when_followed_after_its_end(story: Story) -> None:
    trial = _trial(story.tx)
    in_it = story.show(5, version=OLD, experiment=trial.id)
    new = story.show(6, 7, experiment=trial.id)
    beside, too_late = story.show(5), story.show(5, at=after(days=2), experiment=trial.id)
    for list_id in (new, beside, too_late):
        story.touch(list_id, 7 if list_id == new else 5, after(days=3))
    story.touch(in_it, 5, after(minutes=1), version=OLD)
    found = online.measure(story.tx, Scope.of_trial(trial))
    assert found[OLD].lists == found[OLD].clicks == 1
    assert (found[NEW].lists, found[NEW].impressions, found[NEW].clicks) == (1, 2, 1)


def _trial(tx: Connection) -> Trial:
    """An experiment that ran for a day."""
    ids: Sequence[int] = tx.scalars(
        insert(TrainedModel).returning(TrainedModel.id),
        [{"version": v, "model_type": "ALL", "metrics": {}, "created_at": START} for v in (OLD, NEW)],
    ).all()
    control, challenger = sorted(ids)
    row = {"control_model_id": control, "challenger_model_id": challenger, "percent": 50, "state": "ENDED"}
    row |= {"started_at": START, "ended_at": after(days=1)}
    trial_id = tx.execute(insert(Experiment).values(row).returning(Experiment.id)).scalar_one()
    return Trial(trial_id, control, OLD, challenger, NEW, 50, "ENDED", START, after(days=1))


def test_measuring_asks_three_questions_however_much_there_is(db: Database, story: Story) -> None:
    for number in range(30):
        list_id = story.show(5, 7, user=ANN)
        story.touch(list_id, 5, after(minutes=number))
        story.buy(5, at=after(minutes=number))
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    found = story.measure()
    assert len(asked) == 3
    assert (found.purchases, found.revenue) == (30, {"USD": 3000})


@pytest.mark.parametrize(("asked", "days"), [(0, 30), (1, 1), (90, 90), (91, 90), (2**31 - 1, 90)])
def test_the_period_is_a_month_unless_asked_and_three_at_most(asked: int, days: int) -> None:
    assert online.lookback(START, asked) == START - timedelta(days=days)
