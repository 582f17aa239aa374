"""Artifacts come back whole, or are refused before anything parses them."""

from __future__ import annotations

import io
import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_shop import KEY

from ml.artifacts import artifact, manifest
from ml.artifacts.artifact import MANIFEST, SIGNATURE, DamagedArtifact
from ml.artifacts.schema import ARRAYS, TEXTS, Contents, InvalidContents, check
from ml.ranking.eligibility import Everything
from ml.ranking.model import Model

Publish = Callable[..., Path]
FILES = [f"{name}.npy" for name in ARRAYS] + [f"{name}.json" for name in TEXTS] + [MANIFEST, SIGNATURE]


class Bomb:
    """Unpickling it would be noticed."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("something was unpickled",))


def refused(path: Path, key: bytes = KEY) -> str:
    with pytest.raises(DamagedArtifact) as caught:
        artifact.load(path, key)
    text = str(caught.value)
    assert text.startswith(f"Artifact {path.name} is refused: ")
    assert text.endswith(".")
    return text


def sign(path: Path, raw: bytes, key: bytes = KEY) -> None:
    (path / MANIFEST).write_bytes(raw)
    (path / SIGNATURE).write_text(artifact._signature(raw, key))


def resign(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    fields = json.loads((path / MANIFEST).read_bytes())
    change(fields)
    sign(path, json.dumps(fields).encode())


def test_what_was_written_is_read(publish: Publish, contents: Contents):
    path = publish()
    assert path.name == "all_20261120T101500Z"
    found = artifact.load(path, KEY)
    for name, array in contents.arrays.items():
        np.testing.assert_array_equal(found.contents.arrays[name], array)
    assert found.contents.texts == contents.texts
    assert found.manifest.metrics == {"k": 20}
    assert set(found.manifest.origins.values()) == {path.name}
    assert sorted(entry.name for entry in path.iterdir()) == sorted(FILES)


def test_a_second_artifact_in_one_second_gets_the_next(publish: Publish):
    first, second, other = publish(), publish(), publish(model_type="als")
    assert second.name == "all_20261120T101501Z"
    assert other.name == "als_20261120T101500Z"
    assert artifact.newest(first.parent)[0] == second
    assert artifact.load(second, KEY).manifest.created == "2026-11-20T10:15:01+00:00"


def test_listing_ignores_what_is_no_artifact(publish: Publish, tmp_path: Path):
    path = publish()
    (path.parent / ".unfinished-x").mkdir()
    (path.parent / "notes").mkdir()
    assert artifact.newest(path.parent) == [path]
    assert artifact.newest(tmp_path / "nowhere") == []


def test_a_failed_write_leaves_nothing(publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifact, "_publish", full_disk)
    with pytest.raises(OSError, match="No space"):
        publish()
    assert list((tmp_path / "models").iterdir()) == []


def test_a_short_key_is_no_key(publish: Publish):
    with pytest.raises(ValueError, match="16 bytes"):
        publish(key=b"short")
    with pytest.raises(ValueError, match="16 bytes"):
        artifact.load(publish(), b"short")


Damage = Callable[[bytes], bytes]


def flip(place: float) -> Damage:
    """Flip a bit at a place between the first byte (0) and the last (1)."""

    def damage(raw: bytes) -> bytes:
        changed = bytearray(raw)
        changed[int(place * (len(raw) - 1))] ^= 0x10
        return bytes(changed)

    return damage


def cut(kept: float) -> Damage:
    """Keep the beginning."""
    return lambda raw: raw[: int(kept * len(raw))]


@pytest.mark.parametrize(
    "damage", [flip(0.0), flip(0.5), flip(1.0), cut(0.0), cut(0.5), cut(0.99), lambda raw: raw + b"\0"]
)
def test_a_damaged_byte_or_another_length_of_any_file_is_refused(publish: Publish, damage: Damage):
    path = publish()
    for name in FILES:
        file = path / name
        raw = file.read_bytes()
        file.write_bytes(damage(raw))
        refused(path)
        file.write_bytes(raw)
    artifact.load(path, KEY)


def test_a_missing_or_odd_file_is_refused(publish: Publish):
    path = publish()
    for name in FILES:
        file = path / name
        aside = file.rename(path.parent / "aside")
        refused(path)
        file.mkdir()
        refused(path)
        file.rmdir()
        aside.rename(file)
    artifact.load(path, KEY)


def test_swapped_files_are_refused(publish: Publish):
    path = publish()
    one, two = path / "trending_scores.npy", path / "popular_scores.npy"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    refused(path)


def test_a_file_of_another_artifact_is_refused(publish: Publish, contents: Contents):
    path = publish()
    arrays = {**contents.arrays, "als_item_factors": contents.arrays["als_item_factors"] * np.float32(2)}
    other = publish(replace(contents, arrays=arrays))
    shutil.copy(other / "als_item_factors.npy", path / "als_item_factors.npy")
    assert "als_item_factors.npy has changed" in refused(path)


def test_an_extra_file_is_refused(publish: Publish):
    path = publish()
    (path / "model.pkl").write_bytes(pickle.dumps(Bomb()))
    assert "model.pkl" in refused(path)


def test_a_manifest_signed_by_another_key_is_refused(publish: Publish):
    assert "not signed by this server's key" in refused(publish(key=b"another key of some length"))


def test_a_manifest_edited_without_the_key_is_refused(publish: Publish):
    path = publish()
    raw = (path / MANIFEST).read_bytes()
    sign(path, raw.replace(b'"k": 20', b'"k": 99'), b"the attacker's own key")
    assert "not signed" in refused(path)


def test_a_renamed_artifact_is_refused(publish: Publish):
    path = publish()
    assert "published as" in refused(path.rename(path.parent / "all_20991231T235959Z"))


@pytest.mark.parametrize("payload", ["npy", "bare"])
def test_a_pickle_in_place_of_an_array_is_refused_even_when_signed(publish: Publish, payload: str):
    path = publish()
    buffer = io.BytesIO()
    if payload == "npy":
        np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    else:
        buffer.write(pickle.dumps(Bomb()))
    raw = buffer.getvalue()
    name = "product_ids.npy"
    (path / name).write_bytes(raw)
    assert "product_ids.npy" in refused(path)
    shape = manifest.FileEntry(artifact.hashlib.sha256(raw).hexdigest(), len(raw), "|O", (1,))
    resign(path, lambda fields: fields["files"].update({name: vars(shape)}))
    assert "product_ids.npy cannot be understood" in refused(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.update(format=99),
        lambda fields: fields.pop("files"),
        lambda fields: fields.update(files=[]),
        lambda fields: fields.update(surprise=1),
        lambda fields: fields["files"].pop("product_ids.npy"),
        lambda fields: fields["files"].update({"../../etc/passwd": fields["files"]["product_ids.npy"]}),
        lambda fields: fields["files"]["product_ids.npy"].update(shape=[1]),
        lambda fields: fields["files"]["product_ids.npy"].update(dtype="<f8"),
    ],
)
def test_a_signed_manifest_that_makes_no_sense_is_refused(
    publish: Publish, change: Callable[[dict[str, Any]], None]
):
    path = publish()
    resign(path, change)
    refused(path)


def test_a_signed_manifest_that_is_no_json_is_refused(publish: Publish):
    path = publish()
    sign(path, b"\xff not json")
    assert "cannot be understood" in refused(path)


def edited(contents: Contents, name: str, change: Callable[[np.ndarray], Any]) -> Contents:
    array = np.array(contents.arrays[name])
    result = change(array)
    return replace(contents, arrays={**contents.arrays, name: array if result is None else result})


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("als_user_factors", lambda a: a.__setitem__((0, 0), np.nan)),
        ("content_vectors", lambda a: a.__setitem__((0, 0), np.inf)),
        ("als_item_factors", lambda a: a[:-1]),
        ("als_item_factors", lambda a: a[:, :-1]),
        ("als_item_factors", lambda a: a.astype(np.float64)),
        ("als_item_factors", lambda a: a.ravel()),
        ("product_ids", lambda a: a[::-1].copy()),
        ("product_ids", lambda a: a.__setitem__(0, -5)),
        ("product_categories", lambda a: a.__setitem__(0, 2)),
        ("copurchase_indices", lambda a: a.__setitem__(0, 60)),
        ("copurchase_indices", lambda a: a.__setitem__(0, -1)),
        ("copurchase_indptr", lambda a: a.__setitem__(1, 10**9)),
        ("als_indptr", lambda a: a.__setitem__(-1, 0)),
        ("als_indices", lambda a: a.__setitem__(0, 60)),
        ("trending_scores", lambda a: a.__setitem__(0, 2)),
    ],
)
def test_arrays_that_do_not_fit_are_neither_written_nor_read(
    publish: Publish,
    contents: Contents,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    change: Callable[..., Any],
):
    wrong = edited(contents, name, change)
    with pytest.raises(InvalidContents, match=r"\w"):
        publish(wrong)
    with monkeypatch.context() as patch:
        patch.setattr(artifact, "check", lambda _: None)
        path = publish(wrong)
    refused(path)


def test_a_missing_array_is_invalid(contents: Contents):
    arrays = {name: array for name, array in contents.arrays.items() if name != "content_idf"}
    with pytest.raises(InvalidContents, match="content_idf"):
        check(replace(contents, arrays=arrays))


def test_a_loaded_model_serves_what_the_trained_one_does_whatever_happens_to_its_files(
    publish: Publish, model: Model
):
    path = publish()
    loaded = Model.load(path, KEY)
    for file in path.iterdir():
        file.write_bytes(b"")
    assert loaded.version == path.name
    for user in (1, 2, 999):
        answers = [
            each.recommend(user, history=[3, 5], eligible=Everything(), limit=10) for each in (loaded, model)
        ]
        assert answers[0] == answers[1]
