"""Measures the recommendations on data that was split beforehand: train on one file, rank for another.

What is trained, written down and asked is what a shop trains, stores and asks: the blend is learned by holding out
a part of the training file once more, and the lists are those of `Model.recommend`.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ml import affinity, copurchase, train
from ml.arrays import Array, Rows
from ml.dataset import Dataset
from ml.eligible import Without
from ml.linefiles import dataset_of, read_lines
from ml.measures import ndcg_at_k, recall_at_k
from ml.model import Model
from ml.online_retail import UnreadableFile
from ml.schema import PARTS, Contents
from ml.split import HISTORY_LIMIT, hold_out_at_random

CHUNK = 256
PARTS_USED = tuple(part for part in PARTS if part != "reorder")
"""Nobody buys twice in such files."""

OPTIONS = train.Options(factors=64, regularization=10.0, iterations=10, alpha=40.0, threads=0)


@dataclass(frozen=True)
class Row:
    """How one model did."""

    name: str
    recall: float
    ndcg: float
    fit_seconds: float
    """Wall time; of the blend, all that was trained to learn it and to make it."""
    us_per_user: float


@dataclass(frozen=True)
class Table:
    """How all models did, the blend last."""

    rows: Sequence[Row]
    k: int
    users: int
    peak_mb: float
    shares: Mapping[str, float]
    """Of the item-to-item models in the blend."""
    weights: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        models = [
            {
                "name": row.name,
                f"recall@{self.k}": row.recall,
                f"ndcg@{self.k}": row.ndcg,
                "fit_s": row.fit_seconds,
                "us_per_user": row.us_per_user,
            }
            for row in self.rows
        ]
        return {
            "models": models,
            "k": self.k,
            "users": self.users,
            "peak_mb": self.peak_mb,
            "shares": dict(self.shares),
            "weights": dict(self.weights),
        }


class _Test:
    """What users of the second file were waiting for."""

    def __init__(self, past: Mapping[int, list[int]], future: Mapping[int, list[int]], k: int) -> None:
        self.k = k
        self.users = sorted(user for user, items in future.items() if items)
        self.past = {user: [item + 1 for item in past.get(user, ())] for user in self.users}
        self.future = {user: frozenset(item + 1 for item in future[user]) for user in self.users}

    def row(self, name: str, fit_seconds: float, rank: Callable[[int], Sequence[int]]) -> Row:
        """Ask for each user's list, and measure it."""
        started = time.process_time()
        lists = [rank(user) for user in self.users]
        spent = time.process_time() - started
        return self.measured(name, fit_seconds, lists, spent)

    def measured(self, name: str, fit_seconds: float, lists: Sequence[Sequence[int]], spent: float) -> Row:
        """Measure lists that took `spent` seconds of processor time."""
        wanted = [self.future[user] for user in self.users]
        return Row(
            name,
            round(
                float(np.mean([recall_at_k(*pair, self.k) for pair in zip(lists, wanted, strict=True)])), 4
            ),
            round(float(np.mean([ndcg_at_k(*pair, self.k) for pair in zip(lists, wanted, strict=True)])), 4),
            round(fit_seconds, 1),
            round(1e6 * spent / max(1, len(self.users)), 1),
        )


def measure_files(train_path: Path, test_path: Path, k: int, progress: train.Progress) -> Table:
    """Train on one file, rank what its users do not have there, and compare with the other file.

    Raises UnreadableFile, and TooLittleData for a file too short.
    """
    progress("read", 0, "Reading the files")
    past, future = read_lines(train_path), read_lines(test_path)
    test = _Test(past, future, k)
    if not test.users:
        raise UnreadableFile(f"{test_path} holds no user with an item.")
    dataset = dataset_of(past, future)
    train.require_enough(dataset)
    # As in a server: threads of BLAS would spin over vectors this small.
    with threadpool_limits(1, "blas"):
        return _measured(dataset, test, progress)


