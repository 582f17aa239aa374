"""Gives every product a place in the served models within a second of its creation, without training."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

import numpy as np

from ml.data.arrays import Ids
from ml.models.content import ProductText
from ml.ranking.model import Model
from server.recommend.serving.changes import Burst, ChangedProducts, Changes
from server.recommend.serving.queries import ProductWords

MAX_NEWCOMERS = 20_000
"""More than a shop should add between two trainings; of more the newest are served."""

SETTLE = timedelta(seconds=0.1)
MAX_SETTLE = timedelta(seconds=0.4)
"""A burst of new products is one extension; who creates one after the other sees each within a second."""

TAKE_IN_SECONDS = 5.0
RETRY = timedelta(seconds=0.5)
REST = 2.0
"""Seconds of rest for each second of building, so that a flood of products leaves the core to the callers."""

ListIds = Callable[[], Awaitable[Sequence[int]]]
Describe = Callable[[Sequence[int]], Awaitable[Mapping[int, ProductWords]]]


class NewProducts:
    """The products that a trained model does not know, and each model extended by them.

    A trained model stays as it is. `of` gives what is served in its place: another model, built off the loop
    whenever a newcomer is created, changed or deleted. For use on one event loop.
    """

    def __init__(self, list_ids: ListIds, describe: Describe) -> None:
        """`list_ids` gives the ids of all products; `describe` the words of those among the given that exist."""
        self._list_ids = list_ids
        self._describe = describe
        self._extended: dict[Model, Model] = {}
        self._newcomers: dict[int, ProductWords] = {}
        self.changes = ChangedProducts(
            "new_products", self._read, retry=RETRY, burst=Burst(SETTLE, MAX_SETTLE)
        )
        """Where every product is reported that is created, changed or deleted."""

    def of(self, model: Model) -> Model:
        """The model with the newcomers in it."""
        return self._extended.get(model, model)

    def __contains__(self, product_id: int) -> bool:
        return product_id in self._newcomers

    def __len__(self) -> int:
        return len(self._newcomers)

    async def take_in(self, model: Model) -> None:
        """Extend a model that is about to be served, and from now on with every newcomer.

        After TAKE_IN_SECONDS it is served without them, and gets them when they are ready.
        """
        self._extended[model] = model
        self.changes.add_all()
        with suppress(TimeoutError):
            async with asyncio.timeout(TAKE_IN_SECONDS):
                await self.changes.settled()

    def keep_only(self, models: Iterable[Model]) -> None:
        """Forget all but these models, which are served."""
        served = set(models)
        self._extended = {model: extended for model, extended in self._extended.items() if model in served}

    def start(self) -> None:
        """Begin to follow the changes; must be called on the running event loop."""
        self.changes.start()

    async def stop(self) -> None:
        """Stop extending."""
        await self.changes.stop()

    async def _read(self, changes: Changes) -> None:
        if not self._extended:
            return
        started = time.monotonic()
        if await (self._read_all() if changes.everything else self._read_some(changes.product_ids)):
            await self._build()
            await asyncio.sleep(REST * (time.monotonic() - started))

    async def _read_all(self) -> bool:
        ids = np.array(await self._list_ids(), dtype=np.int64)
        models = list(self._extended)
        unknown = await asyncio.to_thread(_unknown, models, ids)
        self._newcomers = dict(await self._describe(unknown[:MAX_NEWCOMERS]))
        return True

    async def _read_some(self, changed: Collection[int]) -> bool:
        """Learn what became of these; False when no newcomer is among them."""
        models = list(self._extended)
        unknown = [each for each in changed if any(not model.knows(each) for model in models)]
        if not unknown:
            return False
        described = await self._describe(unknown)
        for product_id in unknown:
            self._newcomers.pop(product_id, None)
        self._newcomers |= described
        for product_id in sorted(self._newcomers)[:-MAX_NEWCOMERS]:
            del self._newcomers[product_id]
        return True

    async def _build(self) -> None:
        newcomers = dict(self._newcomers)
        for model in list(self._extended):
            extended = await asyncio.to_thread(_extended, model, newcomers)
            if model in self._extended:
                self._extended[model] = extended


def _unknown(models: Sequence[Model], ids: Ids) -> list[int]:
    """The ids that any of the models does not know, the newest first."""
    in_every_model = np.ones(len(ids), dtype=np.bool_)
    for model in models:
        in_every_model &= np.isin(ids, model.product_ids)
    newest_first: list[int] = np.sort(ids[~in_every_model])[::-1].tolist()
    return newest_first


def text_of(words: ProductWords) -> ProductText:
    """The words of a product as a model wants them."""
    return ProductText(words.name, words.category, words.brand, words.description)


def _extended(model: Model, newcomers: Mapping[int, ProductWords]) -> Model:
    unknown = {
        product_id: (text_of(words), words.category_id)
        for product_id, words in newcomers.items()
        if not model.knows(product_id)
    }
    return model.extended(unknown) if unknown else model
