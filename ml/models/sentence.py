"""Places texts in the space of a sentence model, where what means alike lies close: ONNX on one thread.

Reimers and Gurevych, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks", EMNLP 2019. The model is
the shop's own choice, and what runs it comes with the extra `search`: nothing of it is imported without a model.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ml.data.arrays import Array, Floats, normalised

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MAX_TOKENS = 128
"""Of a text; what follows is not read. A product's name and first sentences are fewer."""

BATCH = 16
"""Texts in one run of the model: more gain nothing on one thread."""

MODEL_FILES = (
    "model_quantized.onnx",
    "model_int8.onnx",
    "model.onnx",
    "onnx/model_quantized.onnx",
    "onnx/model_int8.onnx",
    "onnx/model.onnx",
)
"""Where a directory may have its model: the first of these that is there."""

TOKENIZER_FILE = "tokenizer.json"
POOLING_FILE = "1_Pooling/config.json"
PROMPTS_FILE = "config_sentence_transformers.json"

INSTALL = "install what runs it: pip install 'sanset[search]'"


class UnusableModel(Exception):
    """A sentence model cannot be used; the text says why, in one line."""


class SentenceModel(Protocol):
    """Gives texts and queries their places; any number of threads may ask it at once."""

    @property
    def identity(self) -> str:
        """Tells models apart whose vectors must not be compared."""

    def of_texts(self, texts: Sequence[str]) -> Floats:
        """A unit vector for each text."""

    def of_query(self, query: str) -> Floats:
        """The unit vector of what somebody is looking for."""


def load(name: str) -> SentenceModel:
    """The model in a directory, or else the one that fastembed knows by this name; raises UnusableModel."""
    directory = Path(name).expanduser()
    if directory.is_dir():
        return OnnxModel.load(directory)
    if directory.is_absolute() or name.startswith((".", "~")):
        raise UnusableModel(f"{name}: no such directory")
    return FastembedModel.load(name)


@dataclass(frozen=True)
class Prompts:
    """What a model wants before a query and before a text; most want nothing."""

    query: str = ""
    text: str = ""

    @classmethod
    def of(cls, directory: Path) -> Prompts:
        """As the directory says."""
        prompts = _json_in(directory / PROMPTS_FILE).get("prompts") or {}
        return cls(prompts.get("query", ""), prompts.get("document") or prompts.get("passage") or "")