def _measured(dataset: Dataset, test: _Test, progress: train.Progress) -> Table:
    k = test.k
    started = time.monotonic()
    split = hold_out_at_random(dataset, seed=OPTIONS.seed)
    rehearsal = train.rehearse(dataset, OPTIONS, _part(progress, 1, 40), split=split)
    fitting = time.monotonic()
    contents = train.fit(dataset, OPTIONS, _part(progress, 40, 75), PARTS_USED, rehearsal.recipe)
    contents = contents | rehearsal.learned | Contents({}, {"reorder_trees": []})
    parameters = train.parameters_of(OPTIONS, rehearsal.recipe)
    model = Model("measured", contents, parameters, rehearsal.metrics)
    ended = time.monotonic()
    progress("evaluate", 75, f"Ranking for {len(test.users)} users")
    blend = test.row("blend", ended - started, lambda user: _recommended(model, test, user))
    rows = [
        test.row("popularity", 0.0, lambda user: _popular(model, test, user)),
        *_item_rows(dataset, test, _part(progress, 80, 95)),
        test.row(
            "als", ended - fitting, lambda user: model.source_alone("als", user + 1, test.past[user], k)
        ),
        blend,
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    progress("done", 100, "Done")
    return Table(rows, k, len(test.users), round(peak, 1), rehearsal.recipe.shares, parameters["blend"])


def _part(progress: train.Progress, start: int, end: int) -> train.Progress:
    return lambda stage, percent, message: progress(stage, start + (end - start) * percent // 100, message)


def _recommended(model: Model, test: _Test, user: int) -> list[int]:
    past = test.past[user]
    items = model.recommend(
        user + 1, history=past[:HISTORY_LIMIT], eligible=Without(frozenset(past)), limit=test.k
    )
    return [item.product_id for item in items]


def _popular(model: Model, test: _Test, user: int) -> list[int]:
    items = model.popular(eligible=Without(frozenset(test.past[user])), limit=test.k)
    return [item.product_id for item in items]


def _item_rows(dataset: Dataset, test: _Test, progress: train.Progress) -> list[Row]:
    """Each item-to-item model alone, trained on everything."""
    ids = dataset.products.ids
    user_ids, user_items = affinity.bought(dataset.interactions, ids)
    baskets = copurchase.baskets(dataset.interactions, ids)
    rows = []
    for place, name in enumerate(affinity.MODELS):
        if name == "baskets":
            continue  # every user has one basket: it is the walk over users
        progress("evaluate", 100 * place // len(affinity.MODELS), f"Measuring {name} alone")
        started = time.monotonic()
        matrix = affinity.train(user_items, baskets, (name,), threads=OPTIONS.threads)[name]
        fit_seconds = time.monotonic() - started
        started = time.process_time()
        lists = _summed(user_items, matrix, user_ids, ids, test)
        rows.append(test.measured(name, fit_seconds, lists, time.process_time() - started))
    return rows


def _summed(user_items: Any, matrix: Any, user_ids: Array, ids: Array, test: _Test) -> list[list[int]]:
    places: Rows = np.searchsorted(user_ids, np.array(test.users) + 1)
    known = (places < len(user_ids)) & (
        user_ids[np.minimum(places, len(user_ids) - 1)] == np.array(test.users) + 1
    )
    lists: list[list[int]] = []
    for start in range(0, len(places), CHUNK):
        chunk = places[start : start + CHUNK]
        own = user_items[np.where(known[start : start + CHUNK], chunk, 0)]
        scores = (own @ matrix).toarray()
        scores[own.nonzero()] = -1
        best = np.argpartition(scores, scores.shape[1] - test.k, axis=1)[:, -test.k :]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
        found = ids[np.take_along_axis(best, order, axis=1)].tolist()
        lists += [
            row if may else [] for row, may in zip(found, known[start : start + CHUNK].tolist(), strict=True)
        ]
    return lists
