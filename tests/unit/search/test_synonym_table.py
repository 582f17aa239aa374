"""Synonyms as search reads them."""

from __future__ import annotations

from datetime import UTC, datetime

from server.search.engine import interpretation
from server.search.synonyms.queries import SynonymRule
from server.search.synonyms.table import SynonymTable

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def table(*synonyms: tuple[str, list[str]]) -> SynonymTable:
    """Synonyms by their input ("": equal) and terms."""
    return SynonymTable(
        SynonymRule(number, input_, terms, NOW, NOW, 1) for number, (input_, terms) in enumerate(synonyms)
    )


def said(synonyms: SynonymTable, *query: str) -> list[tuple[int, int, str]]:
    """What else a query may be called: from which word to before which, and how."""
    return [(each.start, each.end, " ".join(each.words)) for each in synonyms.of(query)]


def test_equal_terms_stand_for_each_other() -> None:
    synonyms = table(("", ["Sofa", "couch", "settee"]))
    assert said(synonyms, "red", "couch") == [(1, 2, "sofa"), (1, 2, "settee")]
    assert synonyms.of(["couch"])[0] == interpretation.Synonym(0, 1, ("sofa",))


def test_a_one_way_rule_goes_one_way() -> None:
    synonyms = table(("TV", ["television", "flat screen"]))
    assert said(synonyms, "tv") == [(0, 1, "television"), (0, 1, "flat screen")]
    assert said(synonyms, "television") == []


def test_of_terms_that_begin_at_one_word_the_longest_counts() -> None:
    synonyms = table(("", ["head phones", "headset"]), ("", ["head", "skull"]))
    assert said(synonyms, "head", "phones", "head") == [(0, 2, "headset"), (2, 3, "skull")]


def test_both_kinds_for_one_term_come_together() -> None:
    synonyms = table(("", ["tv", "telly"]), ("tv", ["television"]))
    assert said(synonyms, "tv") == [(0, 1, "telly"), (0, 1, "television")]


def test_words_that_say_nothing_count_only_alone() -> None:
    assert said(table(("", ["coffee to go", "takeaway"])), "coffee", "go") == [(0, 2, "takeaway")]
