"""Names and shelves of imported products."""

from __future__ import annotations

import pytest

from server.imports.countries import UNKNOWN, country_code
from server.imports.naming import natural_name
from server.imports.shelves import OTHER, SHELVES, shelf_of


@pytest.mark.parametrize(
    ("shouted", "name"),
    [
        ("WHITE HANGING HEART T-LIGHT HOLDER", "White Hanging Heart T-Light Holder"),
        ("SET OF 3 COLOURED  FLYING DUCKS", "Set of 3 Coloured Flying Ducks"),
        ("SET/6 RED SPOTTY PAPER PLATES", "Set of 6 Red Spotty Paper Plates"),
        ("PAPER CRAFT , LITTLE BIRDIE", "Paper Craft, Little Birdie"),
        ("RED WOOLLY HOTTIE WHITE HEART.", "Red Woolly Hottie White Heart"),
        ("SILVER M.O.P ORBIT DROP EARRINGS", "Silver M.O.P Orbit Drop Earrings"),
        ("TOMATO CHARLIE+LOLA COASTER SET", "Tomato Charlie & Lola Coaster Set"),
        ("3 TRADITIONAl BISCUIT CUTTERS  SET", "3 Traditional Biscuit Cutters Set"),
        ('LETTER "A" BLING KEY RING', 'Letter "A" Bling Key Ring'),
        ("WHITE CHRISTMAS TREE 60CM", "White Christmas Tree 60cm"),
        ("50'S CHRISTMAS GIFT BAG LARGE", "50's Christmas Gift Bag Large"),
        ("*USB Office Mirror Ball", "USB Office Mirror Ball"),
        ("Dotcomgiftshop Gift Voucher £40.00", "Dotcomgiftshop Gift Voucher £40.00"),
        ("  ", ""),
    ],
)
def test_descriptions_in_capitals_become_natural_names(shouted: str, name: str) -> None:
    assert natural_name(shouted) == name


@pytest.mark.parametrize(
    ("name", "shelf"),
    [
        ("White Hanging Heart T-Light Holder", "Candles & Home Fragrance"),
        ("Jumbo Bag Red Retrospot", "Bags & Purses"),
        ("Set 2 Pantry Design Tea Towels", "Baking & Cooking"),
        ("Red Kitchen Towel", "Bath & Beauty"),
        ("Regency Cakestand 3 Tier", "Tea & Tableware"),
        ("Christmas Gingham Tree", "Christmas"),
        ("Doormat Keep Calm and Come In", "Cushions & Textiles"),
        ("Something Else Entirely", OTHER),
    ],
)
def test_the_words_of_a_name_choose_its_shelf(name: str, shelf: str) -> None:
    assert shelf_of(name) == shelf


def test_there_are_at_least_twelve_shelves() -> None:
    assert len({shelf.name for shelf in SHELVES}) >= 12


def test_countries_become_iso_codes() -> None:
    assert [country_code(name) for name in ("EIRE", "USA ", "United Kingdom")] == ["IE", "US", "GB"]
    assert country_code("Unspecified") == country_code("Atlantis") == UNKNOWN
