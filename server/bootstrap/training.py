"""One training at a terminal: a progress bar, and how its model measured."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from ml.models.boosting import missing_library
from server import progress
from server.db.database import Database
from server.recommend.registry import measures
from server.recommend.training.assignment import Assignment
from server.recommend.training.heartbeat import TrainingFailed
from server.recommend.training.job import OnTrained, TrainingOutcome, train_now
from server.settings import Settings

COLUMNS = ("recall@20", "ndcg@20", "map@20", "coverage@20", "novelty@20")


def train(
    settings: Settings,
    db: Database,
    assignment: Assignment | None = None,
    *,
    on_trained: OnTrained | None = None,
    console: Console | None = None,
) -> bool:
    """Train a model with a progress bar, then say what became of it and how it measured.

    False, and the reason on the screen, when no model came of it.
    """
    screen = console or Console(stderr=True)
    screen.print("Training the recommendations")
    if missing := missing_library():
        screen.print(f"{missing}.", highlight=False, soft_wrap=True, markup=False)
    with progress.bars(screen) as report:
        try:
            outcome = train_now(
                settings,
                db,
                assignment,
                progress=lambda stage, percent, message: report(stage, percent, 100),
                on_trained=on_trained,
            )
        except TrainingFailed as failure:
            screen.print(f"No model was trained: {failure}", highlight=False, soft_wrap=True, markup=False)
            return False
    screen.print(table(outcome))
    screen.print(outcome.message, highlight=False, soft_wrap=True, markup=False)
    return True


def table(outcome: TrainingOutcome) -> Table:
    """The measures of a model, of each of its sources, of popularity, and of the model in use before."""
    users = int(outcome.metrics.get("users", 0))
    title = f"The last orders of {users} customers, predicted from those before"
    if not users:
        title = "Nothing was measured: no customer ordered anything that could be predicted"
    result = Table(title=title, title_justify="left")
    result.add_column("", no_wrap=True)
    for column in COLUMNS:
        result.add_column(column, justify="right")
    for name, scores in _rows(outcome):
        result.add_row(name, *(_figure(scores.get(column)) for column in COLUMNS))
    return result


def _rows(outcome: TrainingOutcome) -> Iterator[tuple[str, measures.Scores]]:
    metrics = outcome.metrics
    yield "this model", measures.of_model(metrics)
    for name, scores in measures.sources(metrics).items():
        yield f"  {name} alone", scores
    yield "popularity", measures.of_popularity(metrics)
    serving = measures.of_serving(metrics)
    if serving:
        yield "the one in use before", serving.scores


def _figure(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4f}"
