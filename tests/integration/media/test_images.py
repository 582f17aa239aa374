"""Images of products: taken, shown, sorted, deleted, and swept away when nothing has them any more."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import media_pb2 as pb
from sanset.v1 import product_pb2, wishlist_pb2
from sqlalchemy import select
from support.pictures import another_png, decoded, encoded, jpeg, noise, png, png_bomb
from support.running_shop import Account, Refused, RunningShop, refusal

from server.catalog.image_files import file_names
from server.db.work import Work
from server.media import queries
from server.media.library import Library
from server.media.models import MediaFile
from server.media.service import MAX_IMAGES
from server.media.storage import FolderStore, StoreAway
from server.media.sweeping import GRACE, FileSweep
from server.verify.run import verify

pytestmark = pytest.mark.either

PIECE = 100_000


def pieces(product_id: int, data: bytes, **fields: Any) -> Iterator[pb.UploadImageRequest]:
    """The messages of an upload: who it is for first, then the file."""
    yield pb.UploadImageRequest(product_id=product_id, **fields)
    for start in range(0, len(data), PIECE):
        yield pb.UploadImageRequest(file=HttpBody(data=data[start : start + PIECE]))


def upload(
    shop: RunningShop, product_id: int, data: bytes | None = None, by: Account | None = None, **fields: Any
) -> pb.Image:
    """Add an image to a product; a picture like no other unless one is given."""
    sent = pieces(product_id, another_png() if data is None else data, **fields)
    return shop.media.UploadImage(sent, metadata=(by or shop.admin).metadata, timeout=60)


def refused(shop: RunningShop, *args: Any, **fields: Any) -> Refused:
    """Why an upload is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        upload(shop, *args, **fields)
    return refusal(caught.value)


def product_of(shop: RunningShop, product_id: int) -> product_pb2.Product:
    return shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product_id))


def file_of(shop: RunningShop, url: str) -> HttpBody:
    """What an address leads to."""
    return shop.media.GetMediaFile(pb.GetMediaFileRequest(name=url.removeprefix("/media/")))


def listed(shop: RunningShop, product_id: int, **fields: Any) -> pb.ListImagesResponse:
    return shop.media.ListImages(pb.ListImagesRequest(product_id=product_id, **fields))


def test_an_uploaded_image_is_shown_with_its_product_and_served_in_every_size(shop: RunningShop) -> None:
    product = shop.product()
    assert (product.image_url, list(product.images)) == ("", [])
    image = upload(shop, product.id, jpeg(3000, 1500), alt="A mug, from the left")
    assert (image.product_id, image.alt, image.variant_id) == (product.id, "A mug, from the left", 0)
    assert (image.width, image.height) == (2048, 1024)
    widths = [
        decoded(file_of(shop, url).data).width
        for url in (image.url, image.large_url, image.medium_url, image.thumbnail_url)
    ]
    assert widths == [2048, 1024, 480, 160]
    assert file_of(shop, image.url).content_type == "image/webp"
    shown = product_of(shop, product.id)
    assert shown.image_url == image.medium_url
    assert list(shown.images) == [image]
    assert shown.etag != product.etag
    assert shop.media.GetImage(pb.GetImageRequest(image_id=image.id)) == image
    request = product_pb2.BatchGetProductsRequest(product_ids=[product.id])
    (summary,) = shop.catalog.BatchGetProducts(request).items
    assert (summary.image_url, list(summary.images)) == (image.medium_url, [])


def test_a_file_may_come_whole_or_in_pieces(shop: RunningShop) -> None:
    product, data = shop.product(), another_png()
    whole = pb.UploadImageRequest(product_id=product.id, file=HttpBody(data=data))
    image = shop.media.UploadImage(iter([whole]), metadata=shop.admin.metadata)
    tiny = (pb.UploadImageRequest(file=HttpBody(data=data[at : at + 7])) for at in range(0, len(data), 7))
    first = pb.UploadImageRequest(product_id=product.id)
    assert shop.media.UploadImage(iter([first, *tiny]), metadata=shop.admin.metadata) == image


