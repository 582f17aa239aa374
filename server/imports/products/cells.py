"""Reads single values of a file: the text of a cell, or a value of JSON."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, Final

from buf.validate import validate_pb2
from sanset.v1.product_pb2 import Product

from server.catalog.category_tree import names_of
from server.catalog.slugs import has_letter
from server.catalog.variants.options import MAX_OPTION_NAME, MAX_OPTION_NAMES, MAX_OPTION_VALUE
from server.imports.products.records import UnreadableRow
from server.imports.products.rows import CategoryName
from server.metadata import MAX_METADATA_BYTES, MAX_METADATA_KEY, metadata_json
from server.money import MAX_MINOR, decimals
from server.text.allowed import is_plain, problem_of_lines, problem_of_name, trimmed
from server.text.name_key import name_key

Parse = Callable[[Any], Any]
"""Makes a value of what a file has; None and "" are no value. Raises Unfit."""

MAX_ATTRIBUTES_BYTES: Final = 16 * 1024
MAX_DEPTH: Final = 16
MAX_CATEGORY_NAME: Final = 100
MAX_PATH: Final = 500
_WHOLE: Final = re.compile(r"[0-9]{1,12}")
_AMOUNT: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6})|,([0-9]{1,2}))?")
_SKU: Final = re.compile(r"\S{1,64}")
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONE_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class Unfit(Exception):
    """A value cannot be taken; the text says why, and follows the column's name."""


@cache
def _rules(field: str) -> validate_pb2.FieldRules:
    """What the contract says that a field of a product may be."""
    options = Product.DESCRIPTOR.fields_by_name[field].GetOptions()
    return options.Extensions[validate_pb2.field]


def text(field: str) -> Parse:
    """A text of one line, as long as the contract lets `field` be."""
    return _text(int(_rules(field).string.max_len), problem_of_name)


def lines(field: str) -> Parse:
    """A text of one line or several."""
    rules = _rules(field).string
    parse = _text(int(rules.max_len), problem_of_lines)
    max_bytes = int(rules.max_bytes)

    def read(value: Any) -> str:
        parsed: str = parse(value.replace("\r\n", "\n") if isinstance(value, str) else value)
        if max_bytes and len(parsed) * 4 > max_bytes and len(parsed.encode()) > max_bytes:
            raise Unfit(f"has more than {max_bytes:,} bytes")
        return parsed

    return read


def _text(max_length: int, problem_of: Callable[[str], str | None]) -> Parse:
    def read(value: Any) -> str:
        if isinstance(value, str) and len(value) <= max_length and is_plain(value):
            return value
        parsed = trimmed(_as_text(value))
        if len(parsed) > max_length:
            raise Unfit(f"has more than {max_length:,} characters")
        problem = problem_of(parsed)
        if problem is not None:
            raise Unfit(problem)
        return parsed

    return read


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise Unfit("must be a text")


def sku(value: Any) -> str:
    """A sku; empty where there is none."""
    parsed = trimmed(_as_text(value))
    if parsed and not _SKU.fullmatch(parsed):
        raise Unfit("must be 1 to 64 characters without blanks")
    problem = problem_of_name(parsed)
    if problem is not None:
        raise Unfit(problem)
    return parsed


def slug(value: Any) -> str:
    """A slug; empty where there is none."""
    parsed = trimmed(_as_text(value))
    if parsed and not (len(parsed) <= _rules("slug").string.max_len and _SLUG.fullmatch(parsed)):
        raise Unfit("must be lower-case letters, digits and single hyphens")
    if parsed and not has_letter(parsed):
        raise Unfit("must have a letter among its digits")
    return parsed


def whole(least: int, most: int) -> Parse:
    """A whole number; None where there is none."""

    def read(value: Any) -> int | None:
        written = trimmed(_as_text(value))
        if not written:
            return None
        if not _WHOLE.fullmatch(written):
            raise Unfit("is not a whole number")
        number = int(written)
        if not least <= number <= most:
            raise Unfit(f"must be from {least:,} to {most:,}")
        return number

    return read


def price(currency: str) -> Parse:
    """An amount above zero in minor units of `currency`; None where there is none."""
    digits = decimals(currency)

    def read(value: Any) -> int | None:
        written = trimmed(_as_text(value))
        if not written:
            return None
        match = _AMOUNT.fullmatch(written)
        if match is None:
            raise Unfit("is no price: write it as 1234.56")
        fraction = (match[2] or match[3] or "").rstrip("0")
        if len(fraction) > digits:
            raise Unfit(f"has more decimals than {currency}")
        minor = int(match[1] + fraction.ljust(digits, "0"))
        if not 0 < minor <= MAX_MINOR:
            raise Unfit("is too large" if minor else "must be above zero")
        return minor

    return read


def currency_of(shop: str) -> Parse:
    """The currency, which can only be that of the shop."""

    def read(value: Any) -> None:
        if trimmed(_as_text(value)).upper() not in ("", shop):
            raise Unfit(f"must be {shop}, as the shop's")

    return read


@cache
def _bounds_of_tags() -> tuple[int, int]:
    """How many tags there may be, and of how many characters."""
    rules = _rules("tags").repeated
    return int(rules.max_items), int(rules.items.string.max_len)


def tags(value: Any) -> list[str]:
    """Tags: separated by commas, or a list of JSON."""
    max_tags, max_length = _bounds_of_tags()
    names = value if isinstance(value, list) else _as_text(value).split(",")
    parsed = list(dict.fromkeys(filter(None, (trimmed(_as_text(name)) for name in names))))
    if len(parsed) > max_tags:
        raise Unfit(f"has more than {max_tags} tags")
    for name in parsed:
        if len(name) > max_length or "," in name:
            raise Unfit(f"has a tag of more than {max_length} characters, or with a comma")
        if (problem := problem_of_name(name)) is not None:
            raise Unfit(f"has a tag that {problem}")
    return parsed


