"""The synonyms as search reads them: what else the words of a query may be said with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final

from server.background import WHEN_WOKEN, BackgroundLoop
from server.db.work import Work
from server.events.follower import Follower
from server.events.topics import SynonymsChanged
from server.search.engine import interpretation
from server.search.synonyms import queries
from server.search.synonyms.queries import SynonymRule
from server.search.synonyms.terms import Words, split

RETRY: Final = timedelta(milliseconds=250)
MAX_RETRY: Final = timedelta(seconds=5)


class SynonymTable:
    """Synonyms by the words that they are for."""

    def __init__(self, synonyms: Iterable[SynonymRule] = ()) -> None:
        rules: dict[Words, dict[Words, None]] = {}
        for synonym in synonyms:
            terms = [split(term) for term in synonym.terms]
            for words in [split(synonym.input)] if synonym.input else terms:
                others = rules.setdefault(words, {})
                others |= {other: None for other in terms if other != words}
        self._rules = {words: tuple(others) for words, others in rules.items() if words and others}
        self._sizes = sorted({len(words) for words in self._rules}, reverse=True)

    def of(self, query: Sequence[str]) -> Sequence[interpretation.Synonym]:
        """What else the words of a query are called: of terms that begin at one word, the longest counts."""
        synonyms: list[interpretation.Synonym] = []
        for start in range(len(query)):
            ends = [start + size for size in self._sizes if start + size <= len(query)]
            end = next((end for end in ends if tuple(query[start:end]) in self._rules), start)
            for words in self._rules.get(tuple(query[start:end]), ()):
                synonyms.append(interpretation.Synonym(start, end, words))
        return synonyms


class SynonymKeeper:
    """The synonyms of a worker, read again whenever they change. For use on its event loop."""

    def __init__(self, work: Work, use: Callable[[SynonymTable], None]) -> None:
        """`use` is told what they are, and what they became."""
        self._work = work
        self._use = use
        self._reading = BackgroundLoop(
            "synonyms", self._read, every=WHEN_WOKEN, first_retry=RETRY, max_retry=MAX_RETRY
        )

    def attach(self, follower: Follower) -> None:
        """Learn when they change."""
        follower.on(SynonymsChanged, lambda _: self._reading.wake())

    async def start(self) -> None:
        """Read them."""
        await self._read()
        self._reading.start(after=WHEN_WOKEN)

    async def stop(self) -> None:
        """Read them no more."""
        await self._reading.stop()

    async def _read(self) -> None:
        self._use(SynonymTable(await self._work.read(queries.all_synonyms)))
