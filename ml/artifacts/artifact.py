"""Publishes a trained model as a signed directory, and reads back only what proves to be untouched.

A directory holds one file per array (`.npy`), one per list of text (`.json`), `manifest.json` with the size
and SHA-256 of each, and `manifest.hmac`, the signature of the manifest's bytes.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import io
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import numpy as np

from ml.artifacts.manifest import Description, FileEntry, Manifest
from ml.artifacts.parameters import ModelParameters
from ml.artifacts.schema import ARRAYS, FORMAT, PARTS, TEXTS, Contents, InvalidContents, check
from ml.data.arrays import Array

MANIFEST = "manifest.json"
SIGNATURE = "manifest.hmac"
PURPOSE = b"sanset artifact\n"
"""Signed before the manifest: a signature made for something else under this key is worthless here."""

MIN_KEY_BYTES = 16
MANIFEST_LIMIT = 1_000_000
NAME = re.compile(r"(?P<type>[a-z]+)_(?P<time>\d{8}T\d{6}Z)")
TIME_FORMAT = "%Y%m%dT%H%M%SZ"
UNFINISHED = ".unfinished-"
UNFINISHED_LIFE = timedelta(days=1)


class DamagedArtifact(Exception):
    """The artifact is damaged, incomplete, forged or foreign; the text is one sentence that says how."""


@dataclass(frozen=True, eq=False)
class Artifact:
    """A verified artifact, wholly in memory.

    Its arrays are not mapped from the files: a file cut short or changed later would kill or mislead a server
    that reads pages of it long after they were verified.
    """

    manifest: Manifest
    contents: Contents

    @property
    def name(self) -> str:
        """The directory's name, `{type}_{timestamp}`."""
        return self.manifest.name


def newest(directory: Path) -> list[Path]:
    """The artifacts in a directory, newest first, judged by name alone; empty when it does not exist."""
    if not directory.is_dir():
        return []
    dated = [(match["time"], path) for path in directory.iterdir() if (match := NAME.fullmatch(path.name))]
    return [path for _, path in sorted(dated, reverse=True)]


def write(directory: Path, contents: Contents, description: Description, *, key: bytes) -> Path:
    """Publish contents under `directory`: readers see the whole artifact or none of it.

    Returns the artifact's directory, named after the type and the creation time, moved on by seconds when
    that name is taken. Raises InvalidContents when the contents do not fit together, ValueError for a short
    key, OSError when the disk refuses.
    """
    _require_long(key)
    check(contents)
    directory.mkdir(parents=True, exist_ok=True)
    _sweep(directory)
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=directory))
    try:
        entries = _write_files(unfinished, contents)
        return _publish(unfinished, directory, entries, description, key)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def manifest_of(path: Path, key: bytes) -> Manifest:
    """What an artifact says about itself; its files are not looked at.

    Raises DamagedArtifact when it was not signed under this key, ValueError for a short key.
    """
    _require_long(key)
    return _verified_manifest(path, key)


def is_signed(path: Path, key: bytes) -> bool:
    """Whether an artifact was signed under this key; its files are not looked at."""
    try:
        signature = _bounded(path / SIGNATURE)
        return hmac.compare_digest(_signature(_bounded(path / MANIFEST), key).encode(), signature)
    except (OSError, DamagedArtifact):
        return False


def sign_anew(path: Path, key: bytes, new_key: bytes) -> bool:
    """Sign an artifact that bears the signature of `key` with another one; False when it does not bear it.

    Readers see the old signature or the new one, whole.
    """
    _require_long(new_key)
    if not is_signed(path, key):
        return False
    if key != new_key:
        unfinished = path.parent / f"{UNFINISHED}{path.name}.hmac"
        _write_file(unfinished, _signature(_bounded(path / MANIFEST), new_key).encode(), "text", ())
        unfinished.replace(path / SIGNATURE)
        _sync_directory(path)
    return True


def load(path: Path, key: bytes) -> Artifact:
    """Read an artifact after proving it: signature, then each file's size and hash; only then parse.

    Raises DamagedArtifact for whatever is not exactly what was written under this key, ValueError for a short
    key.
    """
    _require_long(key)
    manifest = _verified_manifest(path, key)
    try:
        present = {entry.name for entry in path.iterdir()} - {MANIFEST, SIGNATURE}
        if present != manifest.files.keys():
            odd = ", ".join(sorted(present ^ manifest.files.keys()))
            _refuse(path, f"its files are not those it lists ({odd})")
        verified = {name: _verified_bytes(path, name, entry) for name, entry in manifest.files.items()}
    except OSError as error:
        _refuse(path, f"it cannot be read ({error.strerror})")
    contents = _parse(path, manifest, verified)
    try:
        check(contents)
    except InvalidContents as error:
        _refuse(path, str(error))
    return Artifact(manifest, contents)


def _require_long(key: bytes) -> None:
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"the artifact key needs at least {MIN_KEY_BYTES} bytes")


def _write_files(unfinished: Path, contents: Contents) -> dict[str, FileEntry]:
    entries = {}
    for name, array in contents.arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
        entries[f"{name}.npy"] = _write_file(
            unfinished / f"{name}.npy", buffer.getvalue(), array.dtype.str, array.shape
        )
    for name, texts in contents.texts.items():
        raw = json.dumps(texts, ensure_ascii=False).encode()
        entries[f"{name}.json"] = _write_file(unfinished / f"{name}.json", raw, "json", (len(texts),))
    return entries


