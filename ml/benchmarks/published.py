"""Measures the recommendations on data that was split beforehand: train on one file, rank for another.

What is trained, written down and asked is what a shop trains, stores and asks: the blend is learned by holding out
a part of the training file once more, and the lists are those of `Model.recommend`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from ml.artifacts.schema import PARTS, Contents
from ml.benchmarks.memory import peak_mb
from ml.benchmarks.single_models import SingleModels
from ml.data.dataset import Dataset
from ml.data.line_files import dataset_of, read_lines
from ml.data.split import HISTORY_LIMIT, hold_out_at_random
from ml.data.textfile import UnreadableFile
from ml.evaluation.measures import ndcg_at_k, recall_at_k
from ml.models import affinity
from ml.models.blend_weights import BlendWeights
from ml.ranking.eligibility import Everything, Without
from ml.ranking.model import Model
from ml.training.fit import fit, parameters_of
from ml.training.options import Options, Progress, within
from ml.training.rehearsal import rehearse
from ml.training.train import require_enough

PARTS_USED = tuple(part for part in PARTS if part != "reorder")
"""Nobody buys twice in such files."""

OPTIONS = Options(factors=64, regularization=10.0, iterations=10, alpha=40.0, threads=0)


@dataclass(frozen=True)
class ModelMeasures:
    """How one model did."""

    name: str
    recall: float
    ndcg: float
    fit_seconds: float
    """Wall time; of the blend, all that was trained to learn it and to make it."""
    us_per_user: float
    """Processor time; the blend is asked user by user, as a server is, the others for many users at once."""


@dataclass(frozen=True)
class PublishedReport:
    """How all models did, the blend last."""

    models: Sequence[ModelMeasures]
    k: int
    users: int
    peak_mb: float
    shares: Mapping[str, float]
    """Of the item-to-item models in the blend."""
    weights: BlendWeights

    def rows(self) -> list[dict[str, object]]:
        """A row for each model."""
        return [
            {
                "name": row.name,
                f"recall@{self.k}": row.recall,
                f"ndcg@{self.k}": row.ndcg,
                "fit_s": row.fit_seconds,
                "us_per_user": row.us_per_user,
            }
            for row in self.models
        ]

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "models": self.rows(),
            "k": self.k,
            "users": self.users,
            "peak_mb": self.peak_mb,
            "shares": dict(self.shares),
            "weights": asdict(self.weights),
        }


class _Test:
    """What users of the second file were waiting for."""

    def __init__(self, past: Mapping[int, list[int]], future: Mapping[int, list[int]], k: int) -> None:
        self.k = k
        self.users = sorted(user for user, items in future.items() if items)
        self.past = {user: [item + 1 for item in past.get(user, ())] for user in self.users}
        self.future = {user: frozenset(item + 1 for item in future[user]) for user in self.users}

    def row(
        self, name: str, fit_seconds: float, rank: Callable[[], Sequence[Sequence[int]]]
    ) -> ModelMeasures:
        """Make the lists of all users, which is timed, and measure them."""
        started = time.process_time()
        lists = rank()
        spent = time.process_time() - started
        pairs = [(ranked, self.future[user]) for ranked, user in zip(lists, self.users, strict=True)]
        return ModelMeasures(
            name,
            round(float(np.mean([recall_at_k(*pair, self.k) for pair in pairs])), 4),
            round(float(np.mean([ndcg_at_k(*pair, self.k) for pair in pairs])), 4),
            round(fit_seconds, 1),
            round(1e6 * spent / len(pairs), 1),
        )


class _Watch:
    """Passes progress on, and tells how long each stage and each item-to-item model took when it last ran."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._running: tuple[str, float] | None = None
        self.seconds: dict[str, float] = {}

    def __call__(self, stage: str, percent: int, message: str) -> None:
        if self._running is None or self._running[0] != stage:
            self.switch(stage)
        self._progress(stage, percent, message)

    def switch(self, name: str | None) -> None:
        """From now on time is counted under this name; None: under none."""
        now = time.monotonic()
        if self._running is not None:
            before, since = self._running
            self.seconds[before] = now - since
        self._running = None if name is None else (name, now)


def measure_files(train_path: Path, test_path: Path, *, k: int, progress: Progress) -> PublishedReport:
    """Train on one file, rank what its users do not have there, and compare with the other file.

    Raises UnreadableFile, and InsufficientData for a file too short.
    """
    progress("read", 0, "Reading the files")
    past, future = read_lines(train_path), read_lines(test_path)
    test = _Test(past, future, k)
    if not test.users:
        raise UnreadableFile(f"{test_path} holds no user with an item.")
    dataset = dataset_of(past, future)
    require_enough(dataset)
    # As in a server: threads of BLAS would spin over vectors this small.
    with threadpool_limits(1, "blas"):
        return _measured(dataset, test, progress)


def _measured(dataset: Dataset, test: _Test, progress: Progress) -> PublishedReport:
    started = time.monotonic()
    split = hold_out_at_random(dataset, seed=OPTIONS.seed)
    rehearsal = rehearse(dataset, OPTIONS, within(progress, 1, 40), split=split)
    shares = rehearsal.recipe.shares
    single = SingleModels.of(dataset, test.users, k=test.k)
    watch = _Watch(within(progress, 40, 75))
    models = _trained(single, tuple(shares), watch)
    contents = fit(dataset, OPTIONS, watch, parts=PARTS_USED, recipe=rehearsal.recipe, item_models=models)
    watch.switch(None)
    contents = contents | rehearsal.learned | Contents({}, {"reorder_trees": []})
    parameters = parameters_of(OPTIONS, rehearsal.recipe)
    model = Model("measured", contents, parameters)
    ended = time.monotonic()
    progress("evaluate", 75, f"Ranking for {len(test.users)} users")
    blend = test.row(
        "blend", ended - started, lambda: [_recommended(model, test, user) for user in test.users]
    )
    progress("evaluate", 85, "Measuring each model alone")
    # A user of such a file has one order: its walk over orders is the walk over users.
    others = [name for name in affinity.MODELS if name not in models and name != "baskets"]
    models |= _trained(single, others, watch)
    rows = [
        test.row("popularity", 0.0, lambda: _popular(model, test)),
        *(
            test.row(name, watch.seconds[name], partial(single.lists_by_neighbours, models[name]))
            for name in affinity.MODELS
            if name in models
        ),
        test.row("als", watch.seconds["als"], lambda: single.lists_by_factors(contents.arrays)),
        blend,
    ]
    progress("done", 100, "Done")
    return PublishedReport(rows, test.k, len(test.users), peak_mb(), shares=shares, weights=parameters.blend)


def _trained(single: SingleModels, names: Collection[str], watch: _Watch) -> dict[str, sparse.csr_matrix]:
    """Train item-to-item models, each timed for itself."""
    models = single.train(names, threads=OPTIONS.threads, on_model=watch.switch)
    watch.switch(None)
    return models


def _recommended(model: Model, test: _Test, user: int) -> list[int]:
    past = test.past[user]
    items = model.recommend(
        user + 1, history=past[:HISTORY_LIMIT], eligible=Without(frozenset(past)), limit=test.k
    )
    return [item.product_id for item in items]


def _popular(model: Model, test: _Test) -> list[list[int]]:
    longest = max(map(len, test.past.values()))
    best = [
        item.product_id for item in model.bestsellers.popular(eligible=Everything(), limit=test.k + longest)
    ]
    pasts = [frozenset(test.past[user]) for user in test.users]
    return [list(islice((item for item in best if item not in past), test.k)) for past in pasts]