def image_paths(value: Any) -> tuple[str, ...]:
    """Paths of files: separated by commas, or a list of JSON."""
    names = value if isinstance(value, list) else _as_text(value).split(",")
    return tuple(dict.fromkeys(path for name in names for path in image_path(name)))


def image_path(value: Any) -> tuple[str, ...]:
    """The path of one file, which may have commas; none where there is none."""
    path = trimmed(_as_text(value))
    if len(path) > MAX_PATH:
        raise Unfit(f"has a path of more than {MAX_PATH} characters")
    if (problem := problem_of_name(path)) is not None:
        raise Unfit(f"has a path that {problem}")
    return (path,) if path else ()


def attributes(value: Any) -> dict[str, Any]:
    """A JSON object of attributes."""
    parsed = _object(value)
    check_attributes(parsed)
    return parsed


def check_attributes(parsed: Mapping[str, Any]) -> None:
    """Raise Unfit for what cannot be the attributes of a product."""
    _check_json(parsed, 1)
    if len(metadata_json(parsed).encode()) > MAX_ATTRIBUTES_BYTES:
        raise Unfit(f"has more than {MAX_ATTRIBUTES_BYTES // 1024} KiB")


def metadata(value: Any) -> dict[str, Any] | None:
    """A JSON object of the shop's own facts."""
    parsed = _object(value)
    _check_json(parsed, 1)
    if len(metadata_json(parsed).encode()) > MAX_METADATA_BYTES:
        raise Unfit(f"has more than {MAX_METADATA_BYTES // 1024} KiB")
    if any(len(name) > MAX_METADATA_KEY or not name.strip() for name in _names(parsed)):
        raise Unfit(f"must have names of 1 to {MAX_METADATA_KEY} characters")
    return parsed or None


def options(value: Any) -> dict[str, str]:
    """What a variant differs in: a JSON object of texts."""
    parsed = {trimmed(name): trimmed(_as_text(of)) for name, of in _object(value).items()}
    check_options(parsed)
    return parsed


def check_options(parsed: Mapping[str, str]) -> None:
    """Raise Unfit for what cannot be the options of a variant."""
    if len(parsed) > MAX_OPTION_NAMES or len({name_key(name) for name in parsed}) < len(parsed):
        raise Unfit(f"must be at most {MAX_OPTION_NAMES} options, each once")
    for name, value in parsed.items():
        if not 0 < len(name) <= MAX_OPTION_NAME or not 0 < len(value) <= MAX_OPTION_VALUE:
            raise Unfit(
                f"must have names of 1 to {MAX_OPTION_NAME} characters, values of 1 to {MAX_OPTION_VALUE}"
            )
        if (problem := problem_of_name(name) or problem_of_name(value)) is not None:
            raise Unfit(problem)


def option(value: Any) -> str:
    """The value of one option; empty where there is none."""
    return trimmed(_as_text(value))


def attribute(value: Any) -> Any:
    """One attribute: a text, of JSON any value; None where there is none."""
    if isinstance(value, str):
        return trimmed(value) or None
    return value


def category(value: Any) -> CategoryName:
    """A category by its slug or name, or by a path of names: "Kitchen > Mugs"."""
    return _category(trimmed(_as_text(value)))


@lru_cache(maxsize=256)
def _category(written: str) -> CategoryName:
    """The same of a text; a file has the same few again and again."""
    names = tuple(names_of(written))
    if not written:
        return CategoryName((), is_path=True)
    if any(not 0 < len(name) <= MAX_CATEGORY_NAME for name in names):
        raise Unfit(f"must be names of 1 to {MAX_CATEGORY_NAME} characters, separated by >")
    if (problem := next(filter(None, map(problem_of_name, names)), None)) is not None:
        raise Unfit(problem)
    return CategoryName(names, is_path=len(names) > 1)


def category_path(value: Any) -> CategoryName:
    """A category by its names from the top, of which there may be one."""
    named = category(value)
    return named if named.is_path else CategoryName(named.parts, is_path=True)


def _object(value: Any) -> dict[str, Any]:
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_constant=_no_number)
        except (ValueError, RecursionError, UnreadableRow):
            raise Unfit("is no JSON object") from None
    if not isinstance(value, dict):
        raise Unfit("must be a JSON object")
    return value


def _no_number(_: str) -> None:
    raise UnreadableRow


def _check_json(value: Any, depth: int) -> None:
    """Raise Unfit for JSON that no product can hold."""
    if isinstance(value, str):
        if "\0" in value:
            raise Unfit("must not contain NUL characters")
        if not value.isascii() and _LONE_SURROGATE.search(value):
            raise Unfit("must not contain half of a character, a lone surrogate")
    elif isinstance(value, (int, float)):
        if not -sys.float_info.max <= value <= sys.float_info.max:
            raise Unfit("must hold no number but those of 64 bits")  # to readers all are floating ones
    elif isinstance(value, (dict, list)):
        if depth > MAX_DEPTH:
            raise Unfit(f"must not be nested deeper than {MAX_DEPTH}")
        for name in value if isinstance(value, dict) else ():
            _check_json(name, depth)
        for item in value.values() if isinstance(value, dict) else value:
            _check_json(item, depth + 1)


def _names(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(name for item in value.values() for name in _names(item))]
    return [name for item in value for name in _names(item)] if isinstance(value, list) else []
