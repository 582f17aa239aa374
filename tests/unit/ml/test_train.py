"""A training run from database to artifact, and the command line around it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shop_database import make_selling_shop
from small_shop import KEY, NOW, OPTIONS, PRODUCTS, quiet

from ml import __main__
from ml.artifacts import artifact
from ml.artifacts.artifact import Artifact
from ml.ranking.eligibility import Everything, Without
from ml.ranking.model import Model
from ml.training import train
from ml.training.options import Options
from ml.training.train import InsufficientData


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return make_selling_shop(tmp_path / "shop.db")


def run(url: str, models: Path, model_type: str, options: Options = OPTIONS, minutes: int = 0) -> Artifact:
    now = NOW + timedelta(minutes=minutes)
    return artifact.load(
        train.run(url, models, model_type, options=options, key=KEY, now=now, progress=quiet).path, KEY
    )


def test_the_same_data_and_seed_train_the_same_model(url: str, models: Path):
    first, second = run(url, models, "all"), run(url, models, "all")
    other = run(url, models, "all", replace(OPTIONS, seed=7))
    assert first.manifest.data_fingerprint == second.manifest.data_fingerprint
    for name, array in first.contents.arrays.items():
        np.testing.assert_array_equal(array, second.contents.arrays[name])
    assert (first.contents.arrays["als_item_factors"] != other.contents.arrays["als_item_factors"]).any()
    assert first.manifest.metrics == second.manifest.metrics


def test_the_run_reports_rising_percentages_and_measures(url: str, models: Path):
    heard: list[tuple[str, int, str]] = []
    trained = train.run(
        url, models, "all", options=OPTIONS, key=KEY, now=NOW, progress=lambda *line: heard.append(line)
    )
    percents = [percent for _, percent, _ in heard]
    assert percents == sorted(percents)
    assert 0 <= percents[0] <= percents[-1] <= 100
    assert {stage for stage, _, _ in heard} == {
        "read",
        "copurchase",
        "content",
        "reorder",
        "segments",
        "als",
        "evaluate",
        "publish",
    }
    assert trained.metrics["users"] > 0
    assert trained.metrics["blend"]["recall@20"] > 0


def test_retraining_one_part_carries_the_others_over(url: str, models: Path):
    whole = run(url, models, "all")
    als = run(url, models, "als", replace(OPTIONS, factors=5), minutes=1)
    assert als.contents.arrays["als_item_factors"].shape == (PRODUCTS, 5)
    for name in ("copurchase_weights", "copurchase_indices", "content_projection"):
        np.testing.assert_array_equal(als.contents.arrays[name], whole.contents.arrays[name])
    assert als.manifest.origins == {
        "als": als.name,
        "copurchase": whole.name,
        "content": whole.name,
        "reorder": whole.name,
        "segments": whole.name,
    }
    assert als.contents.texts["reorder_trees"] == whole.contents.texts["reorder_trees"]
    content = run(url, models, "content", minutes=2)
    assert content.manifest.origins == {
        "als": als.name,
        "copurchase": whole.name,
        "content": content.name,
        "reorder": whole.name,
        "segments": whole.name,
    }
    assert content.manifest.parameters.als.factors == 5


def test_segments_are_trained_with_the_rest_and_alone(url: str, models: Path, tmp_path: Path):
    whole = run(url, models, "all")
    assert whole.contents.arrays["segments_user_ids"].tolist() == list(range(1, 41))
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
        database.execute("UPDATE orders SET total_minor = 90000 WHERE user_id <= 20")
    als = run(url, models, "als", minutes=1)
    assert als.contents.texts["segments_names"] == whole.contents.texts["segments_names"]
    np.testing.assert_array_equal(
        als.contents.arrays["segments_monetary"], whole.contents.arrays["segments_monetary"]
    )
    alone = run(url, models, "segments", minutes=2)
    assert alone.manifest.origins["segments"] == alone.name
    assert alone.manifest.origins["copurchase"] == whole.name
    rich = alone.contents.arrays["segments_monetary"] > 90_000
    assert alone.contents.arrays["segments_user_ids"][rich].tolist() == list(range(1, 21))
    labels = alone.contents.arrays["segments_labels"]
    assert set(labels[rich].tolist()).isdisjoint(labels[~rich].tolist())


def test_one_part_alone_trains_everything_when_there_is_nothing_valid_to_carry_over(url: str, models: Path):
    damaged = models / run(url, models, "all").name
    (damaged / "product_ids.npy").write_bytes(b"")
    als = run(url, models, "als", minutes=1)
    assert set(als.manifest.origins.values()) == {als.name}


def test_carried_parts_follow_a_changed_catalogue(url: str, models: Path, tmp_path: Path):
    whole = run(url, models, "all")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
        database.execute("UPDATE products SET deleted_at = '2026-11-01 00:00:00.000000' WHERE id = 1")
        database.execute("INSERT INTO products VALUES (500, 'mug', 'acme', '', 7, NULL)")
    content = run(url, models, "content", minutes=1)
    ids = content.contents.arrays["product_ids"].tolist()
    assert ids == [*range(2, PRODUCTS + 1), 500]
    np.testing.assert_array_equal(
        content.contents.arrays["als_item_factors"][:-1], whole.contents.arrays["als_item_factors"][1:]
    )
    assert not content.contents.arrays["als_item_factors"][-1].any()
    before = Model.load(models / whole.name, KEY).related.bought_together(3, eligible=Without({1}), limit=9)
    after = Model.load(models / content.name, KEY).related.bought_together(3, eligible=Everything(), limit=9)
    assert [each.product_id for each in before] == [each.product_id for each in after]
    als = run(url, models, "als", minutes=2)
    likes = Model.load(models / als.name, KEY).related.similar(500, eligible=Everything(), limit=3)
    assert all(each.product_id % 2 for each in likes), "the new mug stands among kitchen goods by its words"


def test_too_few_orders_are_refused_by_number(tmp_path: Path, models: Path):
    url = make_selling_shop(tmp_path / "young.db", orders=3)
    with pytest.raises(
        InsufficientData, match=r"at least 20 orders by 5 customers .* the shop has 3 by 1 over"
    ):
        run(url, models, "all")
    assert not models.exists()


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        status = __main__.main(["train", *arguments])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def key_in_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(__main__.KEY_VARIABLE, KEY.hex())


@pytest.mark.usefixtures("key_in_environment")
def test_the_command_ends_with_the_artifact(url: str, models: Path, capsys: pytest.CaptureFixture[str]):
    status, lines = command(
        capsys, "--database-url", url, "--models-dir", str(models), "--factors", "4", "--iterations", "2"
    )
    assert status == 0
    assert lines[-1]["stage"] == "done"
    assert lines[-1]["metrics"]["k"] == 20
    assert Model.load(models / lines[-1]["artifact"], KEY).version == lines[-1]["artifact"]
    assert all(line.keys() == {"stage", "percent", "message"} for line in lines[:-1])


@pytest.mark.usefixtures("key_in_environment")
def test_the_command_tells_what_is_missing(tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]):
    url = make_selling_shop(tmp_path / "young.db", orders=3)
    status, lines = command(capsys, "--database-url", url, "--models-dir", str(models))
    assert status == 3
    assert lines[-1]["stage"] == "failed"
    assert lines[-1]["reason"] == "TOO_LITTLE_DATA"
    assert "the shop has 3 by 1" in lines[-1]["message"]


@pytest.fixture
def no_lightgbm(tmp_path: Path) -> dict[str, str]:
    """The environment of a process that finds LightGBM without the system library it needs."""
    package = tmp_path / "broken" / "lightgbm"
    (package / "lib").mkdir(parents=True)
    (package / "__init__.py").write_text(f"raise OSError({LIBGOMP!r})")
    (package / "lib" / "lib_lightgbm.so").write_text("no library")
    return {**os.environ, "PYTHONPATH": str(package.parent), __main__.KEY_VARIABLE: KEY.hex()}


LIBGOMP = "libgomp.so.1: cannot open shared object file: No such file or directory"


def test_without_openmp_all_but_reorder_is_trained_and_served(
    url: str, models: Path, no_lightgbm: dict[str, str]
):
    arguments = ["--database-url", url, "--models-dir", str(models), "--factors", "4", "--iterations", "2"]
    command = [sys.executable, "-m", "ml", "train", *arguments]
    done = subprocess.run(command, env=no_lightgbm, capture_output=True, text=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["stage"] == "done", done.stderr
    assert any(
        "libgomp.so.1" in line.get("message", "") and "libgomp1" in line["message"] for line in lines[:-1]
    )
    assert artifact.load(models / lines[-1]["artifact"], KEY).contents.texts["reorder_trees"] == []
    refused = subprocess.run([*command, "--type", "reorder"], env=no_lightgbm, capture_output=True, text=True)
    last = json.loads(refused.stdout.splitlines()[-1])
    assert (refused.returncode, last["reason"]) == (1, "MISSING_LIBRARY")
    assert "libgomp1" in last["message"]


@pytest.mark.usefixtures("key_in_environment")
def test_the_command_does_not_leak_the_database_address(models: Path, capsys: pytest.CaptureFixture[str]):
    url = "postgresql+psycopg://sanset:hunter2@127.0.0.1:1/none"
    status, lines = command(capsys, "--database-url", url, "--models-dir", str(models))
    assert status == 1
    assert lines[-1]["reason"] == "DATABASE_UNAVAILABLE"
    assert "hunter2" not in json.dumps(lines)


@pytest.mark.parametrize("key", ["", "zz", "abcd"])
def test_the_command_wants_a_key(
    url: str, models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, key: str
):
    monkeypatch.setenv(__main__.KEY_VARIABLE, key)
    status, lines = command(capsys, "--database-url", url, "--models-dir", str(models))
    assert status == 2
    assert lines[-1]["reason"] == "BAD_KEY"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--factors", "0"],
        ["--regularization", "nan"],
        ["--half-life-days", "-1"],
        ["--type", "magic"],
        ["--iterations", "x"],
    ],
)
def test_wrong_arguments_are_named(
    url: str, models: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit, match="2"):
        __main__.main(["train", "--database-url", url, "--models-dir", str(models), *arguments])
    assert arguments[0] in capsys.readouterr().err


def test_sigterm_cancels_and_leaves_no_half_artifact(url: str, models: Path):
    slow = ["--iterations", "500", "--factors", "200"]
    process = subprocess.Popen(
        [sys.executable, "-m", "ml", "train", "--database-url", url, "--models-dir", str(models), *slow],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, __main__.KEY_VARIABLE: KEY.hex()},
    )
    assert process.stdout is not None
    with process.stdout as output:
        for line in output:
            if json.loads(line)["stage"] == "als":
                process.terminate()
                break
        last = json.loads(output.read().splitlines()[-1])
    assert process.wait(timeout=30) == 143
    assert last == {
        "stage": "failed",
        "reason": "CANCELLED",
        "message": "Training was cancelled; nothing was published.",
    }
    assert not models.exists() or not list(models.iterdir())


def test_the_serving_half_does_not_load_the_training_half():
    loaded = "sorted({'implicit', 'sqlalchemy', 'server'} & set(sys.modules))"
    program = f"import ml.ranking.model, sys; print({loaded})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
