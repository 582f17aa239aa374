"""The program of docs/clients.md that reads the shop's numbers does what the page says."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.clients_page import SHOP, block
from support.counted_sales import count, placed_at
from support.running_shop import ADMIN, RunningShop


@pytest.mark.either
def test_the_example_runs(
    shop: RunningShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    buyer, product = shop.customer(), shop.product(units=12, brand="Notebook Mills")
    for moment in (datetime(2025, 6, 1, tzinfo=UTC), datetime.now(UTC)):
        shop.add(buyer, product.id, 2)
        placed_at(shop, shop.checkout(buyer).order.id, moment)
    count(shop)
    email, password = ADMIN
    program = block("Numbers for a notebook", "python").replace(SHOP, shop.target)
    program = program.replace("admin@example.com", email).replace("admin-demo-1", password)
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "clients.md", "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    assert "Notebook Mills 2 " in printed
    with Path("sales.csv").open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 365
