"""Files of products from the command line: what they make of the shop, and what a repeat does."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from support.forked_command import completed

from server.catalog import categories, queries
from server.catalog.models import DEFAULT_LOCATION_ID
from server.clock import utc_now
from server.db.database import Database
from server.db.schema import catalog, events
from server.errors import CommandError
from server.events.position import horizon
from server.exports.csv_file import csv_of, heading_of
from server.exports.products import products as exported_products
from server.imports.icecat import OPENING_STOCK, read_icecat
from server.imports.products import whole
from server.imports.products.command import OWNER, FileSummary, import_products, products_of
from server.imports.products.judging import Terms
from server.imports.products.records import Encoding
from server.imports.products.rows import ProductRow, RowProblem
from server.inventory import location_queries
from server.progress import silent
from server.verify import verify

pytestmark = pytest.mark.either

HEADING = "sku,name,price,stock\n"


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    one = Database(database_url, pool_size=3)
    yield one
    one.close()


class Importer:
    """Imports texts as files."""

    def __init__(self, db: Database, directory: Path) -> None:
        self.db = db
        self._path = directory / "products.csv"
        self.problems: list[RowProblem] = []

    def __call__(self, content: str | bytes, **terms: Any) -> FileSummary:
        data = content if isinstance(content, bytes) else content.encode()
        self._path.write_bytes(data)
        return self.run(products_of("USD", Encoding.UTF_8, terms.get("languages", ())), **terms)

    def icecat(self, *lines: dict[str, object]) -> FileSummary:
        self._path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))
        return self.run(partial(read_icecat, "USD"))

    def run(self, read: Any, **terms: Any) -> FileSummary:
        self.problems.clear()
        values = {"caller": OWNER, "currency": "USD", "create_categories": True} | terms
        report = self.problems.append
        return import_products(self.db, self._path, read, Terms(**values), progress=silent, report=report)

    @property
    def places(self) -> list[tuple[int, str]]:
        return [(problem.line, problem.column) for problem in self.problems]


@pytest.fixture
def run(db: Database, tmp_path: Path) -> Importer:
    return Importer(db, tmp_path)


def counts(summary: FileSummary) -> tuple[int, int, int, int]:
    """Rows: created, updated, unchanged, refused."""
    return summary.created, summary.updated, summary.unchanged, summary.refused


def product(db: Database, sku: str) -> Any:
    with db.read() as connection:
        (found,) = connection.execute(select(catalog.Product.id).where(catalog.Product.sku == sku)).scalars()
        (row,) = queries.products(connection, [found])
        return row


def every(db: Database, statement: str) -> list[Any]:
    with db.read() as connection:
        return list(connection.execute(text(statement)))


def exported(db: Database, *languages: str) -> bytes:
    source = exported_products(None, utc_now(), languages)
    with db.read() as connection:
        return heading_of(source.columns) + csv_of(source.read(connection, None).rows)


def test_a_file_creates_what_there_is_not_and_changes_what_there_is(run: Importer) -> None:
    assert counts(run(HEADING + "A1,Old name,5,3\n")) == (1, 0, 0, 0)
    summary = run(
        "sku,name,slug,price,compare_at_price,stock,tags,attr:Material,category,description\n"
        'A1,New name,,12.50,15,8,"red, new",oak,Kitchen > Mugs,Fine\n'
        "A2,Second,the-second,5,,4,,,,\n"
        "A3,,,5,,4,,,,\n"
    )
    assert (counts(summary), run.places) == ((1, 1, 0, 1), [(4, "name")])
    first, second = product(run.db, "A1"), product(run.db, "A2")
    assert (first.name, first.slug, first.price_minor, first.compare_at_minor) == (
        *("New name", "old-name", 1250, 1500),
    )
    assert (first.tags, first.attributes, first.category_name) == (
        ["red", "new"],
        {"Material": "oak"},
        "Mugs",
    )
    assert (first.available, first.version, second.available, second.slug) == (8, 2, 4, "the-second")
    assert verify(run.db.engine) == []


def test_products_are_on_their_lists_and_told_of(run: Importer) -> None:
    run("sku,name,price,stock,tags,category_path,brand\nA1,Mug,5,0,red,Kitchen > Mugs,Acme\n")
    lists = {row.list_key for row in every(run.db, "SELECT list_key FROM product_listings")}
    assert {"all", "brand acme", "tag red"} < lists
    assert len([key for key in lists if key.startswith("category ")]) == 2
    with run.db.read() as connection:
        (told,) = connection.execute(
            select(events.Event.key, events.Event.payload).where(events.Event.topic == "product")
        )
    assert (int(told.key), set(told.payload["lists"])) == (product(run.db, "A1").id, lists)
    run("sku,price\nA1,7\n")
    prices = {row.price_minor for row in every(run.db, "SELECT price_minor FROM product_listings")}
    assert prices == {700}


def test_the_same_file_again_changes_nothing(run: Importer) -> None:
    content = "sku,name,price,stock,tags,attr:Width\n" + "".join(
        f"A{i},Mug {i},5,3,red,{i}\n" for i in range(1200)
    )
    assert counts(run(content)) == (1200, 0, 0, 0)
    told = len(every(run.db, "SELECT 1 FROM events"))
    assert counts(run(content)) == (0, 0, 1200, 0)
    assert len(every(run.db, "SELECT 1 FROM events")) == told
    assert product(run.db, "A700").version == 1


def test_each_of_many_products_is_told_of_in_their_order(run: Importer) -> None:
    run(HEADING + "".join(f"A{i},Mug {i},5,{i}\n" for i in range(40)))
    products = [row.id for row in every(run.db, "SELECT id FROM products ORDER BY id")]
    with run.db.read() as connection:
        of_products = select(events.Event).where(events.Event.topic == "product").order_by(events.Event.id)
        told = connection.execute(of_products).all()
        settled = horizon(connection).settled
    assert [int(row.key) for row in told] == products
    assert [row.payload for row in told] == [{"lists": ["all"]}, *([{"lists": []}] * 39)]
    assert told[-1].id <= settled


def test_names_are_listed_as_they_are_written(run: Importer) -> None:
    run('sku,name,price,brand,tags\nA1,"Back\\slash \\N",5,B\\n,\\t\n')
    rows = every(run.db, "SELECT list_key, name_key FROM product_listings ORDER BY list_key")
    assert [tuple(row) for row in rows] == [
        ("all", "back\\slash \\n"),
        ("brand b\\n", "back\\slash \\n"),
        ("tag \\t", "back\\slash \\n"),
    ]
    assert verify(run.db.engine) == []


def test_the_stock_of_many_products_is_counted_together(run: Importer) -> None:
    skus = [f"A{i}" for i in range(80)]
    run(HEADING + "".join(f"{sku},Mug,5,3\n" for sku in skus))
    with run.db.transaction() as tx:
        tx.execute(text("UPDATE inventory_levels SET available = 2, sold = 1"))
    assert counts(run("sku,stock\n" + "".join(f"{sku},{i % 3}\n" for i, sku in enumerate(skus)))) == (
        *(0, 54, 26, 0),
    )
    levels = every(run.db, "SELECT available, received, sold FROM inventory_levels ORDER BY variant_id")
    assert [tuple(level) for level in levels] == [(i % 3, i % 3 + 1, 1) for i in range(80)]
    in_stock = every(run.db, "SELECT in_stock FROM product_listings ORDER BY product_id")
    assert [bool(row.in_stock) for row in in_stock] == [i % 3 > 0 for i in range(80)]
    *_, last = every(run.db, "SELECT payload FROM events WHERE topic = 'stock' ORDER BY id")
    payload = json.loads(last.payload) if isinstance(last.payload, str) else last.payload
    assert len(payload["levels"]) == 54


@pytest.mark.both
def test_who_changes_a_location_and_an_import_wait_for_each_other_in_one_order(run: Importer) -> None:
    """Both hold the location before its levels: the other way round each would wait for the other."""
    if not run.db.is_postgresql:
        pytest.skip("SQLite has one writer")
    run(HEADING + "A1,Mug,5,3\n")
    waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with ThreadPoolExecutor(1) as clients:
        with run.db.transaction() as tx:
            location_queries.lock(tx, DEFAULT_LOCATION_ID)
            counted = clients.submit(run, "sku,stock\nA1,9\n")
            until = time.monotonic() + 60
            while not every(run.db, waits) and time.monotonic() < until:
                time.sleep(0.01)
            tx.execute(text("SET LOCAL lock_timeout = '100ms'"))
            assert len(location_queries.lock_levels(tx, DEFAULT_LOCATION_ID)) == 1
        assert counts(counted.result(60)) == (0, 1, 0, 0)


def test_a_dry_run_says_what_would_be_and_leaves_nothing(run: Importer) -> None:
    run(HEADING + "A1,Mug,5,3\n")
    before = every(run.db, "SELECT * FROM products"), every(run.db, "SELECT * FROM events")
    summary = run("sku,name,price,category\nA1,Cup,5,\nA2,Jar,5,New shelf\nA3,,5,\n", dry_run=True)
    assert (counts(summary), run.places) == ((1, 1, 0, 1), [(4, "name")])
    assert (every(run.db, "SELECT * FROM products"), every(run.db, "SELECT * FROM events")) == before
    assert every(run.db, "SELECT 1 FROM categories") == []


def test_rows_are_refused_by_themselves(run: Importer) -> None:
    run("sku,name,price,slug\nB1,Other,5,taken\n")
    summary = run(
        "sku,name,price,compare_at_price,slug,category,variant_sku\n"
        "A1,A,5,4,,,\n"
        "A2,B,5,,taken,,\n"
        "A3,C,5,,,Nowhere,\n"
        "A4,D,5,,,,B1\n"
        "A5,E,5,,own,,\n"
        "A6,F,5,,own,,\n"
        "A7,=cmd|' /C calc'!A1,5,,,,\n",
        create_categories=False,
    )
    assert counts(summary) == (2, 0, 0, 5)
    assert sorted(run.places) == [
        *((2, "compare_at_price"), (3, "slug"), (4, "category"), (5, "sku"), (7, "slug")),
    ]
    assert product(run.db, "A7").name == "=cmd|' /C calc'!A1"


def test_a_category_is_made_only_for_a_row_that_is_taken(run: Importer) -> None:
    run("sku,name,price,category\nA1,,5,Refused > Shelf\nA2,Mug,5,Kitchen > Mugs\nA3,Cup,5,kitchen > MUGS\n")
    names = [row.name for row in every(run.db, "SELECT name FROM categories ORDER BY id")]
    assert names == ["Kitchen", "Mugs"]
    assert product(run.db, "A3").category_id == product(run.db, "A2").category_id


def test_slugs_are_made_of_names_and_differ(run: Importer) -> None:
    run(HEADING + "A1,Mug,5,1\nA2,Mug,5,1\nA3,Mug,5,1\nA4,Кружка,5,1\n")
    slugs = [row.slug for row in every(run.db, "SELECT slug FROM products ORDER BY id")]
    assert slugs == ["mug", "mug-a2", "mug-a3", "kruzhka"]


def test_whoever_is_first_has_the_sku_and_the_batch_is_written_all_the_same(
    run: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another creates a product of the batch between the look at what there is and the writing."""
    write, tries = whole.write_batch, []

    def late(tx: Connection, rows: list[ProductRow], *rest: Any) -> Any:
        tries.append(len(rows))
        if len(tries) == 1:
            raise whole.IntegrityError("INSERT", None, Exception("uq_products_sku"))
        return write(tx, rows, *rest)

    monkeypatch.setattr(whole, "write_batch", late)
    assert counts(run(HEADING + "A1,Mug,5,1\nA2,Mug,5,1\n")) == (2, 0, 0, 0)
    assert tries == [2, 2]


