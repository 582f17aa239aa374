"""A sentence model from a directory: what it says of texts, and how one that is none is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support import tiny_sentence_model

from ml.models import sentence
from ml.models.sentence import UnusableModel

MEANINGS = [("sofa", "couch"), ("red",), ("lamp",)]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with a tiny model."""
    return tiny_sentence_model.make(tmp_path / "tiny", MEANINGS)


def test_words_of_one_meaning_have_one_place(directory: Path) -> None:
    model = sentence.load(str(directory))
    sofa, couch, lamp = model.of_texts(["sofa", "Couch", "lamp"])
    assert np.allclose(sofa, couch)
    assert sofa @ lamp == 0
    assert np.allclose(model.of_query("couch"), sofa)


def test_a_text_is_the_mean_of_its_tokens_and_not_of_what_it_is_padded_with(directory: Path) -> None:
    model = sentence.load(str(directory))
    texts = ["red sofa", *["lamp lamp lamp lamp red"] * 40, "sofa"]
    vectors = model.of_texts(texts)
    assert np.allclose(vectors[0], model.of_texts(["red sofa"])[0])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.allclose(vectors[-1], model.of_query("sofa"))


def test_a_text_without_a_known_word_has_no_direction(directory: Path) -> None:
    assert not sentence.load(str(directory)).of_query("zebra").any()


def test_the_first_token_speaks_where_the_model_was_trained_so(directory: Path) -> None:
    (directory / "1_Pooling").mkdir()
    (directory / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    model = sentence.load(str(directory))
    assert np.allclose(model.of_query("sofa lamp red"), model.of_query("sofa"))


def test_prompts_come_before_queries_and_texts(directory: Path) -> None:
    prompts = {"prompts": {"query": "red ", "document": "lamp "}}
    (directory / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    model = sentence.load(str(directory))
    plain = sentence.load(str(tiny_sentence_model.make(directory.parent / "plain", MEANINGS)))
    assert np.allclose(model.of_query("sofa"), plain.of_query("red sofa"))
    assert np.allclose(model.of_texts(["sofa"])[0], plain.of_query("lamp sofa"))


def test_other_files_are_another_model(directory: Path, tmp_path: Path) -> None:
    same = tiny_sentence_model.make(tmp_path / "same", MEANINGS)
    other = tiny_sentence_model.make(tmp_path / "other", [*MEANINGS, ("cup",)])
    identities = [sentence.load(str(each)).identity for each in (directory, same, other)]
    assert identities[0] == identities[1] != identities[2]


def test_a_text_longer_than_the_model_reads_is_cut(directory: Path) -> None:
    model = sentence.load(str(directory))
    assert np.allclose(model.of_query("sofa " * 2_000 + "lamp"), model.of_query("sofa"))


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda d: (d / "model.onnx").unlink(), "has no model.onnx"),
        (lambda d: (d / "tokenizer.json").unlink(), "has no tokenizer.json"),
        (lambda d: (d / "model.onnx").write_bytes(b"no model"), "model.onnx: "),
        (lambda d: (d / "tokenizer.json").write_text("{}"), "tokenizer.json: "),
        (lambda d: (d / "config_sentence_transformers.json").write_text("{"), "transformers.json: "),
        (lambda d: [(d / "model.onnx").rename(d / "a.onnx"), (d / "b.onnx").touch()], "several models"),
    ],
)
def test_a_spoilt_directory_is_refused_in_one_line(directory: Path, spoil: object, problem: str) -> None:
    spoil(directory)  # type: ignore[operator]
    with pytest.raises(UnusableModel, match=problem) as refused:
        sentence.load(str(directory))
    assert "\n" not in str(refused.value)


def test_a_directory_that_is_not_there_is_no_name() -> None:
    with pytest.raises(UnusableModel, match="no such directory"):
        sentence.load("/nowhere/at/all")


def test_a_name_needs_fastembed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fastembed", None)
    with pytest.raises(UnusableModel, match="pip install fastembed"):
        sentence.load("maker/model")
