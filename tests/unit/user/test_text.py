"""Text that people type about themselves."""

from __future__ import annotations

import pytest

from server.errors import InvalidField
from server.text.tidy import tidied
from server.user.lookup_key import lookup_key


def test_texts_are_stripped_and_other_values_stay() -> None:
    assert tidied({"city": "  Köln ", "lat": 1.5, "is_default": True}) == {
        "city": "Köln",
        "lat": 1.5,
        "is_default": True,
    }


@pytest.mark.parametrize("text", ["a\0b", "a\tb", "a\x1b[31mb", "a\x7fb", "a\x9fb"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        tidied({"city": text}, prefix="address.")
    assert refusal.value.violations == (
        ("address.city", "must not contain control characters", "FIELD_INVALID_FORMAT"),
    )


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "a\x85b", "a\u2028b"])
def test_an_address_line_is_a_single_line(text: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        tidied({"city": text}, prefix="address.")
    assert refusal.value.violations == (("address.city", "must be a single line", "FIELD_INVALID_FORMAT"),)


def test_a_required_text_may_be_absent_but_not_blank() -> None:
    assert tidied({"line2": ""}, required=["city"]) == {"line2": ""}
    with pytest.raises(InvalidField, match="city: must not be blank"):
        tidied({"city": "   "}, required=["city"])


def test_names_are_unique_whatever_their_case() -> None:
    assert lookup_key(" John@Example.COM ") == lookup_key("john@example.com")
    assert lookup_key("STRASSE") == lookup_key("straße")