def test_stock_is_set_where_the_file_says_so(run: Importer) -> None:
    run(HEADING + "A1,Mug,5,3\n")
    with run.db.transaction() as tx:
        tx.execute(text("UPDATE inventory_levels SET available = available - 1, sold = sold + 1"))
    assert counts(run("sku,name\nA1,Mug of oak\n")) == (0, 1, 0, 0)
    assert product(run.db, "A1").available == 2
    assert counts(run("sku,stock\nA1,0\n")) == (0, 1, 0, 0)
    (level,) = every(run.db, "SELECT available, received, sold FROM inventory_levels")
    assert tuple(level) == (0, 1, 1)
    (listing,) = every(run.db, "SELECT in_stock FROM product_listings")
    assert not listing.in_stock


def test_variants_are_rows_of_their_product(run: Importer) -> None:
    content = (
        "sku,variant_sku,name,price,stock,option:size\n"
        "T,T-S,Shirt,20,1,S\n"
        "T,T-M,Shirt,20,2,M\n"
        "T,T-L,Shirt,25,0,L\n"
        "U,U-S,,5,1,S\n"
        "U,U-M,,5,1,M\n"
    )
    summary = run(content)
    assert (counts(summary), run.places) == ((3, 0, 0, 2), [(5, "name"), (6, "sku")])
    assert product(run.db, "T").available == 3
    assert counts(run(content)) == (0, 0, 3, 2)
    assert counts(run("sku,variant_sku,price,stock\nT,T-L,30,4\n")) == (0, 1, 0, 0)
    row = product(run.db, "T")
    assert (row.available, row.price_minor) == (7, 2000)
    prices = every(run.db, "SELECT sku, price_minor FROM variants ORDER BY id")
    assert [tuple(row) for row in prices] == [("T-S", None), ("T-M", None), ("T-L", 3000)]
    assert verify(run.db.engine) == []


