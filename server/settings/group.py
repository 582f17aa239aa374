"""The base of the groups of settings, and types that several of them use."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

MAX_CALLS = 1_000_000
"""A minute; the gateway's counters take no more than 32 bits."""


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Rate = Annotated[Decimal, Field(ge=0, le=1)]
BasisPoints = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4)]
Amount = Annotated[Decimal, Field(ge=0, le=1_000_000_000)]
TimeOfDay = Annotated[str, BeforeValidator(_lower), Field(pattern=r"^(off|([01]\d|2[0-3]):[0-5]\d)$")]


class Group(BaseModel):
    """Settings of one subject, with what must hold among them."""

    model_config = ConfigDict(frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _choice_in_any_case(cls, value: object, info: ValidationInfo) -> object:
        annotation = cls.model_fields[info.field_name or ""].annotation
        if get_origin(annotation) is not Literal or not isinstance(value, str):
            return value
        spelt = {choice.lower(): choice for choice in get_args(annotation)}
        return spelt.get(value.strip().lower(), value)
