"""What Envoy answers by itself: in the language that the caller likes best, as their header says it in order."""

from __future__ import annotations

import re
from typing import Any

import pytest

from server.process.envoy import local_replies
from server.process.envoy.refusals import prefers
from server.text.languages import languages, preferred


def fits(rule: dict[str, Any], header: str) -> bool:
    """Whether a filter of Envoy's takes a header; RE2 and Python read its expression alike."""
    matcher = rule["header_filter"]["header"]
    found = re.fullmatch(matcher["string_match"]["safe_regex"]["regex"], header) is not None
    return found is not matcher.get("invert_match", False)


@pytest.mark.parametrize(
    "header",
    [
        *("de", "DE-at", "de;q=0.5", "fr, de-AT;q=0.1", "de-DE,de;q=0.9,en;q=0.5", "de , en", "de;q=1.0"),
        *("", "en", "en, de", "en-GB;q=0.9,de;q=0.8", "de;q=0", "de;q=0.0, en", "fr", "den", "x-de", "*"),
    ],
)
def test_a_refusal_is_in_the_language_that_is_liked_best(header: str) -> None:
    for language in languages() - {"en"}:
        assert all(fits(rule, header) for rule in prefers(language)) == (preferred(header) == language)


def test_of_several_languages_the_first_one_named_counts_whatever_their_weights() -> None:
    header = "en;q=0.3, de;q=0.9"
    assert preferred(header) == "de"
    assert not all(fits(rule, header) for rule in prefers("de"))


def test_whoever_asks_for_no_other_language_gets_english() -> None:
    mappers = local_replies.config(retry_seconds=9, max_body_bytes=100)["mappers"]
    localized = [index for index, mapper in enumerate(mappers) if "accept-language" in str(mapper["filter"])]
    assert len(localized) >= 10 * len(languages() - {"en"})
    for index in localized:
        assert localized[-1] > index or "accept-language" not in str(mappers[index + 1]["filter"])
    assert "LocalizedMessage" not in str(mappers[localized[-1] + 1])
