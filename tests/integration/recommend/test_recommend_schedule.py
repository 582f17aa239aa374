"""The daily training: once for all workers, made up for when it was missed, quiet when nothing is to be done."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sanset.v1 import model_pb2
from sqlalchemy import func, select, update
from support import recommend_data as data
from support.recommend_story import play, until, watch
from support.recommend_worker import Worker, running, settings_of

from server.clock import OFF, latest, utc_now
from server.db.database import Database
from server.recommend.registry import trained_models
from server.recommend.training import runs
from server.recommend.training.assignment import Assignment
from server.recommend.training.job import TrainingJob, TrainingOutcome
from server.recommend.training.models import TrainingRun
from server.recommend.training.runs import Run
from server.recommend.training.schedule import Schedule
from server.settings import Settings

pytestmark = pytest.mark.either

DAY = timedelta(days=1)


class Day:
    """A clock that can be set; the schedule's time of the day is half an hour after it begins to run."""

    def __init__(self) -> None:
        self.began = utc_now() - timedelta(hours=1)
        self.now = self.began
        self.at = (self.began + timedelta(minutes=30)).time().replace(second=0, microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def later(self, days: float = 0) -> None:
        """Let the day's hour pass, and so many days more."""
        self.now = utc_now() + timedelta(days=days)

    def schedule(self, worker: Worker) -> Schedule:
        """A schedule of this worker by this clock."""
        at = self.at.strftime("%H:%M")
        return Schedule(at, worker.work, worker.trainer, self)

    async def look(self, *schedules: Schedule) -> list[Run]:
        """What the schedules start when they look at the same moment."""
        found = await asyncio.gather(*(schedule.look(self.at) for schedule in schedules))
        return [run for run in found if run is not None]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings that have a model at once."""

    def run_job(self: TrainingJob, run: Run, assignment: Assignment) -> TrainingOutcome:
        with self._db.transaction() as tx:
            model_id = trained_models.register(tx, f"model-{run.id}", assignment.model_type, {}, utc_now())
            runs.succeed(tx, run.id, model_id, "Done.", utc_now())
        return TrainingOutcome(run.id, succeeded=True, message="Done.")

    monkeypatch.setattr(TrainingJob, "run", run_job)


async def ended(worker: Worker, run: Run) -> str:
    """The state in which a training ends."""
    return model_pb2.Training.Status.Name((await watch(worker, run.id))[-1].status)


def order(db: Database) -> None:
    """Something new to learn from."""
    with db.transaction() as tx:
        data.place_order(tx, 1, [1, 2], utc_now())


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 6, 1, 3, 0, tzinfo=UTC), datetime(2026, 6, 1, 3, 0, tzinfo=UTC)),
        (datetime(2026, 6, 1, 23, 59, tzinfo=UTC), datetime(2026, 6, 1, 3, 0, tzinfo=UTC)),
        (datetime(2026, 6, 1, 2, 59, tzinfo=UTC), datetime(2026, 5, 31, 3, 0, tzinfo=UTC)),
    ],
)
def test_the_latest_time_is_today_or_yesterday(now: datetime, due: datetime) -> None:
    assert latest(time(3, 0), now) == due


@pytest.mark.usefixtures("copying")
def test_of_many_workers_one_trains_and_once_a_day(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        async with running(settings) as other:
            day = Day()
            schedules = [day.schedule(place) for place in (worker, other, worker, other)]
            assert await day.look(*schedules) == []
            day.later()
            [run] = await day.look(*schedules)
            assert await day.look(*schedules) == []
            assert await ended(other, run) == runs.SUCCEEDED
            assert await day.look(*schedules) == []
            assert await day.look(day.schedule(worker)) == []
            with worker.db.read() as connection:
                assert connection.execute(select(TrainingRun.scheduled_for)).scalars().all() == [
                    latest(day.at, day.now)
                ]
                assert trained_models.active(connection) is not None

    play(settings, story)


@pytest.mark.usefixtures("at_once")
def test_the_next_day_trains_again_if_there_is_something_new(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        day = Day()
        schedule = day.schedule(worker)
        day.later()
        [first] = await day.look(schedule)
        await ended(worker, first)
        day.later(days=1)
        assert await day.look(schedule) == []
        order(worker.db)
        assert await day.look(schedule) == [], "that day was looked at already"
        day.later(days=2)
        [second] = await day.look(schedule)
        await ended(worker, second)

    play(settings, story)


@pytest.mark.usefixtures("at_once")
def test_a_missed_day_is_made_up_for_once(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        day = Day()
        schedule = day.schedule(worker)
        day.later()
        [first] = await day.look(schedule)
        await ended(worker, first)
        order(worker.db)
        day.later(days=5)
        restarted = [day.schedule(worker) for _ in range(2)]
        [made_up] = await day.look(*restarted)
        await ended(worker, made_up)
        assert await day.look(*restarted, day.schedule(worker)) == []

    play(settings, story)


@pytest.mark.usefixtures("at_once")
def test_a_shop_that_never_trained_has_missed_nothing(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        day = Day()
        day.later()
        schedule = day.schedule(worker)
        assert await day.look(schedule) == []
        day.later(days=1)
        [run] = await day.look(schedule)
        await ended(worker, run)

    play(settings, story)


@pytest.mark.usefixtures("at_once")
def test_a_training_by_hand_since_then_counts(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        day = Day()
        schedule = day.schedule(worker)
        with worker.db.transaction() as tx:
            run = runs.claim(tx, Assignment(), utc_now())
        day.later()
        assert await day.look(schedule) == [], "it runs, and may come to nothing"
        with worker.db.transaction() as tx:
            runs.fail(tx, run.id, "It came to nothing.", utc_now())
        [scheduled] = await day.look(schedule)
        await ended(worker, scheduled)
        with worker.db.transaction() as tx:
            tx.execute(update(TrainingRun).values(scheduled_for=None))
        order(worker.db)
        assert await day.look(day.schedule(worker)) == []

    play(settings, story)


def test_too_little_data_is_no_training_and_no_fault(database_url: str, tmp_path: Path) -> None:
    async def story(worker: Worker) -> None:
        day = Day()
        schedule = day.schedule(worker)
        day.later()
        assert await day.look(schedule) == []
        with worker.db.read() as connection:
            assert connection.scalar(select(func.count()).select_from(TrainingRun)) == 0

    play(settings_of(database_url, tmp_path), story)


@pytest.mark.usefixtures("at_once")
def test_a_running_schedule_looks_by_itself_and_ends_when_told(settings: Settings) -> None:
    async def story(worker: Worker) -> None:
        day = Day()
        schedule = day.schedule(worker)
        day.later()
        schedule.start()
        await until(lambda: _runs(worker) == 1)
        await schedule.stop()
        off = Schedule(OFF, worker.work, worker.trainer, day)
        off.start()
        await off.stop()
        assert _runs(worker) == 1

    play(settings, story)


@pytest.mark.both
def test_a_trainer_that_stops_while_a_training_is_launched_waits_for_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start
    launching, ended = threading.Event(), threading.Event()

    async def story(worker: Worker) -> None:
        def start_late(thread: threading.Thread) -> None:
            if thread.name.startswith("training-"):
                launching.set()
                assert worker.trainer._stopping.wait(10), "nobody stopped the trainer"
            start(thread)

        def launch() -> None:
            with worker.db.transaction() as tx:
                run = runs.claim(tx, Assignment(), utc_now())
            worker.trainer.launch(run, Assignment())

        monkeypatch.setattr(threading.Thread, "start", start_late)
        launched = asyncio.create_task(asyncio.to_thread(launch))
        assert await asyncio.to_thread(launching.wait, 10)
        await worker.trainer.stop()
        assert ended.is_set()
        await launched

    monkeypatch.setattr(TrainingJob, "run", lambda *_: ended.set())
    play(settings, story)


def _runs(worker: Worker) -> int:
    with worker.db.read() as connection:
        return connection.scalar(select(func.count()).select_from(TrainingRun)) or 0
