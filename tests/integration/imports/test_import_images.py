"""Images that a file of products names by their paths, from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from support.pictures import another_png, jpeg

from server.clock import utc_now
from server.db.database import Database
from server.errors import CommandError
from server.imports.products.command import OWNER, FileSummary, import_products, products_of
from server.imports.products.images import RowImages
from server.imports.products.judging import Terms
from server.imports.products.records import Encoding
from server.imports.products.rows import RowProblem
from server.media import folder
from server.media.folder import MISSING, UNREADABLE, ImageFolder
from server.media.formats import NO_IMAGE
from server.media.pictures import Picture
from server.media.storage import FolderStore, StoreAway
from server.progress import silent
from server.verify import verify

pytestmark = pytest.mark.either

MAX_BYTES = 100_000


class Importer:
    """Imports texts as files, with the images of a directory beside them."""

    def __init__(self, db: Database, directory: Path) -> None:
        self.db = db
        self.store = FolderStore(directory / "media")
        self.images = directory / "images"
        (self.images / "mugs").mkdir(parents=True)
        self._path = directory / "products.csv"
        self.problems: list[RowProblem] = []

    def __call__(self, content: str, *, dry_run: bool = False) -> FileSummary:
        self._path.write_text(content)
        self.problems.clear()
        images = ImageFolder(self.db, self.store, utc_now, directory=self.images, max_file_bytes=MAX_BYTES)
        return import_products(
            self.db,
            self._path,
            products_of("USD", Encoding.UTF_8, takes_images=True),
            Terms(caller=OWNER, currency="USD", dry_run=dry_run),
            progress=silent,
            report=self.problems.append,
            images=RowImages(self.db, images, OWNER),
        )

    def shown(self) -> list[tuple[Any, ...]]:
        """The sku of each image's product and variant, in the order in which they are shown."""
        statement = (
            "SELECT p.sku, v.sku AS variant FROM product_images i JOIN products p ON p.id = i.product_id "
            "LEFT JOIN variants v ON v.id = i.variant_id ORDER BY p.id, i.position"
        )
        with self.db.read() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Iterator[Importer]:
    db = Database(database_url, pool_size=3)
    yield Importer(db, tmp_path)
    db.close()


def test_rows_name_the_images_of_their_products_and_variants(
    run: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run.images / "mugs" / "red, left.jpg").write_bytes(jpeg(80, 60))
    (run.images / "b.png").write_bytes(another_png())
    (run.images / "c.png").write_bytes(another_png())
    decoded: list[bytes] = []
    whole = folder.picture_of

    def counted(data: bytes) -> Picture:
        decoded.append(data)
        return whole(data)

    monkeypatch.setattr(folder, "picture_of", counted)
    content = (
        "sku,variant_sku,name,price,option:size,image_path,images\n"
        '"T",,Mug,5,,"mugs/red, left.jpg","b.png, c.png"\n'
        "U,U-S,Cup,5,S,,b.png\n"
        "U,U-M,Cup,5,M,,c.png\n"
    )
    summary = run(content)
    assert (summary.created, summary.refused, summary.images, run.problems) == (3, 0, 5, [])
    assert run.shown() == [*[("T", None)] * 3, ("U", "U-S"), ("U", "U-M")]
    assert len(decoded) == 3  # each picture once
    assert verify(run.db.engine, run.store) == []
    again = run(content)
    assert (again.unchanged, again.images, len(decoded), len(run.shown())) == (3, 0, 3, 5)


def test_an_image_that_cannot_be_taken_is_told_of_with_its_row_which_is_written(run: Importer) -> None:
    (run.images / "text.png").write_text("no picture")
    (run.images / "huge.png").write_bytes(b"x" * (MAX_BYTES + 1))
    (run.images / "out.png").symlink_to(run.images.parent / "outside.png")
    (run.images.parent / "outside.png").write_bytes(another_png())
    (run.images / "fine.png").write_bytes(another_png())
    (run.images / "circle.png").symlink_to("circle.png")
    outside = ["../outside.png", str(run.images.parent / "outside.png"), "out.png", "mugs", "none.png"]
    paths = ["text.png", "huge.png", "circle.png", *outside, "fine.png"]
    row = {"sku": "T", "name": "Mug", "price": 5, "images": paths}
    for dry_run in (True, False):
        summary = run(json.dumps(row), dry_run=dry_run)
        assert (summary.created, summary.refused, summary.images) == (1, 0, int(not dry_run))
        assert summary.image_reasons == {
            NO_IMAGE: 1,
            f"must have at most {MAX_BYTES} bytes": 1,
            MISSING: len(outside),
            UNREADABLE: 1,
        }
        assert len(run.shown()) == int(not dry_run)
    assert {(one.line, one.column, one.sku) for one in run.problems} == {(1, "images", "T")}
    assert run.problems[0].reason == f'"text.png" {NO_IMAGE}'


def test_an_import_ends_where_images_cannot_be_stored_and_can_be_repeated(
    run: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run.images / "a.png").write_bytes(another_png())
    content = "sku,name,price,image_path\nT,Mug,5,a.png\n"
    with monkeypatch.context() as broken:

        def away(name: str, data: bytes) -> None:
            raise StoreAway("no room")

        broken.setattr(run.store, "write", away)
        with pytest.raises(CommandError, match="no room"):
            run(content)
    assert run.shown() == []
    assert run(content).images == 1
    assert run.shown() == [("T", None)]
