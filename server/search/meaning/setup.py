"""Composes the meaning half of the search: by a sentence model where one is installed, else by content vectors."""

from __future__ import annotations

from dataclasses import dataclass

from ml.models import sentence
from ml.models.sentence import SentenceModel, UnusableModel
from server.core import Core
from server.errors import CommandError
from server.events.topics import CatalogReplaced, CategoryChanged, ProductChanged
from server.jobs.runner import Job
from server.part import Gauge, Part
from server.recommend.serving.served_models import ServedModels
from server.search.meaning.embedding import EVERY, PAUSE, Embedding
from server.search.meaning.leg import ContentMeaning, SentenceMeaning
from server.search.meaning.vectors import ProductVectors
from server.search.service import Meaning

EMBED = "embed products"


@dataclass(frozen=True, kw_only=True)
class MeaningPart(Part):
    """What says what queries mean, and keeps it fresh."""

    meaning: Meaning


def build(core: Core, models: ServedModels) -> MeaningPart:
    """The meaning that the settings choose; raises CommandError when their model cannot be used."""
    name = core.settings.embedding_model
    if not name:
        return MeaningPart(meaning=ContentMeaning(models))
    return _by_sentences(core, load(name))


def load(name: str) -> SentenceModel:
    """The model that EMBEDDING_MODEL names; raises CommandError when it cannot be used."""
    try:
        return sentence.load(name)
    except UnusableModel as error:
        raise CommandError(f"EMBEDDING_MODEL: {error}") from error


def _by_sentences(core: Core, model: SentenceModel) -> MeaningPart:
    embedding = Embedding(model, core.work, core.clock)
    vectors = ProductVectors(core.work, model.identity)
    meaning = SentenceMeaning(model, vectors)

    async def start() -> None:
        vectors.start()

    async def stop() -> None:
        await vectors.stop()
        meaning.stop()
        embedding.stop()

    return MeaningPart(
        meaning=meaning,
        listeners=[embedding.attach, vectors.attach],
        jobs=[
            Job(
                EMBED,
                embedding.run,
                every=EVERY,
                pause=PAUSE,
                woken_by=(ProductChanged, CategoryChanged, CatalogReplaced),
            )
        ],
        gauges=[
            Gauge(
                "sanset_search_vectors",
                "Products that searches on this worker find by their meaning",
                lambda: float(len(vectors.index)),
            ),
            Gauge(
                "sanset_search_vectors_waiting",
                "Products whose vector is still to be looked at, on the worker that does so",
                lambda: float(embedding.waiting),
            ),
        ],
        start=start,
        stop=stop,
    )