class OnnxModel:
    """A model in a directory: ONNX with the tokenizer that it was trained with."""

    def __init__(
        self,
        session: InferenceSession,
        tokenizer: Tokenizer,
        identity: str,
        *,
        first_token: bool,
        prompts: Prompts,
    ) -> None:
        """`first_token`: it speaks for the whole text, instead of the mean of all tokens."""
        self._session = session
        self._tokenizer = tokenizer
        self._identity = identity
        self._first_token = first_token
        self._prompts = prompts
        self._inputs = [each.name for each in session.get_inputs()]

    @classmethod
    def load(cls, directory: Path) -> OnnxModel:
        """The model in this directory, tried once; raises UnusableModel."""
        try:
            import tokenizers
        except ImportError as error:
            raise UnusableModel(f"{directory}: {INSTALL}") from error
        model_file, tokenizer_file = _model_file(directory), directory / TOKENIZER_FILE
        if not tokenizer_file.is_file():
            raise UnusableModel(f"{directory}: has no {TOKENIZER_FILE}")
        try:
            tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_file))
        except Exception as error:  # the library raises nothing more special
            raise UnusableModel(f"{tokenizer_file}: {_line(error)}") from error
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        model = cls(
            _session(model_file),
            tokenizer,
            _identity([model_file, tokenizer_file, directory / POOLING_FILE, directory / PROMPTS_FILE]),
            first_token=bool(_json_in(directory / POOLING_FILE).get("pooling_mode_cls_token")),
            prompts=Prompts.of(directory),
        )
        _try(model, str(model_file))
        return model

    @property
    def identity(self) -> str:
        """A hash of its files."""
        return self._identity

    def of_texts(self, texts: Sequence[str]) -> Floats:
        """A unit vector for each text."""
        prompted = [self._prompts.text + text for text in texts]
        # Of like lengths, so that little is padded.
        order = sorted(range(len(prompted)), key=lambda i: len(prompted[i]))
        parts = [
            self._embedded([prompted[i] for i in order[start : start + BATCH]])
            for start in range(0, len(order), BATCH)
        ]
        vectors = np.concatenate(parts)
        return vectors[np.argsort(order)]

    def of_query(self, query: str) -> Floats:
        """The unit vector of what somebody is looking for."""
        vector: Floats = self._embedded([self._prompts.query + query])[0]
        return vector

    def _embedded(self, texts: Sequence[str]) -> Floats:
        encodings = self._tokenizer.encode_batch(list(texts))
        mask = np.array([each.attention_mask for each in encodings], dtype=np.int64)
        columns = {
            "input_ids": np.array([each.ids for each in encodings], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        output: Array = self._session.run(None, {name: columns[name] for name in self._inputs})[0]
        return normalised(self._pooled(np.asarray(output, dtype=np.float32), mask))

    def _pooled(self, output: Floats, mask: Array) -> Floats:
        """One vector for each text, where the model gives one for each token."""
        if output.ndim == 2:
            return output
        if self._first_token:
            return output[:, 0]
        weights = mask[:, :, np.newaxis].astype(np.float32)
        return np.asarray((output * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1), np.float32)


class FastembedModel:
    """A model that the library fastembed fetches, and keeps in its own cache."""

    def __init__(self, model: Any, name: str) -> None:  # the library has no types
        self._model = model
        self._name = name

    @classmethod
    def load(cls, name: str) -> FastembedModel:
        """The model of this name, tried once; raises UnusableModel."""
        try:
            from fastembed import TextEmbedding
        except ImportError as error:
            raise UnusableModel(
                f"{name}: no such directory, and for the models that fastembed knows by name it has to be "
                "installed: pip install fastembed"
            ) from error
        try:
            model = cls(TextEmbedding(model_name=name, threads=1), name)
        except Exception as error:  # unknown names, and all that a download meets
            raise UnusableModel(f"{name}: {_line(error)}") from error
        _try(model, name)
        return model

    @property
    def identity(self) -> str:
        """A hash of its name."""
        return hashlib.sha256(f"fastembed {self._name}".encode()).hexdigest()[:32]

    def of_texts(self, texts: Sequence[str]) -> Floats:
        """A unit vector for each text."""
        vectors = self._model.passage_embed(list(texts), batch_size=BATCH)
        return normalised(np.array(list(vectors), dtype=np.float32))

    def of_query(self, query: str) -> Floats:
        """The unit vector of what somebody is looking for."""
        vector: Floats = normalised(np.array(list(self._model.query_embed([query])), dtype=np.float32))[0]
        return vector


def _session(model_file: Path) -> InferenceSession:
    try:
        import onnxruntime
    except ImportError as error:
        raise UnusableModel(f"{model_file.parent}: {INSTALL}") from error
    options = onnxruntime.SessionOptions()
    # One core for a query, as for all that a worker does; a thread that waits for work must not spin.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session: InferenceSession = onnxruntime.InferenceSession(
            str(model_file), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # the library raises nothing more special
        raise UnusableModel(f"{model_file}: {_line(error)}") from error
    unknown = {each.name for each in session.get_inputs()} - {"input_ids", "attention_mask", "token_type_ids"}
    if unknown:
        raise UnusableModel(f"{model_file}: wants {', '.join(sorted(unknown))}, as no sentence model does")
    return session


def _try(model: SentenceModel, name: str) -> None:
    """Raise UnusableModel unless the model gives a text and a query vectors that can be compared."""
    try:
        text, query = model.of_texts(["a cup", "a kettle for the kitchen"])[0], model.of_query("cup")
        usable = text.ndim == 1 and text.shape == query.shape and bool(np.isfinite(text @ query))
    except Exception as error:  # whatever a model that is none makes of a text
        raise UnusableModel(f"{name}: {_line(error)}") from error
    if not usable:
        raise UnusableModel(f"{name}: gives no vector for a text")


def _model_file(directory: Path) -> Path:
    for name in MODEL_FILES:
        if (directory / name).is_file():
            return directory / name
    models = sorted(directory.glob("*.onnx"))
    if len(models) != 1:
        problem = "several models, and none is model.onnx" if models else "no model.onnx"
        raise UnusableModel(f"{directory}: has {problem}")
    return models[0]


def _identity(files: Sequence[Path]) -> str:
    digest = hashlib.sha256(f"{MAX_TOKENS}\n".encode())
    for file in files:
        if file.is_file():
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _json_in(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise UnusableModel(f"{file}: {_line(error)}") from error
    return content if isinstance(content, dict) else {}


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
