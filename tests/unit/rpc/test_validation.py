"""The order of the checks: bytes, then one broken rule, then counts, and each entry only when there are few."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf.struct_pb2 import Value
from sanset.v1.behavior_pb2 import BehaviorEvent, TrackEventRequest
from sanset.v1.category_pb2 import Category, UpdateCategoryRequest
from sanset.v1.product_pb2 import BatchGetProductsRequest, GetProductRequest, Product, UpdateProductRequest
from sanset.v1.user_pb2 import UpdateMeRequest, User

from server.contract import METHODS, SERVICES, is_read
from server.errors import InvalidField, RequestTooLarge
from server.rpc import validation as checks
from server.rpc.sizes import MAX_STRUCT_BYTES, MIN_LIMIT, largest
from server.rpc.validation import Validation

GET = "/sanset.v1.CatalogService/GetProduct"
TRACK = "/sanset.v1.RecommendService/TrackEvent"


@pytest.fixture(scope="module")
def validation() -> Validation:
    """The checks of the whole contract."""
    return Validation(SERVICES)


def test_the_largest_message_is_added_up_from_the_limits_of_its_fields() -> None:
    event = BehaviorEvent(
        kind=BehaviorEvent.ADD_TO_CART, product_id=2**63 - 1, query="💥" * 200,
        attribution_token="x" * 512,
    )  # fmt: skip
    event.time.seconds, event.time.nanos = 253_402_300_799, 999_999_999
    event.metadata.update({"a": "x" * 300})
    request = TrackEventRequest(events=[event] * 100, visitor_id="x" * 64)
    size = request.ByteSize()
    assert size <= largest(TrackEventRequest.DESCRIPTOR) < 1.2 * size


def test_a_small_message_is_never_too_large_so_that_what_is_wrong_is_said_by_field(
    validation: Validation,
) -> None:
    for service in SERVICES:
        for method in service.methods:
            validation.check_size(f"/{service.full_name}/{method.name}", MIN_LIMIT)


def test_a_message_with_a_byte_too_many_names_the_limit(validation: Validation) -> None:
    limit = largest(TrackEventRequest.DESCRIPTOR)
    validation.check_size(TRACK, limit)
    with pytest.raises(RequestTooLarge, match=f"has {limit + 1} bytes; TrackEvent takes at most {limit}"):
        validation.check_size(TRACK, limit + 1)


class Counting(Validation):
    """Counts the requests that it looks through."""

    def __init__(self) -> None:
        super().__init__(SERVICES)
        self.checked = 0

    def check(self, request: Any) -> None:
        self.checked += 1
        super().check(request)

    def sent(self, method: str, request: Any) -> Any:
        """Check a request as it comes, parsed anew."""
        data = request.SerializeToString()
        request = type(request).FromString(data)
        self.check_sent(method, data, request)
        return request


def test_what_a_read_sends_again_is_not_looked_through_again() -> None:
    counting = Counting()
    for product_id in (1, 2, 1, 1):
        assert counting.sent(GET, GetProductRequest(product_id=product_id)).product_id == product_id
    assert counting.checked == 2


def test_what_is_untidy_is_looked_through_every_time() -> None:
    counting = Counting()
    for _ in range(2):
        assert counting.sent(GET, GetProductRequest(slug=" tea ")).slug == "tea"
    assert counting.checked == 2


def test_what_is_wrong_is_refused_alike_every_time_and_looked_through_once() -> None:
    counting = Counting()
    refusals = []
    for _ in range(3):
        with pytest.raises(InvalidField) as caught:
            counting.sent(GET, GetProductRequest(product_id=-1))
        refusals.append(caught.value)
    assert [refusal.violations for refusal in refusals] == [refusals[0].violations] * 3
    assert {str(refusal) for refusal in refusals} == {str(refusals[0])} != {""}
    assert counting.checked == 1


def test_a_wrong_write_is_looked_through_every_time() -> None:
    counting = Counting()
    for _ in range(2):
        with pytest.raises(InvalidField):
            counting.sent("/sanset.v1.CatalogService/UpdateProduct", UpdateProductRequest())
    assert counting.checked == 2


def test_no_read_takes_what_headers_add_to_a_request() -> None:
    """What is wrong without them would not stay so."""
    assert not [m.name for m in METHODS if is_read(m) and "request_id" in m.input_type.fields_by_name]


def test_what_changes_something_is_looked_through_every_time() -> None:
    counting = Counting()
    for _ in range(2):
        counting.sent("/sanset.v1.CatalogService/UpdateProduct", UpdateProductRequest(product=Product(id=1)))
    assert counting.checked == 2


def test_the_same_bytes_are_another_request_of_another_method() -> None:
    counting = Counting()
    counting.sent(GET, GetProductRequest(product_id=1))
    counting.sent("/sanset.v1.OrderService/GetOrder", GetProductRequest(product_id=1))
    assert counting.checked == 2


def test_few_requests_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MAX_SOUND", 2)
    counting = Counting()
    for product_id in (1, 2, 3, 3, 2, 1):
        counting.sent(GET, GetProductRequest(product_id=product_id))
    assert counting.checked == 4


def test_no_rule_depends_on_the_time() -> None:
    """What was sound would not stay so."""
    messages = {method.input_type for method in METHODS}
    while inner := {f.message_type for m in messages for f in m.fields if f.message_type} - messages:
        messages |= inner
    rules = [str(f.GetOptions().Extensions[validate_pb2.field]) for m in messages for f in m.fields]
    rules += [str(m.GetOptions().Extensions[validate_pb2.message]) for m in messages]
    assert not [rule for rule in rules if re.search(r"\b(lt_now|gt_now|within|now)\b", rule)]


class Untouchable(Validation):
    """Refuses to look at all that is wrong: it may only be asked whether anything is."""

    def __init__(self) -> None:
        super().__init__(SERVICES)
        self.asked = 0
        whole = self._validator

        def collect(request: Any, *, fail_fast: bool = False) -> Any:
            assert fail_fast, "every entry is looked at"
            self.asked += 1
            return whole.collect_violations(request, fail_fast=fail_fast)

        self._validator = SimpleNamespace(collect_violations=collect)  # type: ignore[assignment]


def test_entries_are_not_looked_at_when_there_are_too_many() -> None:
    untouchable = Untouchable()
    for request, field in (
        (BatchGetProductsRequest(product_ids=[0] * 8000), "product_ids"),
        (TrackEventRequest(events=[BehaviorEvent()] * 8000), "events"),
    ):
        with pytest.raises(InvalidField) as caught:
            untouchable.check(request)
        assert caught.value.violations == (
            (field, "must have at most 100 entries", "FIELD_TOO_MANY_ENTRIES"),
        )
    assert untouchable.asked == 2


def test_too_many_entries_are_found_inside_of_a_resource(validation: Validation) -> None:
    product = Product(id=1, tags=[str(n) for n in range(33)], max_quantity=-1)
    with pytest.raises(InvalidField) as caught:
        validation.check(UpdateProductRequest(product=product))
    assert caught.value.violations == (
        ("product.tags", "must have at most 32 entries", "FIELD_TOO_MANY_ENTRIES"),
    )


def test_lists_that_only_the_server_fills_are_forgotten_and_never_walked(validation: Validation) -> None:
    wrong = Category(name="x" * 1000, children=[Category(description="\0")] * 50)
    request = UpdateCategoryRequest(category=Category(id=1, name="Tea", children=[wrong] * 50))
    validation.check(request)
    assert not request.category.children


def test_a_json_object_is_measured_before_it_is_walked(
    validation: Validation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walk(*_: object) -> None:
        raise AssertionError("the object is walked")

    monkeypatch.setattr("server.rpc.storable._struct_problem", walk)
    request = UpdateMeRequest(user=User(full_name="Ann"))
    nulls = [Value(null_value=0)] * (MAX_STRUCT_BYTES // 4)  # type: ignore[arg-type]
    request.user.preferences.fields["a"].list_value.values.extend(nulls)
    with pytest.raises(InvalidField, match="must have at most 49,152 bytes"):
        validation.check(request)
