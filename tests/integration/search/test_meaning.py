"""A sentence model beside the words: what means the same is found, soon after it is written, and computed once."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import product_pb2
from sanset.v1 import search_pb2 as pb
from support import tiny_sentence_model
from support.running_shop import RunningShop, test_settings

from ml.data.arrays import Floats
from ml.models import sentence
from ml.models.sentence import OnnxModel
from server import app
from server.errors import CommandError
from server.search.meaning.setup import EMBED

pytestmark = pytest.mark.either

SECONDS = 60
"""For what comes within seconds on an idle machine."""

MEANINGS = [
    ("thermos", "flask"),
    ("sofa", "couch"),
    ("lantern", "lamp"),
    ("kettle", "boiler"),
    ("rug", "carpet"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a model that knows a few words."""
    return tiny_sentence_model.make(tmp_path_factory.mktemp("model"), MEANINGS)


@pytest.fixture(scope="module", name="shop")
def shop_with_a_model(
    module_database_url: str, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningShop]:
    """A worker with the model, on each database in turn."""
    settings = test_settings(module_database_url, tmp_path_factory.mktemp("shop"), embedding_model=str(model))
    running = RunningShop(settings)
    yield running
    running.stop()


def embed(shop: RunningShop) -> None:
    """Run the job once."""
    shop.run(shop.app.jobs.run(EMBED))


def found(shop: RunningShop, q: str) -> list[int]:
    """The products that a text finds."""
    reply = shop.search.SearchProducts(pb.SearchProductsRequest(q=q, page_size=100))
    return [hit.product.id for hit in reply.items]


def until(holds: Callable[[], bool]) -> None:
    """Wait for what comes soon."""
    give_up = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < give_up, "it does not come"
        time.sleep(0.02)


def named(shop: RunningShop, word: str) -> int:
    """A new product whose name says one thing that the model knows."""
    return shop.product(name=f"{word} {uuid.uuid4().hex[:8]}").id


def test_what_means_the_same_is_found_without_a_word_in_common(shop: RunningShop) -> None:
    flask, other = named(shop, "Flask"), named(shop, "Couch")
    embed(shop)
    until(lambda: flask in found(shop, "thermos"))
    assert other not in found(shop, "thermos")


def test_what_has_the_word_comes_before_what_means_the_same(shop: RunningShop) -> None:
    lamp, lantern = named(shop, "Lamp"), named(shop, "Lantern")
    embed(shop)
    until(lambda: lamp in found(shop, "lantern"))
    ids = found(shop, "lantern")
    assert ids.index(lantern) < ids.index(lamp)


def test_a_changed_text_has_another_meaning_and_a_deleted_product_none(shop: RunningShop) -> None:
    product_id = named(shop, "Boiler")
    embed(shop)
    until(lambda: product_id in found(shop, "kettle"))
    changed = product_pb2.Product(id=product_id, name=f"Carpet {uuid.uuid4().hex[:8]}")
    request = product_pb2.UpdateProductRequest(product=changed, update_mask=FieldMask(paths=["name"]))
    shop.catalog.UpdateProduct(request, metadata=shop.admin.metadata)
    embed(shop)
    until(lambda: product_id in found(shop, "rug") and product_id not in found(shop, "kettle"))
    delete = product_pb2.DeleteProductRequest(product_id=product_id)
    shop.catalog.DeleteProduct(delete, metadata=shop.admin.metadata)
    until(lambda: product_id not in found(shop, "rug"))


def test_another_worker_and_a_restart_compute_nothing_again(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    couch = named(shop, "Couch")
    embed(shop)
    texts = counted_texts(monkeypatch)
    other = RunningShop(shop.settings)
    try:
        texts.clear()  # a model is tried when it is loaded
        until(lambda: couch in found(other, "sofa"))
        embed(other)
        newer = named(shop, "Couch")
        embed(shop)
        until(lambda: newer in found(other, "sofa"))
    finally:
        other.stop()
    assert len(texts) == 1


def test_the_same_text_is_computed_once(shop: RunningShop, monkeypatch: pytest.MonkeyPatch) -> None:
    embed(shop)
    texts = counted_texts(monkeypatch)
    name = f"Rug {uuid.uuid4().hex[:8]}"
    twins = {shop.product(name=name).id for _ in range(3)}
    embed(shop)
    later = shop.product(name=name).id
    embed(shop)
    assert len(texts) == 1
    until(lambda: twins | {later} <= set(found(shop, "carpet")))


@pytest.mark.both
def test_a_run_without_news_writes_nothing(shop: RunningShop) -> None:
    embed(shop)
    with shop.counted_queries() as statements:
        embed(shop)
    assert not [each for each in statements if "product_vectors" in each]


def test_a_run_that_was_broken_off_is_made_up_for(shop: RunningShop, monkeypatch: pytest.MonkeyPatch) -> None:
    embed(shop)
    product_id = named(shop, "Lantern")

    def fail(*_: object) -> Floats:
        raise OSError("no memory")

    with monkeypatch.context() as patch:
        patch.setattr(OnnxModel, "of_texts", fail)
        with pytest.raises(OSError, match="no memory"):
            embed(shop)
    embed(shop)
    until(lambda: product_id in found(shop, "lamp"))


def test_a_model_that_cannot_be_loaded_is_named_at_the_start(shop: RunningShop, tmp_path: Path) -> None:
    spoilt = shop.settings.model_copy(update={"embedding_model": str(tmp_path / "nowhere")})
    with pytest.raises(CommandError, match=r"EMBEDDING_MODEL: .*nowhere: no such directory"):
        asyncio.run(built(spoilt))


async def built(settings: object) -> None:
    """Build a worker."""
    app.build(settings)  # type: ignore[arg-type]


def counted_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are computed from now on."""
    computed: list[str] = []
    compute = sentence.OnnxModel.of_texts

    def of_texts(self: OnnxModel, texts: Sequence[str]) -> Floats:
        computed.extend(texts)
        return compute(self, texts)

    monkeypatch.setattr(sentence.OnnxModel, "of_texts", of_texts)
    return computed
