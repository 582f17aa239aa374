"""Building the web pages: once for each state of their sources, and never in the way of the shop."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.bootstrap import pages
from server.bootstrap.pages import PagesNotBuilt, built, pages_under_way
from server.settings import Settings


class Npm:
    """Stands for npm, which takes half a minute: writes down what it is told, and makes what a build makes."""

    def __init__(self, failing: str = "") -> None:
        self.steps: list[str] = []
        self.failing = failing
        self.pause = 0.0

    def __call__(self, *arguments: str, says: str, out: Path | None = None) -> None:
        self.steps.append(says)
        time.sleep(self.pause)
        if says == self.failing:
            raise PagesNotBuilt(f"{says} failed: no network")
        if out is not None:
            out.mkdir()
            (out / "index.html").write_text("a page")


@pytest.fixture
def npm(monkeypatch: pytest.MonkeyPatch) -> Npm:
    double = Npm()
    monkeypatch.setattr(pages, "npm", double)
    return double


def test_a_build_is_kept_while_its_sources_are_the_same(
    npm: Npm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = built(tmp_path / "pages")
    assert (first / "index.html").read_text() == "a page"
    assert built(tmp_path / "pages") == first
    assert (first / "console" / "index.html").is_file()
    assert len(npm.steps) == 4
    monkeypatch.setattr(pages, "_digest", lambda: "changed")
    second = built(tmp_path / "pages")
    assert second != first
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["changed"]


def test_two_shops_of_one_checkout_build_one_after_the_other(npm: Npm, tmp_path: Path) -> None:
    npm.pause = 0.02
    with ThreadPoolExecutor(2) as shops:
        for target in shops.map(built, [tmp_path / "one", tmp_path / "other"]):
            assert (target / "index.html").is_file()
    assert npm.steps[:4] == npm.steps[4:]


def test_a_shop_whose_pages_cannot_be_built_is_served_without(
    npm: Npm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    npm.failing = "installing their packages"
    settings = Settings.model_construct(data_dir=tmp_path, pages_dir=None)
    with pages_under_way(settings) as building:
        assert building.result(10) is None
    assert (
        "served without its web pages: installing their packages failed: no network"
        in capsys.readouterr().err
    )


def test_pages_of_ones_own_are_not_built(npm: Npm, tmp_path: Path) -> None:
    settings = Settings.model_construct(data_dir=tmp_path, pages_dir=tmp_path)
    with pages_under_way(settings) as building:
        assert building.result(0) == tmp_path
    assert npm.steps == []