def _write_file(path: Path, raw: bytes, dtype: str, shape: tuple[int, ...]) -> FileEntry:
    with path.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    return FileEntry(hashlib.sha256(raw).hexdigest(), len(raw), dtype, shape)


def _publish(
    unfinished: Path, directory: Path, entries: dict[str, FileEntry], description: Description, key: bytes
) -> Path:
    created = description.created.astimezone(UTC).replace(microsecond=0)
    while True:
        name = f"{description.model_type}_{created.strftime(TIME_FORMAT)}"
        raw = json.dumps(asdict(_manifest(name, created, entries, description)), indent=1).encode()
        _write_file(unfinished / MANIFEST, raw, "json", ())
        _write_file(unfinished / SIGNATURE, _signature(raw, key).encode(), "text", ())
        _sync_directory(unfinished)
        try:
            # Renaming onto a directory that is not empty fails, so two writers of one second cannot overwrite
            # each other.
            unfinished.rename(directory / name)
        except OSError:
            if not (directory / name).exists():
                raise
            created += timedelta(seconds=1)
        else:
            _sync_directory(directory)
            return directory / name


def _manifest(
    name: str, created: datetime, entries: dict[str, FileEntry], description: Description
) -> Manifest:
    return Manifest(
        format=FORMAT,
        name=name,
        model_type=description.model_type,
        created=created.isoformat(),
        data_fingerprint=description.data_fingerprint,
        parameters=description.parameters,
        origins={part: description.carried.get(part, name) for part in PARTS},
        library_versions=description.library_versions,
        metrics=description.metrics,
        files=entries,
    )


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(directory: Path) -> None:
    """Remove what a killed training left behind; a younger one may still be at work."""
    limit = (datetime.now(UTC) - UNFINISHED_LIFE).timestamp()
    for path in directory.glob(f"{UNFINISHED}*"):
        if path.stat().st_mtime < limit:
            shutil.rmtree(path, ignore_errors=True)


def _signature(manifest: bytes, key: bytes) -> str:
    return hmac.new(key, PURPOSE + manifest, hashlib.sha256).hexdigest()


def _verified_manifest(path: Path, key: bytes) -> Manifest:
    try:
        raw = _bounded(path / MANIFEST)
        signature = _bounded(path / SIGNATURE)
    except OSError as error:
        _refuse(path, f"its manifest cannot be read ({error.strerror})")
    if not hmac.compare_digest(_signature(raw, key).encode(), signature):
        _refuse(path, "its manifest is not signed by this server's key")
    try:
        fields = json.loads(raw)
        if fields["format"] != FORMAT:
            _refuse(path, f"it has format {fields['format']}, and this version reads {FORMAT}")
        files = {
            name: FileEntry(**{**entry, "shape": tuple(entry["shape"])})
            for name, entry in fields["files"].items()
        }
        parameters = ModelParameters.of_json(fields["parameters"])
        manifest = Manifest(**{**fields, "parameters": parameters, "files": files})
    except (ValueError, TypeError, KeyError, AttributeError):
        _refuse(path, "its manifest cannot be understood")
    if manifest.name != path.name:
        _refuse(path, f"it was published as {manifest.name}")
    if manifest.files.keys() != {f"{name}.npy" for name in ARRAYS} | {f"{name}.json" for name in TEXTS}:
        _refuse(path, "its manifest does not list the files of a model")
    return manifest


def _is_plain(path: Path) -> bool:
    """Whether it is a file, not a link to one, nor a pipe that would be waited for."""
    return stat.S_ISREG(path.lstat().st_mode)


def _bounded(path: Path) -> bytes:
    if not _is_plain(path):
        raise OSError(errno.EINVAL, "not a file")
    with path.open("rb") as file:
        return file.read(MANIFEST_LIMIT)


def _verified_bytes(path: Path, name: str, entry: FileEntry) -> bytes:
    file_path = path / name
    if not _is_plain(file_path):
        _refuse(path, f"{name} is not a file")
    # Read once and parse these very bytes: what was hashed is what is used, even if the file changes in
    # between.
    with file_path.open("rb") as file:
        raw = file.read(entry.size + 1)
    if len(raw) != entry.size:
        _refuse(path, f"{name} is not {entry.size} bytes long")
    if not hmac.compare_digest(hashlib.sha256(raw).hexdigest(), entry.sha256):
        _refuse(path, f"{name} has changed since it was written")
    return raw


def _parse(path: Path, manifest: Manifest, verified: Mapping[str, bytes]) -> Contents:
    arrays: dict[str, Array] = {}
    texts: dict[str, list[str]] = {}
    for name, raw in verified.items():
        entry, stem = manifest.files[name], name.rpartition(".")[0]
        try:
            if name.endswith(".json"):
                texts[stem] = json.loads(raw)
                shape: tuple[int, ...] = (len(texts[stem]),)
                dtype = "json"
            else:
                arrays[stem] = np.load(io.BytesIO(raw), allow_pickle=False)
                shape, dtype = arrays[stem].shape, arrays[stem].dtype.str
        except (ValueError, TypeError, EOFError, OSError):
            _refuse(path, f"{name} cannot be understood")
        if (dtype, shape) != (entry.dtype, entry.shape):
            _refuse(path, f"{name} holds {dtype} {shape}, not {entry.dtype} {entry.shape}")
    return Contents(arrays, texts)


def _refuse(path: Path, what: str) -> NoReturn:
    raise DamagedArtifact(f"Artifact {path.name} is refused: {what}.") from None
