"""Two hundred and more ways to damage an artifact: by chance, by a stranger, and by somebody who holds the key."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import pickle
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ml.artifacts import artifact
from ml.artifacts.artifact import MANIFEST, SIGNATURE

Change = Callable[[Path], None]


class Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.trace),))


@dataclass(frozen=True)
class Damage:
    """Something done to the directory of an artifact; `signed`: it was signed anew, under the right key."""

    name: str
    change: Change
    signed: bool = False


def damages(pristine: Path, key: bytes, trace: Path) -> Iterator[Damage]:
    """Every way, for an artifact like this one; `trace` appears when something was unpickled."""
    chance = random.Random(7)
    names = sorted(path.name for path in pristine.iterdir())
    for name in names:
        size = (pristine / name).stat().st_size
        for place in (0, chance.randrange(size), size - 1):
            yield Damage(f"bit {place} of {name}", partial(_flip, name=name, place=place))
        for length in {0, size // 2, size - 1}:
            yield Damage(f"{name} cut to {length}", partial(_cut, name=name, length=length))
        yield Damage(f"{name} longer", partial(_lengthen, name=name))
        yield Damage(f"{name} missing", partial(_remove, name=name))
        yield Damage(f"{name} a pickle", partial(_fill, name=name, raw=pickle.dumps(Bomb(trace))))
        yield Damage(f"{name} a link", partial(_link, name=name))
        yield Damage(f"{name} a pipe", partial(_pipe, name=name))
        yield Damage(f"{name} a directory", partial(_directory, name=name))
    yield from _swapped(pristine, chance)
    yield from _strange(key)
    yield from _resigned(pristine, key, trace)


def _swapped(pristine: Path, chance: random.Random) -> Iterator[Damage]:
    arrays = sorted(path.name for path in pristine.glob("*.npy"))
    for _ in range(15):
        one, other = chance.sample(arrays, 2)
        if (pristine / one).read_bytes() != (pristine / other).read_bytes():
            yield Damage(f"{one} for {other}", partial(_swap, one=one, other=other))


def _strange(key: bytes) -> Iterator[Damage]:
    """What a stranger leaves who may write to the disk but has not the key."""
    yield Damage("an extra file", partial(_fill, name="notes.txt", raw=b"hello"))
    yield Damage("an extra pickle", partial(_fill, name="model.pkl", raw=b"cos\nsystem\n"))
    yield Damage("an extra hidden file", partial(_fill, name=".keep", raw=b""))
    yield Damage("an extra array", partial(_fill, name="more.npy", raw=b"\x93NUMPY"))
    yield Damage("an extra directory", partial(_directory, name="more"))
    yield Damage("a huge manifest", partial(_fill, name=MANIFEST, raw=b" " * 50_000_000 + b"{}"))
    yield Damage("a deep manifest", partial(_fill, name=MANIFEST, raw=b"[" * 500_000))
    yield Damage("a huge signature", partial(_fill, name=SIGNATURE, raw=b"0" * 5_000_000))
    yield Damage("no signature", partial(_fill, name=SIGNATURE, raw=b""))
    yield Damage("another key", partial(_sign, key=b"another key of some length"))
    yield Damage("another purpose", partial(_sign, key=key, purpose=b"sanset page\n"))
    yield Damage("nothing in it", _empty)
    yield Damage("not there", shutil.rmtree)
    yield Damage("a file", _become_a_file)
    yield Damage("a link to nowhere", _become_a_link)


def _resigned(pristine: Path, key: bytes, trace: Path) -> Iterator[Damage]:
    """What somebody can do who holds the key, as an older or broken trainer does."""

    def signed(name: str, change: Change) -> Damage:
        def both(path: Path) -> None:
            change(path)
            _sign(path, key)

        return Damage(name, both, signed=True)

    for field in json.loads((pristine / MANIFEST).read_bytes()):
        yield signed(f"no {field}", partial(_edit, change=partial(_drop, field=field)))
    yield signed("another format", partial(_edit, change=partial(_set, field="format", value=99)))
    yield signed(
        "another name", partial(_edit, change=partial(_set, field="name", value="als_20200101T000000Z"))
    )
    yield signed("files in a list", partial(_edit, change=partial(_set, field="files", value=[])))
    yield signed("no JSON", partial(_fill, name=MANIFEST, raw=b"\xff{"))
    for path in sorted(pristine.glob("*.npy")):
        array = np.load(path)
        yield signed(f"{path.name} of bytes", partial(_store, name=path.name, array=array.astype("u1")))
        yield signed(f"{path.name} folded", partial(_store, name=path.name, array=array[None]))
        longer = np.concatenate([array, np.zeros((3, *array.shape[1:]), array.dtype)])
        yield signed(f"{path.name} too long", partial(_store, name=path.name, array=longer))
        if array.size and array.dtype.kind == "f":
            spoilt = np.full_like(array, np.nan)
            yield signed(f"{path.name} of no numbers", partial(_store, name=path.name, array=spoilt))
    objects = np.array([Bomb(trace)], dtype=object)
    yield signed("an array of pickles", partial(_store, name="product_ids.npy", array=objects))
    for path in sorted(pristine.glob("*.json")):
        if path.name != MANIFEST:
            yield signed(f"{path.name} of numbers", partial(_put, name=path.name, raw=b"[1, 2]"))
            yield signed(f"{path.name} no list", partial(_put, name=path.name, raw=b'{"a": "b"}'))


def _flip(path: Path, name: str, place: int) -> None:
    raw = bytearray((path / name).read_bytes())
    raw[place] ^= 0x04
    (path / name).write_bytes(raw)


def _cut(path: Path, name: str, length: int) -> None:
    os.truncate(path / name, length)


def _lengthen(path: Path, name: str) -> None:
    with (path / name).open("ab") as file:
        file.write(b"\0")


def _remove(path: Path, name: str) -> None:
    (path / name).unlink()


def _fill(path: Path, name: str, raw: bytes) -> None:
    (path / name).write_bytes(raw)


def _link(path: Path, name: str) -> None:
    shutil.copy(path / name, aside := path.parent / f"aside-{name}")
    _remove(path, name)
    (path / name).symlink_to(aside)


def _pipe(path: Path, name: str) -> None:
    _remove(path, name)
    os.mkfifo(path / name)


def _directory(path: Path, name: str) -> None:
    (path / name).unlink(missing_ok=True)
    (path / name).mkdir()


def _swap(path: Path, one: str, other: str) -> None:
    first, second = (path / one).read_bytes(), (path / other).read_bytes()
    (path / one).write_bytes(second)
    (path / other).write_bytes(first)


def _empty(path: Path) -> None:
    shutil.rmtree(path)
    path.mkdir()


def _become_a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"")


def _become_a_link(path: Path) -> None:
    shutil.rmtree(path)
    path.symlink_to(path.parent / "nowhere")


def _sign(path: Path, key: bytes, purpose: bytes = artifact.PURPOSE) -> None:
    raw = (path / MANIFEST).read_bytes()
    (path / SIGNATURE).write_text(hmac.new(key, purpose + raw, "sha256").hexdigest())


def _edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    fields = json.loads((path / MANIFEST).read_bytes())
    change(fields)
    (path / MANIFEST).write_text(json.dumps(fields))


def _drop(fields: dict[str, Any], field: str) -> None:
    del fields[field]


def _set(fields: dict[str, Any], field: str, value: Any) -> None:
    fields[field] = value


def _store(path: Path, name: str, array: Any) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    _put(path, name, buffer.getvalue(), dtype=array.dtype.str, shape=list(array.shape))


def _put(path: Path, name: str, raw: bytes, **described: Any) -> None:
    """Put other contents in place of a file, and say so in the manifest."""
    _fill(path, name, raw)
    entry = {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw)} | described
    _edit(path, lambda fields: fields["files"][name].update(entry))


def with_broken_trees(path: Path, key: bytes) -> None:
    """Give an artifact trees that kill whoever grows them, signed as if nothing were wrong with them."""
    name = "reorder_trees.json"
    trees = json.loads((path / name).read_bytes())
    broken = [line.replace("num_leaves=", "num_leaves=9") for line in trees]
    _put(path, name, json.dumps(broken).encode(), shape=[len(broken)])
    _sign(path, key)