def test_the_same_file_is_one_image_of_a_product_and_may_be_one_of_another(shop: RunningShop) -> None:
    product, other, data = shop.product(), shop.product(), another_png()
    image = upload(shop, product.id, data, alt="first")
    assert upload(shop, product.id, data, alt="second") == image
    again = upload(shop, other.id, data)
    assert again.id != image.id
    assert again.url == image.url
    assert len(listed(shop, product.id).items) == 1


def test_a_request_id_makes_an_upload_one_effect(shop: RunningShop) -> None:
    product, data, request_id = shop.product(), another_png(), str(uuid.uuid4())
    image = upload(shop, product.id, data, request_id=request_id)
    shop.media.DeleteImage(pb.DeleteImageRequest(image_id=image.id), metadata=shop.admin.metadata)
    assert upload(shop, product.id, data, request_id=request_id) == image
    assert not listed(shop, product.id).items
    mismatch = refused(shop, product.id, another_png(), request_id=request_id)
    assert mismatch.reason == "IDEMPOTENCY_MISMATCH"


def test_of_an_upload_that_is_refused_nothing_is_stored(shop: RunningShop) -> None:
    data = another_png()
    for fields in ({}, {"request_id": str(uuid.uuid4())}):
        assert refused(shop, 2**40, data, **fields).reason == "PRODUCT_NOT_FOUND"
    digest = hashlib.sha256(data).hexdigest()
    assert shop.sql("SELECT key FROM media_files WHERE digest = :digest", digest=digest) == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "must be a JPEG, PNG or WebP image"),
        (b"no picture", "must be a JPEG, PNG or WebP image"),
        (png()[:-20], "is cut off"),
        (jpeg() + b"<script>", "is more than a picture"),
        (png_bomb(9000, 9000), "must have at most 40000000 pixels"),
        (png_bomb(10, 10), "is damaged"),
    ],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(
    shop: RunningShop, data: bytes, problem: str
) -> None:
    product = shop.product()
    refusal = refused(shop, product.id, data)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_IMAGE")
    assert refusal.fields == ["file"]
    assert problem in refusal.message
    assert not listed(shop, product.id).items


def test_a_file_is_refused_as_soon_as_it_is_too_large(shop: RunningShop) -> None:
    product = shop.product()
    data = encoded(noise(2100, 1700), "PNG")
    assert len(data) > shop.settings.max_file_size
    refusal = refused(shop, product.id, data)
    assert (refusal.reason, refusal.fields) == ("INVALID_IMAGE", ["file"])
    assert "at most 10485760 bytes" in refusal.message


def test_only_the_first_message_says_whose_a_file_is(shop: RunningShop) -> None:
    product = shop.product()
    messages = [*pieces(product.id, another_png()), pb.UploadImageRequest(alt="late")]
    with pytest.raises(grpc.RpcError) as caught:
        shop.media.UploadImage(iter(messages), metadata=shop.admin.metadata)
    assert refusal(caught.value).fields == ["alt"]
    with pytest.raises(grpc.RpcError) as caught:
        shop.media.UploadImage(iter([]), metadata=shop.admin.metadata)
    assert refusal(caught.value).reason == "MALFORMED_REQUEST"


