"""The models of the small shop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from small_shop import KEY, NOW, OPTIONS, make_dataset, quiet

from ml.artifacts import artifact
from ml.artifacts.manifest import Description
from ml.artifacts.schema import Contents
from ml.data.dataset import Dataset
from ml.ranking.model import Model
from ml.training.fit import fit, parameters_of


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return make_dataset()


@pytest.fixture(scope="session")
def contents(dataset: Dataset) -> Contents:
    return fit(dataset, OPTIONS, quiet)


@pytest.fixture(scope="session")
def model(contents: Contents) -> Model:
    return Model("all_20261120T101500Z", contents, parameters_of(OPTIONS))


@pytest.fixture
def publish(tmp_path: Path, contents: Contents) -> Callable[..., Path]:
    def write(contents: Contents = contents, model_type: str = "all", key: bytes = KEY) -> Path:
        description = Description(
            model_type, NOW, "f" * 64, parameters_of(OPTIONS), {}, {"numpy": "2"}, {"k": 20}
        )
        return artifact.write(tmp_path / "models", contents, description, key=key)

    return write