def test_what_is_exported_can_be_imported_again(run: Importer) -> None:
    with run.db.transaction() as tx:
        parent = categories.create(tx, {"name": "A > B"})
        categories.create(tx, {"name": "C", "parent_id": parent})
    rows: list[dict[str, object]] = [
        {
            "sku": "A1",
            "name": '=HYPERLINK("http://evil.test";"x")',
            "price": "12.50",
            "compare_at_price": 20,
            "category_path": "A \\> B > C",
            "description": "'quoted'\n-second line",
            "brand": "@brand",
            "tags": ["x", "-5"],
            "attributes": {"w": [1, "=x"], "note": "a;-b"},
            "metadata": {"erp": "1"},
            "seo_title": "+title",
            "seo_description": "one\ntwo",
            "stock": 3,
        },
        {"sku": "A2", "variant_sku": "A2-S", "name": "Shirt", "price": 5, "options": {"size": "S"}},
        {"sku": "A2", "variant_sku": "A2-M", "name": "Shirt", "price": 6, "options": {"size": "M"}},
    ]
    summary = run("\n".join(map(json.dumps, rows)), create_categories=False)
    assert (counts(summary), run.problems) == ((3, 0, 0, 0), [])
    before = product(run.db, "A1")
    assert before.name == rows[0]["name"]
    file = exported(run.db)
    assert (counts(run(file)), run.problems) == ((0, 0, 3, 0), [])
    assert counts(run(file.replace(b"12.50", b"13.50"))) == (0, 1, 2, 0)
    after = product(run.db, "A1")
    assert after.price_minor == 1350
    for name in ("name", "description", "brand", "tags", "attributes", "custom_metadata", "category_id"):
        assert getattr(after, name) == getattr(before, name), name
    assert counts(run(exported(run.db))) == (0, 0, 3, 0)


