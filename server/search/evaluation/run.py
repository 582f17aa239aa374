"""`sanset evaluate --search`: builds an index of a file of products, and asks it what people asked."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.models.sentence import SentenceModel
from server.progress import ProgressReport, silent
from server.search.evaluation.data import read_judgements, read_products
from server.search.evaluation.measure import Quality, full_text, measure
from server.search.evaluation.serving import serving
from server.search.evaluation.typos import mistyped


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuality:
    """The quality of search, and of plain full-text search on the same texts."""

    clean: Quality
    full_text: Quality
    typos: Quality | None = None
    full_text_typos: Quality | None = None

    def parts(self) -> Mapping[str, Quality]:
        """What was measured, by name."""
        named = {
            "clean": self.clean,
            "typos": self.typos,
            "full_text": self.full_text,
            "full_text_typos": self.full_text_typos,
        }
        return {name: quality for name, quality in named.items() if quality is not None}


def evaluate(
    products: Path,
    judgements: Path,
    *,
    typos: int | None,
    model: SentenceModel | None = None,
    report: ProgressReport = silent,
) -> SearchQuality:
    """Measure on these files, with `typos` once more with a mistyped word; raises CommandError and OSError.

    With a sentence model the search goes by the meaning of the products too, as that of a shop does.
    """
    collection = read_products(products)
    judged = read_judgements(judgements, collection.ids)
    plain = full_text(collection.documents)
    with serving(collection.documents, model, report) as find:
        if typos is None:
            return SearchQuality(clean=measure(find, judged), full_text=measure(plain, judged))
        chance = random.Random(typos)  # noqa: S311 - repeatable, not a secret
        typed = {query: mistyped(query, chance) for query in judged}
        return SearchQuality(
            clean=measure(find, judged),
            typos=measure(find, judged, typed.__getitem__),
            full_text=measure(plain, judged),
            full_text_typos=measure(plain, judged, typed.__getitem__),
        )