def test_who_may_change_a_product_may_change_its_images(shop: RunningShop) -> None:
    vendor = shop.vendor()
    product = shop.product()
    image = upload(shop, product.id)
    assert refused(shop, product.id, by=vendor).reason == "NOT_THE_OWNER"
    for call, request in (
        (shop.media.DeleteImage, pb.DeleteImageRequest(image_id=image.id)),
        (shop.media.UpdateImage, pb.UpdateImageRequest(image=pb.Image(id=image.id, alt="mine"))),
        (shop.media.ReorderImages, pb.ReorderImagesRequest(product_id=product.id, image_ids=[image.id])),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            call(request, metadata=vendor.metadata)
        assert refusal(caught.value).reason == "NOT_THE_OWNER"
    assert refused(shop, 2**40).reason == "PRODUCT_NOT_FOUND"


def test_images_stand_in_their_order_and_the_first_is_the_products(shop: RunningShop) -> None:
    product = shop.product()
    first, second, third = (upload(shop, product.id) for _ in range(3))
    assert [image.id for image in listed(shop, product.id).items] == [first.id, second.id, third.id]
    request = pb.ReorderImagesRequest(product_id=product.id, image_ids=[third.id, first.id])
    reply = shop.media.ReorderImages(request, metadata=shop.admin.metadata)
    assert [image.id for image in reply.items] == [third.id, first.id, second.id]
    shown = product_of(shop, product.id)
    assert [image.id for image in shown.images] == [third.id, first.id, second.id]
    assert shown.image_url == third.medium_url
    page = listed(shop, product.id, page_size=2)
    rest = listed(shop, product.id, page_size=2, page_token=page.next_page_token)
    assert [image.id for image in (*page.items, *rest.items)] == [third.id, first.id, second.id]
    assert rest.next_page_token == ""
    stranger = upload(shop, shop.product().id)
    request.image_ids.append(stranger.id)
    with pytest.raises(grpc.RpcError) as caught:
        shop.media.ReorderImages(request, metadata=shop.admin.metadata)
    assert refusal(caught.value).reason == "IMAGE_NOT_FOUND"


def test_what_is_said_of_an_image_can_be_changed(shop: RunningShop) -> None:
    product = shop.product()
    image = upload(shop, product.id, alt="before", variant_id=product.default_variant_id)
    assert image.variant_id == product.default_variant_id

    def update(mask: list[str], **fields: Any) -> pb.Image:
        request = pb.UpdateImageRequest(
            image=pb.Image(id=image.id, **fields), update_mask=FieldMask(paths=mask)
        )
        return shop.media.UpdateImage(request, metadata=shop.admin.metadata)

    changed = update(["alt"], alt="after", etag=image.etag)
    assert (changed.alt, changed.variant_id) == ("after", product.default_variant_id)
    assert update(["variant_id"]).variant_id == 0
    assert product_of(shop, product.id).images[0].alt == "after"
    with pytest.raises(grpc.RpcError) as caught:
        update(["alt"], alt="late", etag=image.etag)
    assert refusal(caught.value).reason == "STALE_ETAG"
    with pytest.raises(grpc.RpcError) as caught:
        update(["variant_id"], variant_id=shop.product().default_variant_id)
    assert refusal(caught.value).reason == "PRODUCT_NOT_FOUND"
    assert refused(shop, product.id, variant_id=2**40).reason == "PRODUCT_NOT_FOUND"


def test_lines_show_the_image_of_their_variant_or_else_the_products_first(shop: RunningShop) -> None:
    product, buyer = shop.product(), shop.customer()
    (line,) = shop.add(buyer, product.id).items
    assert line.product_image == ""
    first = upload(shop, product.id)
    own = upload(shop, product.id, variant_id=product.default_variant_id)
    (line,) = shop.add(buyer, product.id).items
    assert line.product_image == own.thumbnail_url
    update = pb.UpdateImageRequest(image=pb.Image(id=own.id, variant_id=0))
    shop.media.UpdateImage(update, metadata=shop.admin.metadata)
    wish = shop.cart.AddToWishlist(
        wishlist_pb2.AddToWishlistRequest(product_id=product.id), metadata=buyer.metadata
    )
    assert wish.product_image == first.thumbnail_url
    order = shop.checkout(buyer).order
    for image in (first, own):
        shop.media.DeleteImage(pb.DeleteImageRequest(image_id=image.id), metadata=shop.admin.metadata)
    assert shop.placed_by(buyer)[0] == order


def test_a_deleted_image_is_gone_and_a_deleted_product_keeps_its_own(shop: RunningShop) -> None:
    product = shop.product()
    first, second = upload(shop, product.id), upload(shop, product.id)
    shop.media.DeleteImage(pb.DeleteImageRequest(image_id=first.id), metadata=shop.admin.metadata)
    shown = product_of(shop, product.id)
    assert [image.id for image in shown.images] == [second.id]
    assert shown.image_url == second.medium_url
    for _ in range(2):
        with pytest.raises(grpc.RpcError) as caught:
            shop.media.DeleteImage(pb.DeleteImageRequest(image_id=first.id), metadata=shop.admin.metadata)
        assert refusal(caught.value).reason == "IMAGE_NOT_FOUND"
    delete = product_pb2.DeleteProductRequest(product_id=product.id)
    shop.catalog.DeleteProduct(delete, metadata=shop.admin.metadata)
    with pytest.raises(grpc.RpcError) as caught:
        shop.media.GetImage(pb.GetImageRequest(image_id=second.id))
    assert refusal(caught.value).reason == "IMAGE_NOT_FOUND"
    undelete = product_pb2.UndeleteProductRequest(product_id=product.id)
    back = shop.catalog.UndeleteProduct(undelete, metadata=shop.admin.metadata)
    assert list(back.images) == [second]


@pytest.mark.both
def test_a_product_has_as_many_images_as_it_may_however_many_come_at_once(shop: RunningShop) -> None:
    product = shop.product()
    for _ in range(MAX_IMAGES - 2):
        upload(shop, product.id)

    def add(_: int) -> str:
        try:
            return upload(shop, product.id).url
        except grpc.RpcError as error:
            return refusal(error).reason

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(add, range(6)))
    assert outcomes.count("TOO_MANY") == 4
    images = listed(shop, product.id).items
    assert len({image.id for image in images}) == MAX_IMAGES
    assert refused(shop, product.id).reason == "TOO_MANY"


