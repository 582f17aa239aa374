"""Targets of an export: a file that appears when it is complete, or whatever else a path names."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO, Final

from server.errors import CommandError

STANDARD_OUTPUT: Final = Path("-")
_KERNEL: Final = (Path("/dev"), Path("/proc"))
"""Names below these stand for what is open already, even where that is a plain file: /dev/stdout."""
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - plain files for all that


class UnusableTarget(CommandError):
    """An export cannot be written there; the text says why in one line."""


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Yield the path of a new file to write; what was written arrives at `path` when the block ends well.

    A plain file is replaced whole, with the mode and the owner that it had, through links that lead to it. What
    is no plain file (a pipe, a device, `-` for standard output) is written to, and stays what it is.

    Raises UnusableTarget: `path` is a directory, or its directory is missing or closed.
    """
    try:
        if path == STANDARD_OUTPUT:
            with _passed_on(lambda: nullcontext(sys.stdout.buffer)) as unfinished:
                yield unfinished
        elif _is_open_elsewhere(path):
            with _passed_on(lambda: _checked(path).open("wb")) as unfinished:
                yield unfinished
        else:
            with _replaced(Path(os.path.realpath(path))) as unfinished:
                yield unfinished
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnusableTarget(f"{path}: cannot be written: {error.strerror}") from error


def is_stream(path: Path) -> bool:
    """True when `path` is standard output, or another thing that is written to and not replaced."""
    return path == STANDARD_OUTPUT or _is_open_elsewhere(path)


def _checked(path: Path) -> Path:
    if path.is_dir():
        raise UnusableTarget(f"{path} is a directory; name a file in it.")
    if path.is_block_device():
        raise UnusableTarget(f"{path} is a disk; an export would destroy what is on it.")
    return path


def _is_open_elsewhere(path: Path) -> bool:
    """True when `path` names something to be written to, not a file to be replaced."""
    above = _absolute(path).parents
    if any(top in above for top in _KERNEL) and _MEMORY not in above:
        return True
    with suppress(FileNotFoundError):
        present = path.stat()
        return not stat.S_ISREG(present.st_mode) or present.st_nlink > 1
    return False


def _absolute(path: Path) -> Path:
    """The path with the links of its directory resolved, but not its own."""
    return Path(os.path.realpath(path.parent)) / path.name


@contextmanager
def _passed_on(opened: Callable[[], AbstractContextManager[BinaryIO]]) -> Iterator[Path]:
    """A file of our own, copied into what `opened` opens when it is complete."""
    with tempfile.TemporaryDirectory(prefix="sanset-export-") as directory:
        unfinished = Path(directory) / "export"
        yield unfinished
        with unfinished.open("rb") as file, opened() as target:
            shutil.copyfileobj(file, target)
            target.flush()


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """A file beside `path`, put in its place when it is complete."""
    if not _checked(path).parent.is_dir():
        raise UnusableTarget(f"there is no directory {path.parent}.")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.touch(exist_ok=False)
        yield unfinished
        with suppress(FileNotFoundError):
            present = path.stat()
            if (present.st_uid, present.st_gid) != (os.geteuid(), os.getegid()):
                os.chown(unfinished, present.st_uid, present.st_gid)
            unfinished.chmod(stat.S_IMODE(present.st_mode))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
