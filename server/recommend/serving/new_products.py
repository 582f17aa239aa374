"""Gives every product a place in the served models within a second of its creation, without training."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence

import numpy as np
import structlog
from sqlalchemy.exc import SQLAlchemyError

from ml.data.arrays import Ids
from ml.models.content import ProductText
from ml.ranking.model import Model
from server.errors import Refusal
from server.recommend.serving.queries import ProductWords

MAX_NEWCOMERS = 20_000
"""More than a shop should add between two trainings; of more the newest are served."""

SETTLE_SECONDS = 0.1
MAX_SETTLE_SECONDS = 0.4
"""A burst of new products is one extension; who creates one after the other sees each within a second."""

TAKE_IN_SECONDS = 5.0
RETRY_SECONDS = 0.5
REST = 2.0
"""Seconds of rest for each second of building, so that a flood of products leaves the core to the callers."""

ListIds = Callable[[], Awaitable[Sequence[int]]]
Describe = Callable[[Sequence[int]], Awaitable[Mapping[int, ProductWords]]]

log = structlog.get_logger()


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
        self._known: dict[int, ProductWords] = {}
        self._changed: set[int] = set()
        self._all_changed = False
        self._task: asyncio.Task[None] | None = None

    def of(self, model: Model) -> Model:
        """The model with the newcomers in it."""
        return self._extended.get(model, model)

    def __contains__(self, product_id: int) -> bool:
        return product_id in self._known

    def __len__(self) -> int:
        return len(self._known)

    async def take_in(self, model: Model) -> None:
        """Extend a model that is about to be served, and from now on with every newcomer.

        After TAKE_IN_SECONDS it is served without them, and gets them when they are ready.
        """
        self._extended[model] = model
        self.change_all()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=TAKE_IN_SECONDS)

    def keep_only(self, models: Iterable[Model]) -> None:
        """Forget all but these models, which are served."""
        kept = set(models)
        self._extended = {model: extended for model, extended in self._extended.items() if model in kept}

    def change(self, product_id: int) -> None:
        """A product was created, changed or deleted."""
        if self._extended:
            self._changed.add(product_id)
            self._wake()

    def change_all(self) -> None:
        """Any number of products may have been."""
        if self._extended:
            self._all_changed = True
            self._wake()

    async def stop(self) -> None:
        """Stop extending."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._keep_up())

    async def _keep_up(self) -> None:
        while self._changed or self._all_changed:
            await self._burst()
            changed, everything = self._changed, self._all_changed
            self._changed, self._all_changed = set(), False
            started = time.monotonic()
            try:
                news = await (self._read_all() if everything else self._read(changed))
            except (SQLAlchemyError, Refusal, TimeoutError) as error:
                log.warning("newcomers_retry", error=type(error).__name__)
                self._changed |= changed
                self._all_changed |= everything
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if news:
                await self._build()
                await asyncio.sleep(REST * (time.monotonic() - started))

    async def _burst(self) -> None:
        """Wait for the end of a burst of changes, or for as long as one may be kept waiting."""
        give_up = time.monotonic() + MAX_SETTLE_SECONDS
        seen = -1
        while seen != len(self._changed) and time.monotonic() < give_up and not self._all_changed:
            seen = len(self._changed)
            await asyncio.sleep(SETTLE_SECONDS)

    async def _read_all(self) -> bool:
        ids = np.array(await self._list_ids(), dtype=np.int64)
        models = list(self._extended)
        unknown = await asyncio.to_thread(_unknown, models, ids)
        self._known = dict(await self._describe(unknown[:MAX_NEWCOMERS]))
        return True

    async def _read(self, changed: Collection[int]) -> bool:
        """Learn what became of these; False when no newcomer is among them."""
        models = list(self._extended)
        unknown = [each for each in changed if any(not model.knows(each) for model in models)]
        if not unknown:
            return False
        described = await self._describe(unknown)
        for product_id in unknown:
            self._known.pop(product_id, None)
        self._known |= described
        for product_id in sorted(self._known)[:-MAX_NEWCOMERS]:
            del self._known[product_id]
        return True

    async def _build(self) -> None:
        known = dict(self._known)
        for model in list(self._extended):
            extended = await asyncio.to_thread(_extended, model, known)
            if model in self._extended:
                self._extended[model] = extended


def _unknown(models: Sequence[Model], ids: Ids) -> list[int]:
    """The ids that any of the models does not know, the newest first."""
    known_to_all = np.ones(len(ids), dtype=np.bool_)
    for model in models:
        known_to_all &= np.isin(ids, model.product_ids)
    newest_first: list[int] = np.sort(ids[~known_to_all])[::-1].tolist()
    return newest_first


def text_of(words: ProductWords) -> ProductText:
    """The words of a product as a model wants them."""
    return ProductText(words.name, words.category, words.brand, words.description)


def _extended(model: Model, known: Mapping[int, ProductWords]) -> Model:
    newcomers = {
        product_id: (text_of(words), words.category_id)
        for product_id, words in known.items()
        if not model.knows(product_id)
    }
    return model.extended(newcomers) if newcomers else model
