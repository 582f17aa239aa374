"""Strings of the contract that programs compare: their values are listed beside the field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from sanset.v1.errors_pb2 import ErrorReason

from ml.ranking.selection import Source
from server.catalog.errors import ProductNotFound
from server.errors import InvalidField
from server.promotion import errors as promotion_errors

IMAGE = FileDescriptorSet.FromString((Path(__file__).parents[2] / "generated/sanset.binpb").read_bytes())
_OF_MANAGING = {"COUPON_NOT_FOUND", "COUPON_CODE_TAKEN"}
"""Met by who manages coupons, and by no cart."""


def comment_of(field: str) -> str:
    """What stands above a field that is named by its file, its messages and itself."""
    name, *messages, last = field.split(".")
    (file,) = (file for file in IMAGE.file if file.name == f"sanset/v1/{name}.proto")
    path, scope = [], file.message_type
    for message in messages:
        index = next(index for index, each in enumerate(scope) if each.name == message)
        path += [3 if path else 4, index]
        declared, scope = scope[index], scope[index].nested_type
    path += [2, next(index for index, each in enumerate(declared.field) if each.name == last)]
    (location,) = (each for each in file.source_code_info.location if list(each.path) == path)
    return location.leading_comments


def reasons_of_coupons() -> set[str]:
    """Why a coupon takes nothing off."""
    return {
        name for name in ErrorReason.DESCRIPTOR.values_by_name if name.startswith("COUPON_")
    } - _OF_MANAGING


@pytest.mark.parametrize(
    ("field", "pattern", "values"),
    [
        ("recommend.Recommendation.source", r'"(\w+)"', {each.value for each in Source}),
        (
            "behavior.TrackEventResponse.EventError.reason",
            r"\b[A-Z]+_[A-Z_]+\b",
            {InvalidField.reason, ProductNotFound.reason},
        ),
        ("pricing.CouponFailure.reason", r"\bCOUPON_[A-Z_]+\b", reasons_of_coupons()),
    ],
)
def test_every_value_is_listed(field: str, pattern: str, values: set[str]) -> None:
    assert set(re.findall(pattern, comment_of(field))) == values


def test_a_reason_of_a_coupon_has_a_refusal() -> None:
    raised = {getattr(each, "reason", "") for each in vars(promotion_errors).values()}
    assert reasons_of_coupons() <= raised
