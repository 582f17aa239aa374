"""What an artifact says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ml.artifacts.parameters import ModelParameters


@dataclass(frozen=True)
class FileEntry:
    """What the manifest promises about one file; a list of text has dtype `json`."""

    sha256: str
    size: int
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Manifest:
    """What an artifact says about itself."""

    format: int
    name: str
    model_type: str
    created: str
    """ISO 8601, UTC."""
    data_fingerprint: str
    parameters: ModelParameters
    origins: Mapping[str, str]
    """Part → the artifact whose training made it: an earlier one where the part was carried over."""
    library_versions: Mapping[str, str]
    metrics: Mapping[str, object]
    files: Mapping[str, FileEntry]


@dataclass(frozen=True, eq=False)
class Description:
    """What the writer of an artifact knows about it, beside its contents."""

    model_type: str
    created: datetime
    data_fingerprint: str
    parameters: ModelParameters
    carried: Mapping[str, str]
    """Part → name of the artifact it was carried over from."""
    library_versions: Mapping[str, str]
    metrics: Mapping[str, object]
