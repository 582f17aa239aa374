"""`sanset evaluate --search`: what it reads, how it mistypes, and what it says of a small shop."""

from __future__ import annotations

import gzip
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tiny_sentence_model import make

from ml.models.sentence import load
from server.cli import evaluate as command
from server.errors import CommandError
from server.search.evaluation.measure import Quality, ndcg
from server.search.evaluation.run import evaluate
from server.search.evaluation.typos import mistyped

PRODUCTS = [
    {"id": "a1", "title": "Sony wireless headphones", "supplier": "Sony", "attr_t_colour": "black"},
    {"id": "b2", "title": "Logitech wireless mouse", "supplier": "Logitech", "attr_n_width": 56.0},
    {"id": "c3", "name": "Oak chair", "categories": ["Garden"], "tags": ["wood"]},
]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Products and judgements of them."""
    products, judgements = tmp_path / "products.jsonl.gz", tmp_path / "judgements.csv"
    products.write_bytes(gzip.compress("\n".join(map(json.dumps, PRODUCTS)).encode()))
    judgements.write_text(
        "query,docid,rating\nwireless headphones,a1,3\nwireless headphones,b2,0\nchair,c3,2\n"
    )
    return products, judgements


def test_a_small_shop_is_measured_with_and_without_typos(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.search(*files, typos=7, as_json=True) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["clean"]["ndcg@10"] == said["full_text"]["ndcg@10"] == 1.0
    assert (said["typos"]["ndcg@10"], said["typos"]["zero_results"]) == (1.0, 0.0)
    assert said["clean"]["p99_ms"] >= said["clean"]["p50_ms"] > 0


def test_queries_without_a_good_answer_are_told_apart(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    files[1].write_text(files[1].read_text() + "garden gnome,a1,0\n")
    assert command.search(*files, typos=None, as_json=True) == 0
    clean = json.loads(capsys.readouterr().out)["clean"]
    assert (clean["queries"], clean["unanswerable"], clean["ndcg@10"]) == (3, 1, 1.0)
    assert clean["ndcg@10_of_all"] == pytest.approx(2 / 3, abs=1e-4)
    assert command.search(*files, typos=None, as_json=False) == 0
    assert "Of 1 of 3 queries no product was judged relevant" in capsys.readouterr().out


def test_a_sentence_model_finds_what_means_the_same(files: tuple[Path, Path], tmp_path: Path) -> None:
    model = make(tmp_path / "model", [["chair", "seat"], ["mouse"], ["headphones"]])
    files[1].write_text("query,docid,rating\nseat,c3,3\n")
    by_words = evaluate(*files, typos=None)
    by_meaning = evaluate(*files, typos=None, model=load(str(model)))
    assert (by_words.clean.ndcg, by_meaning.clean.ndcg) == (0.0, 1.0)
    assert by_meaning.full_text == replace(by_words.full_text, **_times(by_meaning.full_text))


def _times(quality: Quality) -> dict[str, float]:
    return {"p50_ms": quality.p50_ms, "p99_ms": quality.p99_ms}


def test_without_typos_none_are_measured(files: tuple[Path, Path]) -> None:
    assert set(evaluate(*files, typos=None).parts()) == {"clean", "full_text"}


@pytest.mark.parametrize("text", ["query,docid,rating\n", "query,docid,rating\nx,unknown,1\n", "a,b\n1,2\n"])
def test_judgements_that_are_none_are_refused(files: tuple[Path, Path], text: str) -> None:
    files[1].write_text(text)
    with pytest.raises(CommandError):
        evaluate(*files, typos=None)


def test_the_ideal_order_is_one_and_what_was_not_judged_is_nothing() -> None:
    ratings = {1: 3, 2: 1, 3: 0}
    assert ndcg([1, 2, 3], ratings) == 1.0
    assert 0 < ndcg([9, 2, 1], ratings) < ndcg([1, 9, 2], ratings) < 1
    assert ndcg([], ratings) == ndcg([1], {1: 0}) == 0.0


@given(st.text(alphabet="abcdefgh 12-", max_size=40), st.integers(0, 1000))
def test_one_edit_is_made_inside_one_word(query: str, seed: int) -> None:
    typed = mistyped(query, random.Random(seed))
    words, others = re.findall(r"[^\s-]+", query), re.findall(r"[^\s-]+", typed)
    assert len(words) == len(others)
    changed = [(word, other) for word, other in zip(words, others, strict=True) if word != other]
    assert len(changed) == any(word.isalpha() and len(word) >= 4 for word in words)
    for word, other in changed:
        assert abs(len(word) - len(other)) <= 1
        assert (word[0], word[-1]) == (other[0], other[-1])