def test_translations_have_columns_of_their_own(run: Importer) -> None:
    languages = {"languages": ["de", "fr"]}
    rows = [
        {
            "sku": "A1",
            "name": "Cup",
            "price": 5,
            "name:de": "Tasse",
            "description:de": "Eins\nzwei",
            "name:fr": "",
        },
        {"sku": "A2", "name": "Pot", "price": 6, "name:de": "Pot", "name:ja": "x"},
    ]
    summary = run("\n".join(map(json.dumps, rows)), **languages)
    assert (counts(summary), run.places) == ((1, 0, 0, 1), [(2, "name:ja")])
    assert product(run.db, "A1").translations == {"de": {"name": "Tasse", "description": "Eins\nzwei"}}
    file = exported(run.db, "de", "fr")
    assert counts(run(file, **languages)) == (0, 0, 1, 0)
    assert counts(run("sku,name:de,seo_title:fr\nA1,,Tasse\n", **languages)) == (0, 1, 0, 0)
    translations = {"de": {"description": "Eins\nzwei"}, "fr": {"seo_title": "Tasse"}}
    assert product(run.db, "A1").translations == translations
    with pytest.raises(CommandError, match='its column "name:de" is in none of the languages in the setting'):
        run(file)  # it is said once, and nothing is imported, where the shop has the language no more
    assert product(run.db, "A1").translations == translations
    with pytest.raises(CommandError, match='no column "price:de"'):
        run("sku,price:de\nA1,5\n", **languages)


