"""Card numbers are known among whatever stands beside them; tokens are not taken for them."""

from __future__ import annotations

import random
import string

import pytest

from server.crypto.ring import KeyRing
from server.payment.gift_cards import Codes
from server.user.card_numbers import holds_card_number, refuse_card_number
from server.user.errors import CardNumberRefused

VISA, MASTERCARD, AMEX = "4242424242424242", "5105105105105100", "378282246310005"
UNIONPAY, DINERS, LONG_MAESTRO = "6205500000000000004", "30569309025904", "6304000000000000000"


@pytest.mark.parametrize("number", [VISA, MASTERCARD, AMEX, UNIONPAY, DINERS, LONG_MAESTRO])
@pytest.mark.parametrize(
    "written",
    ["{}", "{}1227", "{}1227123", "7-{}", "0000{}", "tok_{}", "{}-12-27", "Visa {} ", "1{}", "{}/1"],
)
def test_a_number_is_known_with_its_date_and_code_beside_it(number: str, written: str) -> None:
    with pytest.raises(CardNumberRefused):
        refuse_card_number("payment_token", written.format(number))


@pytest.mark.parametrize(
    "separator", [" ", "-", ".", "_", " - ", "\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}"]
)
def test_a_number_is_known_however_it_is_written(separator: str) -> None:
    groups = [VISA[i : i + 4] for i in range(0, len(VISA), 4)]
    assert holds_card_number(separator.join(groups))
    assert holds_card_number(separator.join(VISA))
    assert holds_card_number("".join(chr(ord("\N{FULLWIDTH DIGIT ZERO}") + int(digit)) for digit in VISA))


@pytest.mark.parametrize("number", [VISA, MASTERCARD, AMEX])
@pytest.mark.parametrize("written", ["card{}", "{}x1227", "card{}1227123", "x1{}y"])
def test_a_number_among_letters_is_known(number: str, written: str) -> None:
    assert holds_card_number(written.format(number))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tok_decline",
        "4242",
        "Visa",
        "9876543210@upi",
        "424242424242",
        "1234567890123",
        "0" * 16,
        "0" * 128,
    ],
)
def test_what_is_no_number_passes(text: str) -> None:
    refuse_card_number("payment_token", text)


def test_tokens_like_those_of_stripe_pass() -> None:
    chance = random.Random(4)
    letters = string.ascii_letters + string.digits
    tokens = ["pm_1" + "".join(chance.choices(letters, k=23)) for _ in range(40_000)]
    assert [token for token in tokens if holds_card_number(token)] == []


def test_the_codes_of_gift_cards_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = Codes(KeyRing([b"secret"]))
    assert not any(holds_card_number(codes.new()) for _ in range(20_000))
    unlucky = [bytes(map(int, VISA)), bytes(range(16))]  # the first would be GIFT-4242-4242-4242-4242
    monkeypatch.setattr("server.payment.gift_cards.secrets.token_bytes", lambda _: unlucky.pop(0))
    assert codes.new() == "GIFT-0123-4567-89AB-CDEF"
