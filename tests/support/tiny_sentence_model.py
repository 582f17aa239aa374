"""A sentence model of a few words, made here: ONNX with its tokenizer, as EMBEDDING_MODEL wants them.

Words of one meaning have one place, every meaning a direction of its own. A word that is not listed has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

WIDTH = 16
UNKNOWN = "[UNK]"
FLOAT, INT64 = 1, 7


def make(directory: Path, meanings: Iterable[Sequence[str]]) -> Path:
    """Write a model into `directory` for these groups of words that mean the same; at most WIDTH groups."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    groups = [list(group) for group in meanings]
    words = [UNKNOWN, *(word for group in groups for word in group)]
    places = np.zeros((len(words), WIDTH), dtype="<f4")
    for direction, group in enumerate(groups):
        places[[words.index(word) for word in group], direction] = 1
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(directory / "tokenizer.json"))
    (directory / "model.onnx").write_bytes(_model(places))
    return directory


def _model(places: np.ndarray) -> bytes:
    """A graph that looks the place of each token up, in the wire format of onnx.proto."""
    table = _numbers(1, places.shape) + _number(2, FLOAT) + _text(8, "places") + _bytes(9, places.tobytes())
    look_up = _text(1, "places") + _text(1, "input_ids") + _text(2, "last_hidden_state") + _text(4, "Gather")
    graph = (
        _bytes(1, look_up)
        + _text(2, "tiny")
        + _bytes(5, table)
        + _bytes(11, _value("input_ids", INT64, ["texts", "tokens"]))
        + _bytes(11, _value("attention_mask", INT64, ["texts", "tokens"]))
        + _bytes(12, _value("last_hidden_state", FLOAT, ["texts", "tokens", places.shape[1]]))
    )
    return _number(1, 8) + _bytes(8, _text(1, "") + _number(2, 13)) + _bytes(7, graph)


def _value(name: str, kind: int, shape: Sequence[str | int]) -> bytes:
    dimensions = b"".join(
        _bytes(1, _number(1, each) if isinstance(each, int) else _text(2, each)) for each in shape
    )
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, kind) + _bytes(2, dimensions)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _numbers(field: int, values: Iterable[int]) -> bytes:
    return b"".join(_number(field, value) for value in values)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