def test_the_icecat_catalogue_has_brands_prices_attributes_and_categories(run: Importer) -> None:
    lines: list[dict[str, object]] = [
        {
            "id": "7",
            "title": "HP 64MB DDR memory module",
            "supplier": "HP",
            "price": 12595,
            "short_description": "Fa\u200est\u2029memory",
            "attr_n_internal_memory": 64.0,
            "attr_t_memory_form_factor": "DIMM",
            "ean": ["1"],
        },
        {
            "id": "8",
            "title": "Xerox 6R01294",
            "supplier": "Xerox",
            "price": 1,
            "attr_n_black_toner_page_yield": 9.5,
        },
        {"id": "9", "title": "T" * 250, "supplier": "X", "price": 100, "attr_t_long": "x" * 20_000},
        {"id": "10", "title": "Free", "supplier": "X", "price": 0},
    ]
    assert (counts(run.icecat(*lines)), run.places) == ((3, 0, 0, 1), [(4, "price")])
    memory = product(run.db, "7")
    assert (memory.name, memory.brand, memory.price_minor, memory.available) == (
        *("HP 64MB DDR memory module", "HP", 12595, OPENING_STOCK),
    )
    assert memory.attributes == {"ean": ["1"], "internal_memory": 64, "memory_form_factor": "DIMM"}
    assert (memory.description, memory.category_name) == ("Fast\nmemory", "Memory")
    assert product(run.db, "8").category_name == "Toner & Drums"
    assert len(product(run.db, "9").name) == 200
    with run.db.transaction() as tx:
        tx.execute(text("UPDATE inventory_levels SET available = 1, received = 1"))
    assert counts(run.icecat(*lines)) == (0, 0, 3, 1)
    assert product(run.db, "7").available == 1


def test_a_file_that_is_none_is_refused_in_a_line(run: Importer) -> None:
    with pytest.raises(CommandError, match="no column"):
        run("name\nMug\n")
    with pytest.raises(CommandError, match="no id and title"):
        run.icecat({"sku": "A"})


