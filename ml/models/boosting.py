"""LightGBM without scikit-learn, which it imports wherever it finds it, for estimators that nobody here uses."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType


class MissingLibrary(Exception):
    """LightGBM cannot be loaded; the text says why and what to install."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(
            f"LightGBM cannot be loaded ({cause}): what customers buy again is not learned. Install OpenMP, the "
            "package libgomp1 on Debian and Ubuntu, libgomp on Fedora and Alpine"
        )


def lightgbm() -> ModuleType:
    """The library, imported when it is first needed: 0.1 s and 7 MB instead of 1.6 s and 75 MB.

    Raises MissingLibrary.
    """
    try:
        if "sklearn" in sys.modules:
            return importlib.import_module("lightgbm")
        sys.modules["sklearn"] = None  # type: ignore[assignment]  # how Python is told that there is none
        try:
            return importlib.import_module("lightgbm")
        finally:
            del sys.modules["sklearn"]
    except (ImportError, OSError) as error:
        raise MissingLibrary(error) from error


def missing_library() -> MissingLibrary | None:
    """What keeps LightGBM from being loaded, if anything does; without importing it."""
    try:
        package = importlib.util.find_spec("lightgbm")
        if package is None or package.origin is None:
            raise ImportError("it is not installed")
        for library in Path(package.origin).parent.glob("lib/lib_lightgbm.*"):
            ctypes.CDLL(str(library))
    except (ImportError, OSError) as error:
        return MissingLibrary(error)
    return None
