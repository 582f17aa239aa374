"""Databases and running shops for the tests, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

import gc
import os
import subprocess

# As the commands do, before anything imports gRPC.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener")

import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from support.databases import administer, postgres_database, sibling, sqlite_database
from support.once_per_run import once_per_run
from support.running_shop import RunningShop, test_settings
from xdist.scheduler import LoadFileScheduling

from server.db import migrate
from server.process.postgres import running

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine makes no test wrong
hypothesis.settings.load_profile("untimed")

SHORT_LIVED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
"""Only the power could fail it, and killed processes lose nothing; hundreds of databases need no vacuum."""

COLLECT = (20_000, 20, 50)
"""How seldom the cyclic collector looks for garbage, as in a worker."""

DATABASES = ("sqlite", "postgres")

MIGRATED = "template_shop"
"""The database of a PostgreSQL that others are copied from."""

TESTS = Path(__file__).parent

FIRST = (
    "e2e/",
    "browser/",
    "security/",
    "integration/recommend/test_recommend_lifecycle.py",
    "integration/recommend/test_recommend_training.py",
    "faults/test_crash_points.py",
    "faults/",
    "e2e/test_envoy_config.py",
    "e2e/test_wheel.py",
    "unit/process/",
    "unit/ml/test_train.py",
    "integration/",
)
"""What takes longest begins first, so that no worker is left with it at the end."""

OWN_STACKS = ("tests/e2e/test_envoy_config.py", "tests/e2e/test_wheel.py")
"""Files of `e2e` that share no running shop with the others."""


class ByFile(LoadFileScheduling):
    """Gives a worker whole files, and all that share the real stacks, or a browser, to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith("tests/browser/"):
            return "tests/browser"
        shares_stacks = nodeid.startswith("tests/e2e/") and not nodeid.startswith(OWN_STACKS)
        return "tests/e2e" if shares_stacks else super()._split_scope(nodeid)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Three more than there are processors: tests wait up to half of their time, for processes or moments."""
    return (os.cpu_count() or 1) + 3


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Have the cyclic collector rest while modules and tests are made, and leave them out from then on.

    They live as long as the process; looking through them again and again would be a tenth of all that tests cost.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(*COLLECT)
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Collect what is left over once: pytest would look through everything that was imported five times."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why tests were skipped, each reason once."""
    skipped = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, number in sorted(skipped.items()):
        terminalreporter.write_line(f"{number} of the tests: {reason}")


def pytest_configure(config: pytest.Config) -> None:
    """Have each worker collect the tests in a turn of its own: what one has compiled, the others find compiled."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and config.args == config.getini("testpaths"):
        rooms = sorted(path.as_posix() for path in TESTS.glob("*/*") if _has_tests(path))
        first = int(worker.removeprefix("gw")) * len(rooms) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        config.args = rooms[first:] + rooms[:first]


def _has_tests(path: Path) -> bool:
    return path.match("test_*.py") or (path.is_dir() and any(path.rglob("test_*.py")))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Distribute the tests of a parallel run."""
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Leave out what one database is enough for, and begin with what takes longest."""
    items.sort(key=_path)  # whatever was collected first: all workers must list the same
    yield
    if "SANSET_FAULT_ROUNDS" not in os.environ:
        spared = [item for item in items if is_spared(item)]
        config.hook.pytest_deselected(items=spared)
        items[:] = [item for item in items if not is_spared(item)]
    items.sort(key=lambda item: _rank(_path(item)))


def is_spared(item: pytest.Item) -> bool:
    """Whether an item marked `either` runs on the other database, as its name decides: each has half of them.

    Of a module that is marked, this goes for what runs on each database and is not marked `both`.
    """
    if item.get_closest_marker("either") is None or not isinstance(item, pytest.Function):
        return False
    databases = _databases_of(item)
    of_its_module = all(marker.name != "either" for marker in item.own_markers)
    if of_its_module and (not databases or item.get_closest_marker("both") is not None):
        return False
    assert len(databases) == 1, f"{item.nodeid} does not run on each database"
    name = item.nodeid.replace(databases[0], "")
    return databases[0] != DATABASES[zlib.crc32(name.encode()) % len(DATABASES)]


def _databases_of(item: pytest.Function) -> list[str]:
    """The kinds of databases among an item's parameters."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return [value for value in parameters if isinstance(value, str) and value in DATABASES]


def _path(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).as_posix()


def _rank(path: str) -> tuple[int, str]:
    """Where a file comes, by the longest entry that it begins with."""
    starts = [start for start in FIRST if path.startswith(start)]
    return FIRST.index(max(starts, key=len)) if starts else len(FIRST), path


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL with an empty database, and a migrated one."""
    made = once_per_run(tmp_path_factory, "postgres-made", _make_cluster)
    directory = tmp_path_factory.mktemp("postgres")
    subprocess.run(["cp", "--archive", f"{made}/.", directory], check=True)
    with running(directory, SHORT_LIVED) as url:
        yield url


def _make_cluster(directory: Path) -> Path:
    with running(directory, SHORT_LIVED) as url:
        administer(url, f"CREATE DATABASE {MIGRATED}")
        migrate.upgrade(sibling(url, MIGRATED))
    return directory


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a migrated database to copy."""
    return MIGRATED


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""

    def make(directory: Path) -> Path:
        path = directory / "template.db"
        migrate.upgrade(f"sqlite:///{path}")
        return path

    return once_per_run(tmp_path_factory, "sqlite-template", make)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated SQLite database."""
    return sqlite_database(tmp_path, sqlite_template)


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database."""
    with postgres_database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture(scope="module", params=DATABASES)
def module_database_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The URL of a migrated database, of each kind in turn, for all tests of a module."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        yield sqlite_database(tmp_path_factory.mktemp("module"), template)
        return
    server, name = (request.getfixturevalue(f"postgres_{part}") for part in ("server", "template"))
    with postgres_database(server, name) as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="session")
def sqlite_shop(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A running worker on SQLite, shared by the whole session: tests bring their own users and products."""
    home = tmp_path_factory.mktemp("sqlite-shop")
    yield from _open(sqlite_database(home, sqlite_template), home)


@pytest.fixture(scope="session")
def postgres_shop(
    postgres_server: str, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningShop]:
    """A running worker on PostgreSQL, shared by the whole session."""
    with postgres_database(postgres_server, postgres_template) as url:
        yield from _open(url, tmp_path_factory.mktemp("postgres-shop"))


def _open(url: str, home: Path) -> Iterator[RunningShop]:
    shop = RunningShop(test_settings(url, home))
    yield shop
    shop.stop()


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest) -> RunningShop:
    """A running worker, on each database in turn."""
    running_shop: RunningShop = request.getfixturevalue(f"{request.param}_shop")
    return running_shop
