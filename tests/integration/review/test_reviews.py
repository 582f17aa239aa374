"""Reviews: who may write them, who sees them, and that products and lists count what is published."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sanset.v1 import product_pb2
from sanset.v1 import review_pb2 as pb
from support.page_by_page import page_by_page
from support.review_story import buyer_of, refused, review, reviews
from support.running_shop import Account, RunningShop, test_settings

from server.verify.run import verify

pytestmark = pytest.mark.either

Product = product_pb2.Product
Status = pb.Review.Status


def rated(shop: RunningShop, product_id: int) -> tuple[float, int]:
    """What a product says of its reviews."""
    product = shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=product_id))
    return product.rating, product.reviews_count


def listed(shop: RunningShop, product_id: int, **fields: Any) -> pb.ListReviewsResponse:
    return reviews(shop).ListReviews(pb.ListReviewsRequest(product_id=product_id, **fields))


def got(shop: RunningShop, review_id: int, by: Account | None = None) -> pb.Review:
    request = pb.GetReviewRequest(review_id=review_id)
    return reviews(shop).GetReview(request, metadata=by.metadata if by is not None else ())


def changed(shop: RunningShop, author: Account, review_id: int, *paths: str, **fields: Any) -> pb.Review:
    request = pb.UpdateReviewRequest(
        review=pb.Review(id=review_id, **fields), update_mask=FieldMask(paths=paths) if paths else None
    )
    return reviews(shop).UpdateReview(request, metadata=author.metadata)


def moderated(shop: RunningShop, review_id: int, status: Status.ValueType, etag: str = "") -> pb.Review:
    request = pb.ModerateReviewRequest(review_id=review_id, status=status, etag=etag)
    return reviews(shop).ModerateReview(request, metadata=shop.admin.metadata)


def deleted(shop: RunningShop, by: Account, review_id: int) -> None:
    reviews(shop).DeleteReview(pb.DeleteReviewRequest(review_id=review_id), metadata=by.metadata)


# ── Who may write one ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.both
def test_a_buyer_reviews_what_was_delivered_and_everybody_sees_it_at_once(shop: RunningShop) -> None:
    product = shop.product()
    buyer = buyer_of(shop, product.id)
    written = review(shop, product.id, buyer, 4, title="Good", text="Holds\ncoffee.")
    assert (written.author, written.status) == ("Ann B.", Status.PUBLISHED)
    assert got(shop, written.id) == written
    reply = listed(shop, product.id)
    assert list(reply.items) == [written]
    assert (reply.summary.count, reply.summary.rating) == (1, 4.0)
    assert list(reply.summary.stars) == [0, 0, 0, 1, 0]
    assert rated(shop, product.id) == (4.0, 1)
    assert buyer.email not in str(reply)
    assert "Buyer" not in str(reply)


def test_who_did_not_get_a_product_does_not_review_it(shop: RunningShop) -> None:
    product = shop.product()
    request = pb.CreateReviewRequest(product_id=product.id, review=pb.Review(rating=5))
    create = reviews(shop).CreateReview
    assert refused(create, request, shop.customer()).reason == "NOT_A_BUYER"
    waiting = shop.customer()
    shop.add(waiting, product.id)
    shop.checkout(waiting)
    said = refused(create, request, waiting)
    assert (said.code, said.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "NOT_A_BUYER")
    assert refused(create, request).code == grpc.StatusCode.UNAUTHENTICATED
    assert rated(shop, product.id) == (0.0, 0)


def test_a_vendor_does_not_review_what_they_sell(shop: RunningShop) -> None:
    product = shop.product()
    vendor = shop.vendor()
    shop.sql("UPDATE products SET vendor_id = :vendor WHERE id = :id", vendor=vendor.user_id, id=product.id)
    request = pb.CreateReviewRequest(product_id=product.id, review=pb.Review(rating=5))
    assert refused(reviews(shop).CreateReview, request, vendor).reason == "OWN_PRODUCT"


@pytest.mark.both
def test_a_buyer_has_one_review_of_a_product_however_often_they_send_it(shop: RunningShop) -> None:
    product = shop.product()
    buyer = buyer_of(shop, product.id)

    def send(_: int) -> str:
        request = pb.CreateReviewRequest(product_id=product.id, review=pb.Review(rating=2))
        try:
            return str(reviews(shop).CreateReview(request, metadata=buyer.metadata).id)
        except grpc.RpcError as error:
            return error.code().name

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(send, range(4)))
    assert outcomes.count("ALREADY_EXISTS") == 3
    request = pb.CreateReviewRequest(product_id=product.id, review=pb.Review(rating=2))
    assert refused(reviews(shop).CreateReview, request, buyer).reason == "ALREADY_REVIEWED"
    assert rated(shop, product.id) == (2.0, 1)


def test_a_request_id_makes_a_review_one(shop: RunningShop) -> None:
    product = shop.product()
    buyer = buyer_of(shop, product.id)
    request = pb.CreateReviewRequest(
        product_id=product.id, review=pb.Review(rating=3), request_id=str(uuid.uuid4())
    )
    first, again = (reviews(shop).CreateReview(request, metadata=buyer.metadata) for _ in range(2))
    assert again == first


@pytest.mark.parametrize("rating", [None, 0, 6, -1])
def test_stars_are_one_to_five(shop: RunningShop, rating: int | None) -> None:
    request = pb.CreateReviewRequest(product_id=1, review=pb.Review(rating=rating, title="x"))
    said = refused(reviews(shop).CreateReview, request, shop.customer(address=False))
    assert said.fields == ["review.rating"]


# ── What counts ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_product_and_its_lists_follow_every_change(shop: RunningShop) -> None:
    tag = f"t{uuid.uuid4().hex[:10]}"
    better, worse = shop.product(tags=[tag]), shop.product(tags=[tag])

    def by_rating() -> list[int]:
        request = product_pb2.ListProductsRequest(tags=[tag], sort=product_pb2.ListProductsRequest.RATING)
        return [product.id for product in shop.catalog.ListProducts(request).items]

    first, second = buyer_of(shop, better.id, worse.id), buyer_of(shop, better.id)
    written = review(shop, better.id, first, 5)
    other = review(shop, better.id, second, 2)
    review(shop, worse.id, first, 3)
    assert rated(shop, better.id) == (3.5, 2)
    assert by_rating() == [better.id, worse.id]
    changed(shop, first, written.id, rating=1)
    assert rated(shop, better.id) == (1.5, 2)
    assert by_rating() == [worse.id, better.id]
    deleted(shop, second, other.id)
    assert rated(shop, better.id) == (1.0, 1)
    moderated(shop, written.id, Status.REJECTED)
    assert rated(shop, better.id) == (0.0, 0)
    assert not listed(shop, better.id).items
    moderated(shop, written.id, Status.PUBLISHED)
    assert rated(shop, better.id) == (1.0, 1)
    etag = shop.catalog.GetProduct(product_pb2.GetProductRequest(product_id=better.id)).etag
    assert etag == better.etag, "no change of the product itself is stale by that"


@pytest.mark.both
def test_reviews_that_are_written_changed_and_deleted_at_once_are_all_counted(shop: RunningShop) -> None:
    product = shop.product()
    buyers = [buyer_of(shop, product.id) for _ in range(8)]

    def write(number: int) -> None:
        author = buyers[number]
        written = review(shop, product.id, author, 1 + number % 5)
        changed(shop, author, written.id, rating=5 - number % 5)
        if number % 3 == 0:
            deleted(shop, author, written.id)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    left = [5 - number % 5 for number in range(8) if number % 3]
    assert rated(shop, product.id) == (round(sum(left) / len(left), 2), len(left))
    summary = listed(shop, product.id).summary
    assert list(summary.stars) == [left.count(stars) for stars in range(1, 6)]
    broken = verify(shop.app.db.engine)
    assert not [each for each in broken if f"product {product.id}:" in str(each)]


def test_a_wrong_count_is_told(shop: RunningShop) -> None:
    product = shop.product()
    review(shop, product.id, buyer_of(shop, product.id), 5)
    spoil = "UPDATE review_counts SET count = count + :more WHERE product_id = :id"
    shop.sql(spoil, more=1, id=product.id)
    shop.sql("UPDATE product_listings SET rating = 1 WHERE product_id = :id", id=product.id)
    broken = {each.rule for each in verify(shop.app.db.engine)}
    assert {"review-counts", "review-rating", "listing-rating"} <= broken
    shop.sql(spoil, more=-1, id=product.id)
    shop.sql("UPDATE product_listings SET rating = 5 WHERE product_id = :id", id=product.id)


# ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sort", ["NEWEST", "HIGHEST", "LOWEST"])
def test_reviews_are_sorted_and_paged(shop: RunningShop, sort: str) -> None:
    product = shop.product()
    stars = [3, 5, 1, 5, 3]
    written = [review(shop, product.id, buyer_of(shop, product.id), rating) for rating in stars]
    expected = sorted(written, key=lambda one: (0 if sort == "NEWEST" else one.rating, one.id))
    if sort != "LOWEST":
        expected.reverse()
    pages = page_by_page(
        lambda token: listed(
            shop, product.id, page_size=2, page_token=token, sort=pb.ListReviewsRequest.Sort.Value(sort)
        )
    )
    assert [one.id for page in pages for one in page.items] == [one.id for one in expected]


@pytest.mark.both
def test_a_list_of_reviews_takes_two_queries(shop: RunningShop) -> None:
    product = shop.product()
    review(shop, product.id, buyer_of(shop, product.id))
    listed(shop, product.id)
    with shop.counted_queries() as queries:
        listed(shop, product.id)
    assert len(queries) == 2


def test_reviews_of_nothing_are_not_found(shop: RunningShop) -> None:
    request = pb.ListReviewsRequest(product_id=2**40)
    assert refused(reviews(shop).ListReviews, request).reason == "PRODUCT_NOT_FOUND"
    create = pb.CreateReviewRequest(product_id=2**40, review=pb.Review(rating=3))
    assert refused(reviews(shop).CreateReview, create, shop.customer()).reason == "PRODUCT_NOT_FOUND"
    product = shop.product()
    written = review(shop, product.id, buyer_of(shop, product.id))
    delete = product_pb2.DeleteProductRequest(product_id=product.id)
    shop.catalog.DeleteProduct(delete, metadata=shop.admin.metadata)
    get = pb.GetReviewRequest(review_id=written.id)
    assert refused(reviews(shop).GetReview, get, shop.admin).reason == "REVIEW_NOT_FOUND"


# ── Whose they are ──────────────────────────────────────────────────────────────────────────────────────


def test_a_review_is_changed_and_deleted_by_its_author(shop: RunningShop) -> None:
    product = shop.product()
    author, stranger = buyer_of(shop, product.id), shop.customer()
    written = review(shop, product.id, author, 4, title="Good")
    update = pb.UpdateReviewRequest(review=pb.Review(id=written.id, rating=1))
    for by in (stranger, shop.admin):
        assert refused(reviews(shop).UpdateReview, update, by).reason == "REVIEW_NOT_FOUND"
    delete = pb.DeleteReviewRequest(review_id=written.id)
    assert refused(reviews(shop).DeleteReview, delete, stranger).reason == "REVIEW_NOT_FOUND"
    after = changed(shop, author, written.id, "text", text="Better than I thought")
    assert (after.rating, after.title, after.text) == (4, "Good", "Better than I thought")
    update.review.etag = written.etag
    assert refused(reviews(shop).UpdateReview, update, author).reason == "STALE_ETAG"
    deleted(shop, author, written.id)
    assert refused(reviews(shop).DeleteReview, delete, author).reason == "REVIEW_NOT_FOUND"
    assert review(shop, product.id, author, 2).rating == 2


def test_an_admin_deletes_a_review_and_it_is_written_down(shop: RunningShop) -> None:
    product = shop.product()
    written = review(shop, product.id, buyer_of(shop, product.id))
    deleted(shop, shop.admin, written.id)
    entries = shop.sql(
        "SELECT action FROM audit_entries WHERE subject = :subject", subject=f"review/{written.id}"
    )
    assert [entry.action for entry in entries] == ["DeleteReview"]
    assert rated(shop, product.id) == (0.0, 0)


def test_what_was_rejected_is_seen_by_its_author_and_staff_alone(shop: RunningShop) -> None:
    product = shop.product()
    author = buyer_of(shop, product.id)
    written = review(shop, product.id, author, 1, text="rude")
    moderated(shop, written.id, Status.REJECTED, etag=written.etag)
    for by in (author, shop.admin):
        assert got(shop, written.id, by).status == Status.REJECTED
    get = pb.GetReviewRequest(review_id=written.id)
    for stranger in (None, shop.customer(address=False)):
        assert refused(reviews(shop).GetReview, get, stranger).reason == "REVIEW_NOT_FOUND"
    assert changed(shop, author, written.id, text="polite").status == Status.PENDING
    assert rated(shop, product.id) == (0.0, 0)
    stale = pb.ModerateReviewRequest(review_id=written.id, status=Status.PUBLISHED, etag=written.etag)
    assert refused(reviews(shop).ModerateReview, stale, shop.admin).reason == "STALE_ETAG"
    unknown = pb.ModerateReviewRequest(review_id=2**40, status=Status.PUBLISHED)
    assert refused(reviews(shop).ModerateReview, unknown, shop.admin).reason == "REVIEW_NOT_FOUND"


def test_what_was_rejected_is_not_published_by_deleting_it_and_writing_it_again(shop: RunningShop) -> None:
    product = shop.product()
    author = buyer_of(shop, product.id)
    written = review(shop, product.id, author, 1, title="Rude", text="rude")
    moderated(shop, written.id, Status.REJECTED)
    changed(shop, author, written.id, text="rude again")  # which has it wait for staff
    deleted(shop, author, written.id)
    left = got(shop, written.id, author)
    assert (left.title, left.text, left.status) == ("", "", Status.REJECTED)
    again = pb.CreateReviewRequest(product_id=product.id, review=pb.Review(rating=1, text="rude"))
    assert refused(reviews(shop).CreateReview, again, author).reason == "ALREADY_REVIEWED"
    assert changed(shop, author, written.id, text="polite").status == Status.PENDING
    deleted(shop, shop.admin, written.id)
    assert refused(reviews(shop).GetReview, pb.GetReviewRequest(review_id=written.id), author).reason == (
        "REVIEW_NOT_FOUND"
    )
    assert review(shop, product.id, author, 5).status == Status.PUBLISHED


# ── Moderation before publishing ────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def moderating(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningShop]:
    """A shop whose staff look at reviews first."""
    home: Path = tmp_path_factory.mktemp("moderating")
    shop = RunningShop(test_settings(module_database_url, home, review_moderation="first"))
    yield shop
    shop.stop()


def test_staff_see_the_reviews_of_all_products_whatever_became_of_them(moderating: RunningShop) -> None:
    shop = moderating
    products = [shop.product() for _ in range(3)]
    waiting, published, rejected = [review(shop, one.id, buyer_of(shop, one.id), 4) for one in products]
    moderated(shop, published.id, Status.PUBLISHED)
    moderated(shop, rejected.id, Status.REJECTED)
    mine = {waiting.id, published.id, rejected.id}

    def ids(status: Status.ValueType) -> list[int]:
        def read(token: str) -> pb.ListAllReviewsResponse:
            request = pb.ListAllReviewsRequest(page_size=2, page_token=token, status=status)
            return reviews(shop).ListAllReviews(request, metadata=shop.admin.metadata)

        return [one.id for page in page_by_page(read) for one in page.items if one.id in mine]

    assert ids(Status.STATUS_UNSPECIFIED) == [rejected.id, published.id, waiting.id]
    assert [ids(status) for status in (Status.PENDING, Status.PUBLISHED, Status.REJECTED)] == [
        [waiting.id],
        [published.id],
        [rejected.id],
    ]
    said = refused(reviews(shop).ListAllReviews, pb.ListAllReviewsRequest(), buyer_of(shop, products[0].id))
    assert said.code == grpc.StatusCode.PERMISSION_DENIED


def test_a_review_waits_until_staff_have_seen_it(moderating: RunningShop) -> None:
    shop = moderating
    product = shop.product()
    author = buyer_of(shop, product.id)
    written = review(shop, product.id, author, 5)
    assert written.status == Status.PENDING
    assert rated(shop, product.id) == (0.0, 0)
    assert not listed(shop, product.id).items

    def pending() -> list[int]:
        def read(token: str) -> pb.ListPendingReviewsResponse:
            request = pb.ListPendingReviewsRequest(page_size=1, page_token=token)
            return reviews(shop).ListPendingReviews(request, metadata=shop.admin.metadata)

        return [one.id for page in page_by_page(read) for one in page.items]

    other = review(shop, product.id, buyer_of(shop, product.id), 1)
    assert [one for one in pending() if one in (written.id, other.id)] == [written.id, other.id]
    moderated(shop, written.id, Status.PUBLISHED)
    assert written.id not in pending()
    assert rated(shop, product.id) == (5.0, 1)
    assert changed(shop, author, written.id, rating=4).status == Status.PENDING
    assert rated(shop, product.id) == (0.0, 0)
    unchanged = changed(shop, author, written.id, rating=4)
    assert unchanged.status == Status.PENDING
    list_pending = pb.ListPendingReviewsRequest()
    said = refused(reviews(shop).ListPendingReviews, list_pending, author)
    assert said.code == grpc.StatusCode.PERMISSION_DENIED
