"""Update masks."""

from __future__ import annotations

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.money_pb2 import Money
from sanset.v1 import product_pb2 as pb

from server.errors import InvalidField, InvalidUpdateMask
from server.rpc.updates import EVERYTHING, masked_values

MUG = pb.Product(id=7, sku="mug", name="Mug", price=Money(units=3), stock=5, etag="v1", rating=4.5)
WRITABLE = (
    "sku, name, slug, description, category, category_id, brand, price, compare_at_price, max_quantity, "
    "attributes, tags, seo_title, seo_description, discount, max_quantity_days, metadata, translations, language"
)


def _values(*paths: str, product: pb.Product = MUG) -> dict[str, object]:
    mask = FieldMask(paths=paths)
    stays = ("sku", "slug")
    return masked_values(product, mask, "product", stays=stays, price=lambda sent: sent.price.units)


def test_without_a_mask_what_was_sent_is_taken_also_where_it_is_empty() -> None:
    assert _values() == {"sku": "mug", "name": "Mug", "price": 3}
    assert _values(product=pb.Product(brand="", max_quantity=0, category_id=0)) == {
        "brand": "",
        "max_quantity": 0,
        "category_id": 0,
    }
    assert _values(product=pb.Product(tags=["a"])) == {"tags": ["a"]}
    assert masked_values(pb.Product(), None, "product") == {}


def test_a_star_takes_every_field_that_may_change() -> None:
    values = _values("*")
    assert {"slug", "stock", "etag", "rating", "id"}.isdisjoint(values)
    assert (values["name"], values["price"], values["sku"]) == ("Mug", 3, "mug")
    assert (values["brand"], values["tags"], values["max_quantity"]) == ("", [], 0)
    assert "slug" in _values("*", product=pb.Product(name="Mug", slug="", price=Money()))
    assert set(values) | {"slug"} == set(WRITABLE.split(", "))
    assert FieldMask(paths=["*"]) == EVERYTHING


def test_a_path_takes_its_field_empty_or_not_and_once() -> None:
    assert _values("max_quantity", "name", "name") == {"max_quantity": 0, "name": "Mug"}


@pytest.mark.parametrize(
    "path", ["stock", "etag", "id", "price.units", "nonsense", "", "Name", "product.name"]
)
def test_a_path_that_may_not_change_is_refused_by_name(path: str) -> None:
    with pytest.raises(InvalidUpdateMask) as caught:
        _values("name", path)
    assert caught.value.facts == {"path": path, "allowed": WRITABLE}


def test_a_star_beside_other_paths_is_refused() -> None:
    with pytest.raises(InvalidUpdateMask):
        _values("*", "name")


@pytest.mark.parametrize("paths", [["*"], ["name", "price"]])
def test_what_is_required_and_absent_is_refused_by_name(paths: list[str]) -> None:
    with pytest.raises(InvalidField) as caught:
        _values(*paths, product=pb.Product(id=7, brand="Acme"))
    assert [field for field, *_ in caught.value.violations] == ["product.name", "product.price"]