@pytest.mark.both
def test_of_the_same_file_sent_at_once_one_image_is_made(shop: RunningShop) -> None:
    product, data = shop.product(), another_png()
    with ThreadPoolExecutor(4) as threads:
        images = list(threads.map(lambda _: upload(shop, product.id, data), range(4)))
    assert all(image == images[0] for image in images)
    assert len(listed(shop, product.id).items) == 1


@pytest.mark.both
def test_reading_a_product_with_images_takes_one_query(shop: RunningShop) -> None:
    product = shop.product()
    upload(shop, product.id)
    upload(shop, product.id)
    with shop.counted_queries() as queries:
        assert len(product_of(shop, product.id).images) == 2
        product_of(shop, product.id)
        listed(shop, product.id)
    assert len(queries) == 1


@pytest.mark.both
def test_an_image_is_stored_by_few_statements(shop: RunningShop) -> None:
    product = shop.product()
    with shop.counted_queries() as queries:
        upload(shop, product.id)
    assert len(queries) == 9 + 1, queries  # one of them for the audit log


def test_files_that_do_not_exist_are_not_found(shop: RunningShop) -> None:
    for name, reason in (("a" * 32 + ".webp", "MEDIA_FILE_NOT_FOUND"), ("../secret", "INVALID_FIELD")):
        with pytest.raises(grpc.RpcError) as caught:
            shop.media.GetMediaFile(pb.GetMediaFileRequest(name=name))
        assert refusal(caught.value).reason == reason


def test_a_store_that_is_away_is_said_to_be_and_nothing_is_half_done(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = shop.product()

    def away(*_: object) -> None:
        raise StoreAway("no disk")

    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "write", away)
        patch.setattr(FolderStore, "read", away)
        refusal = refused(shop, product.id)
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "MEDIA_AWAY")
        with pytest.raises(grpc.RpcError) as caught:
            file_of(shop, "/media/" + "b" * 32 + ".webp")
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
    assert not listed(shop, product.id).items
    upload(shop, product.id)


# ── Files that nothing has ──────────────────────────────────────────────────────────────────────────────