@pytest.mark.parametrize("options", [["--dry-run"], []])
def test_the_command_says_what_came_of_the_file(
    database_url: str, tmp_path: Path, options: list[str]
) -> None:
    path = tmp_path / "products.csv"
    path.write_text(HEADING + "A1,Mug,5,3\nA2,,5,3\n")
    shop = {
        "ENVIRONMENT": "test",
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": "ab" * 32,
    }
    done = completed(["import", "products", str(path), *options], os.environ | shop, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1: name is missing" in done.stdout
    assert ("Nothing was written" in done.stdout) == bool(options)
    refused = (tmp_path / "import-refused.csv").read_text(encoding="utf-8-sig").splitlines()
    assert refused[1].startswith("3,name,is missing")


def stored(run: Importer, statement: str) -> list[tuple[Any, ...]]:
    with run.db.read() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


HOSTILE = {
    "a number that no reader can hold": '"attributes": {"a": 1%s}' % ("0" * 400),
    "the same in the shop's own facts": '"metadata": {"a": 1%s}' % ("0" * 400),
    "half of a character in JSON in JSON": r'"attributes": "{\"a\": \"\\ud800\"}"',
    "NUL in the name of a column": r'"x\u0000y": 1',
    "NUL in the name of an option": r'"option:x\u0000y": [1]',
    "a path that is too deep": '"category_path": "hostile' + " > deeper" * 30 + '"',
}


@pytest.mark.parametrize("values", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_value_costs_its_own_row_and_leaves_nothing(run: Importer, values: str) -> None:
    lines = (
        f'{{"sku": "hostile", "name": "A", "price": 1, {values}}}',
        '{"sku": "sound", "name": "B", "price": 1}',
    )
    categories_before = stored(run, "SELECT count(*) FROM categories")
    summary = run("\n".join(lines))
    assert (summary.rows, summary.refused) == (2, 1)
    (problem,) = run.problems
    assert problem.line == 1
    assert "\0" not in problem.column + problem.reason
    assert stored(run, "SELECT count(*) FROM categories") == categories_before
    assert stored(run, "SELECT sku FROM products WHERE sku = 'hostile'") == []


def test_half_of_a_character_in_the_json_of_a_cell_costs_its_own_row(run: Importer) -> None:
    summary = run('sku,name,price,attributes\nhalf,A,1,"{""a"":""\\ud800""}"\nhalf-not,B,1,\n')
    assert (counts(summary), run.places) == ((1, 0, 0, 1), [(2, "attributes")])


def test_a_slug_that_is_made_is_none_that_another_row_of_the_batch_names(run: Importer) -> None:
    run("sku,name,price\nnaming-0,Something,1\n")
    heading = "sku,name,price,slug\n"
    rows = (
        "naming-1,Naming Mug,1,\nnaming-2,B,1,naming-mug\nnaming-3,Naming Cup,1,\nnaming-0,C,1,naming-cup\n"
    )
    assert counts(run(heading + rows)) == (3, 1, 0, 0)
    slugs = dict(stored(run, "SELECT sku, slug FROM products WHERE sku LIKE 'naming-%'"))
    assert (slugs["naming-2"], slugs["naming-0"]) == ("naming-mug", "naming-cup")
    assert (slugs["naming-1"], slugs["naming-3"]) == ("naming-mug-naming-1", "naming-cup-naming-3")


def test_a_row_whose_variant_is_refused_changes_nothing_of_its_product(run: Importer) -> None:
    run("sku,name,price,variant_sku,option:color\nhalved,Old,1,,red\nhalved,,1,halved-b,blue\n")
    summary = run("sku,name,price,variant_sku,option:color\nhalved,New,5,,blue\nhalved,,5,halved-b,\n")
    assert (counts(summary), run.places) == ((0, 1, 0, 1), [(2, "options")])
    assert stored(run, "SELECT name, price_minor FROM products WHERE sku = 'halved'") == [("Old", 100)]
    assert stored(run, "SELECT price_minor FROM variants WHERE sku = 'halved-b'") == [(500,)]


VARIANT_HEADING = "sku,name,price,compare_at_price,variant_sku,option:color\n"


def test_a_price_of_a_variants_own_has_a_comparison_of_its_own(run: Importer) -> None:
    run(
        VARIANT_HEADING
        + "compared,Old,1,2,,red\ncompared,,3,4,compared-b,blue\ncompared,,3,2,compared-c,green\n"
    )
    assert run.places == [(4, "compare_at_price")]
    prices = "SELECT price_minor, compare_at_minor FROM variants WHERE sku = 'compared-b'"
    assert stored(run, prices) == [(300, 400)]
    run("sku,price,variant_sku\ncompared,5,compared-b\n")  # below which it is out of date
    assert stored(run, prices) == [(500, None)]
    product = "SELECT price_minor, compare_at_minor FROM products WHERE sku = 'compared'"
    run(VARIANT_HEADING + "compared,Old,6,7,compared-b,blue\n")
    assert (stored(run, prices), stored(run, product)) == ([(600, 700)], [(100, 200)])
    run(VARIANT_HEADING + "compared,Old,1,2,compared-b,blue\n")
    assert (stored(run, prices), stored(run, product)) == ([(None, None)], [(100, 200)])


def test_the_default_variants_own_price_is_what_its_row_says(run: Importer) -> None:
    run("sku,name,price,variant_sku,option:color\nowning,Old,1,,red\nowning,,1,owning-b,blue\n")
    with run.db.transaction() as tx:
        tx.execute(text("UPDATE variants SET price_minor = 200 WHERE sku = 'owning'"))
    prices = (
        "SELECT p.price_minor, v.price_minor FROM variants v JOIN products p ON p.id = v.product_id "
        "WHERE p.sku = 'owning' ORDER BY v.id"
    )
    assert counts(run("sku,price,variant_sku\nowning,2,\nowning,1,owning-b\n")) == (0, 0, 2, 0)
    run("sku,price\nowning,5\n")
    assert stored(run, prices) == [(100, 500), (100, None)]


def test_an_export_says_of_each_variant_which_it_is(run: Importer) -> None:
    run(VARIANT_HEADING + "moved,Old,1,2,,red\nmoved,,3,4,moved-b,blue\nmoved,,1,,moved-c,green\n")
    with run.db.transaction() as tx:  # another variant has become the default one
        tx.execute(text("UPDATE variants SET is_default = false WHERE sku = 'moved'"))
        tx.execute(text("UPDATE variants SET is_default = true WHERE sku = 'moved-b'"))
    before = exported(run.db)
    assert (counts(run(before)), run.problems) == ((0, 0, 3, 0), [])
    assert exported(run.db) == before


def test_a_further_row_of_a_new_product_names_its_variant(run: Importer) -> None:
    content = VARIANT_HEADING + "unnamed,Old,1,,unnamed-a,red\nunnamed,,1,,,blue\n"
    assert (counts(run(content)), run.places) == ((1, 0, 0, 1), [(3, "variant_sku")])