def sweep(shop: RunningShop, later: timedelta) -> None:
    """Run the job as if it were later."""
    core = shop.app.core
    store = FolderStore(shop.settings.media_dir)
    work = Work(core.db, core.pool)
    job = FileSweep(work, Library(store), lambda: core.clock() + later)
    for _ in range(2):
        shop.run(job.run())


def key_of(image: pb.Image) -> str:
    return image.url.removeprefix("/media/").removesuffix(".webp")


def test_files_are_swept_a_day_after_their_last_image_and_no_sooner(shop: RunningShop) -> None:
    store = FolderStore(shop.settings.media_dir)
    product, data = shop.product(), another_png()
    image, other = upload(shop, product.id, data), upload(shop, product.id)
    shop.media.DeleteImage(pb.DeleteImageRequest(image_id=image.id), metadata=shop.admin.metadata)
    sweep(shop, GRACE - timedelta(minutes=5))
    assert all(store.has(name) for name in file_names(key_of(image)))
    sweep(shop, GRACE + timedelta(minutes=5))
    assert not any(store.has(name) for name in file_names(key_of(image)))
    assert all(store.has(name) for name in file_names(key_of(other)))
    again = upload(shop, product.id, data)
    assert again.url != image.url, "its old files may still be on their way out"
    assert file_of(shop, again.url).data


def test_a_sweep_that_broke_off_is_taken_up_and_meanwhile_the_picture_gets_other_files(
    shop: RunningShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FolderStore(shop.settings.media_dir)
    product, data = shop.product(), another_png()
    image = upload(shop, product.id, data)
    shop.media.DeleteImage(pb.DeleteImageRequest(image_id=image.id), metadata=shop.admin.metadata)

    def away(*_: object) -> None:
        raise StoreAway("no disk")

    with monkeypatch.context() as patch:
        patch.setattr(FolderStore, "delete", away)
        with pytest.raises(Exception, match="cannot be reached"):
            sweep(shop, GRACE * 2)
    again = upload(shop, product.id, data)
    assert again.url != image.url
    sweep(shop, timedelta())
    assert not store.has(file_names(key_of(image))[0])
    assert all(store.has(name) for name in file_names(key_of(again)))


@pytest.mark.both
def test_files_that_are_claimed_while_they_are_about_to_be_given_up_are_kept(shop: RunningShop) -> None:
    image, db = upload(shop, shop.product().id), shop.app.db
    shop.media.DeleteImage(pb.DeleteImageRequest(image_id=image.id), metadata=shop.admin.metadata)
    later = shop.app.core.clock() + GRACE * 2
    with db.read() as connection:
        files = select(MediaFile.digest).where(MediaFile.key == key_of(image))
        digest = connection.execute(files).scalar_one()

    def give_up() -> list[str]:
        with db.transaction() as tx:
            return queries.doom_files(tx, later - GRACE, later, 1000)

    with ThreadPoolExecutor(1) as executor:
        with db.transaction() as tx:
            assert queries.claim_file(tx, digest, "another", later) == key_of(image)
            doomed = executor.submit(give_up)
            wait([doomed], timeout=0.5)  # PostgreSQL has it wait for the row, SQLite for all of the file
        assert key_of(image) not in doomed.result(60)
    sweep(shop, GRACE)


def test_the_shop_is_sound_and_a_lost_file_is_told(shop: RunningShop) -> None:
    store = FolderStore(shop.settings.media_dir)
    image = upload(shop, shop.product().id)
    broken = verify(shop.app.db.engine, store)
    own = (f"image {image.id}:", f"product {image.product_id}:")
    assert not [each for each in broken if any(name in str(each) for name in own)]
    lost = file_names(key_of(image))[1]
    store.delete([lost])
    (violation,) = [each for each in verify(shop.app.db.engine, store) if own[0] in str(each)]
    assert lost in str(violation)
    upload(shop, image.product_id, None)  # another one repairs nothing
    assert not store.has(lost)
