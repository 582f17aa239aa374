"""Whatever the shop's keys are for outlives two rotations, and the end of the keys of before.

The shop begins as one of before values were sealed. A new purpose fails until it has a probe here.
"""

from __future__ import annotations

import hashlib
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from google.type.money_pb2 import Money
from sanset.v1 import auth_pb2, gift_card_pb2, payment_method_pb2, payment_pb2, user_pb2, webhook_pb2
from sqlalchemy import select
from support.running_shop import Account, RunningShop, test_settings

from ml.artifacts import artifact
from server.auth.devices import Devices
from server.auth.recovery.codes import RecoveryCodes
from server.clock import utc_now
from server.crypto.purposes import LASTING, Purpose
from server.keys.state import SEALED_SINCE, adopt
from server.payment.demo import ReportSigner
from server.recommend.feedback.attribution import Attributions
from server.recommend.feedback.origins import Origins
from server.recommend.registry.artifact_key import ArtifactKeys
from server.rotation.rotate import Rotation, rotate
from server.search.analytics.counting import SearchCount
from server.settings import Settings
from server.user.models import User
from server.user.sealed_phones import has_phone
from server.verify.run import verify
from server.webhooks.signing import EndpointSigner

pytestmark = pytest.mark.either

OLDEST, OLD, NEW = ("a" * 40, "b" * 40, "c" * 40)
LONG_PASSWORD = "a password of more than seventy-two bytes is shortened under a key, and is 1 of ours"
PHONE, LINE, DOOR = "+49 170 5550123", "17 Hidden Lane", "Ring twice at Okonkwo"
MODEL = "als_20260101T000000Z"


class Probe(ABC):
    """Something that was made with a key, and whether it still works."""

    purposes: ClassVar[tuple[Purpose, ...]]
    lasts: ClassVar[bool] = True
    """Whether it works after the key that made it is gone; else only while that is still read."""

    @abstractmethod
    def make(self, shop: RunningShop) -> Any:
        """Make it."""

    @abstractmethod
    def works(self, shop: RunningShop, made: Any) -> bool:
        """Whether it works."""


class AccessToken(Probe):
    purposes = (Purpose.ACCESS_TOKENS,)
    lasts = False

    def make(self, shop: RunningShop) -> Account:
        return shop.customer(address=False)

    def works(self, shop: RunningShop, made: Account) -> bool:
        return shop.users.GetMe(user_pb2.GetMeRequest(), metadata=made.metadata).id == made.user_id


class RefreshToken(Probe):
    """Its successor is the same for a repeat, whatever the key."""

    purposes = (Purpose.REFRESH_TOKENS,)

    def make(self, shop: RunningShop) -> str:
        return shop.customer(address=False).tokens.refresh_token

    def works(self, shop: RunningShop, made: str) -> bool:
        tokens = [shop.auth.Refresh(auth_pb2.RefreshRequest(refresh_token=made)) for _ in range(2)]
        return tokens[0].refresh_token == tokens[1].refresh_token


class KnownDevice(Probe):
    """It stays known for the account that signed in on it."""

    purposes = (Purpose.DEVICES,)

    def make(self, shop: RunningShop) -> str:
        return Devices.of(shop.settings).signed_in(None, 7, "a session")

    def works(self, shop: RunningShop, made: str) -> bool:
        devices = Devices.of(shop.settings)
        device = devices.read(made)
        return bool(devices.id_for(7, device)) and not devices.id_for(8, device)


class RecoveryCode(Probe):
    purposes = (Purpose.RECOVERY_CODES,)
    lasts = False

    def make(self, shop: RunningShop) -> str:
        return RecoveryCodes.of(shop.settings).hash_of_code("id", "123456")

    def works(self, shop: RunningShop, made: str) -> bool:
        codes = RecoveryCodes.of(shop.settings)
        return codes.matches("id", "123456", made) and not codes.matches("id", "123457", made)


class RecoveryAddress(Probe):
    """What is counted for an address goes on."""

    purposes = (Purpose.RECOVERY_ADDRESSES,)

    def make(self, shop: RunningShop) -> str:
        return RecoveryCodes.of(shop.settings).address_key("Ann@shop.test")

    def works(self, shop: RunningShop, made: str) -> bool:
        return RecoveryCodes.of(shop.settings).address_key("ann@shop.test") == made


class LongPassword(Probe):
    purposes = (Purpose.PASSWORDS,)

    def make(self, shop: RunningShop) -> str:
        email = f"{uuid.uuid4().hex}@shop.test"
        register = auth_pb2.RegisterRequest(full_name="Ann", email=email, password=LONG_PASSWORD)
        shop.auth.Register(register)
        return email

    def works(self, shop: RunningShop, made: str) -> bool:
        with pytest.raises(Exception, match="UNAUTHENTICATED"):
            shop.sign_in(made, LONG_PASSWORD + "!")
        return shop.sign_in(made, LONG_PASSWORD).email == made


class Page(Probe):
    purposes = (Purpose.PAGE_TOKENS, Purpose.PAGE_NONCES)
    lasts = False

    def make(self, shop: RunningShop) -> str:
        return shop.app.core.pages.seal([7, "x"], "a list")

    def works(self, shop: RunningShop, made: str) -> bool:
        return shop.app.core.pages.open(made, "a list") == [7, "x"]


class SavedMethod(Probe):
    """Sealed as earlier releases did at first, then as now."""

    purposes = (Purpose.SEALED_TOKENS, Purpose.SEALING)

    def make(self, shop: RunningShop) -> tuple[str, int]:
        buyer = shop.customer()
        method = payment_method_pb2.PaymentMethod(kind=payment_pb2.Payment.CARD, token="tok_decline")
        request = payment_method_pb2.CreatePaymentMethodRequest(payment_method=method)
        return buyer.email, shop.users.CreatePaymentMethod(request, metadata=buyer.metadata).id

    def works(self, shop: RunningShop, made: tuple[str, int]) -> bool:
        buyer = shop.sign_in(made[0])
        shop.add(buyer, shop.product().id)
        with pytest.raises(Exception, match="declined"):  # by the demo gateway, which got the token
            shop.checkout(buyer, payment_method_id=made[1])
        return True


class Personal(Probe):
    purposes = (Purpose.SEALING,)

    def make(self, shop: RunningShop) -> tuple[str, int, str]:
        buyer = shop.customer(address=False)
        shop.add_address(buyer, line1=LINE, label=DOOR)
        request = user_pb2.UpdateMeRequest(
            user=user_pb2.User(phone=PHONE), update_mask={"paths": ["phone"]}, request_id=str(uuid.uuid4())
        )
        shop.users.UpdateMe(request, metadata=buyer.metadata)
        return buyer.email, shop.order(buyer).id, request.request_id

    def works(self, shop: RunningShop, made: tuple[str, int, str]) -> bool:
        email, order_id, request_id = made
        buyer = shop.sign_in(email)
        [address] = shop.users.ListAddresses(user_pb2.ListAddressesRequest(), metadata=buyer.metadata).items
        [order] = (order for order in shop.placed_by(buyer) if order.id == order_id)
        phone = shop.users.GetMe(user_pb2.GetMeRequest(), metadata=buyer.metadata).phone
        again = user_pb2.UpdateMeRequest(
            user=user_pb2.User(phone=PHONE), update_mask={"paths": ["phone"]}, request_id=request_id
        )
        repeated = shop.users.UpdateMe(again, metadata=buyer.metadata)  # its kept reply is opened
        texts = (
            address.line1,
            address.label,
            order.address.line1,
            order.address.label,
            phone,
            repeated.phone,
        )
        return texts == (LINE, DOOR, LINE, DOOR, PHONE, PHONE)


class PhoneIndex(Probe):
    purposes = (Purpose.PHONE_INDEX,)

    def make(self, shop: RunningShop) -> tuple[int, str]:
        phone = f"+1 555 {uuid.uuid4().int % 10**9:09}"
        register = auth_pb2.RegisterRequest(
            full_name="Ann", email=f"{uuid.uuid4().hex}@shop.test", password=LONG_PASSWORD, phone=phone
        )
        return shop.auth.Register(register).id, phone

    def works(self, shop: RunningShop, made: tuple[int, str]) -> bool:
        with shop.app.db.read() as connection:
            found = connection.scalars(select(User.id).where(has_phone(connection, made[1]))).all()
        return found == [made[0]]


class Neighbours(Probe):
    purposes = (Purpose.NEIGHBOURS,)

    def make(self, shop: RunningShop) -> int:
        return shop.app.core.vault.number_of("192.0.2.7")

    def works(self, shop: RunningShop, made: int) -> bool:
        return shop.app.core.vault.number_of("192.0.2.7") == made


class AuditLog(Probe):
    """What was written remains known as the shop's own."""

    purposes = (Purpose.AUDIT_LOG,)

    def make(self, shop: RunningShop) -> str:
        return shop.app.core.vault.audit_signature(b"an entry")

    def works(self, shop: RunningShop, made: str) -> bool:
        vault = shop.app.core.vault
        return vault.is_audit_signature(b"an entry", made) and not vault.is_audit_signature(b"other", made)


class GiftCard(Probe):
    purposes = (Purpose.GIFT_CARD_CODES,)

    def make(self, shop: RunningShop) -> str:
        card = gift_card_pb2.GiftCard(balance=Money(currency_code="USD", units=100))
        request = gift_card_pb2.CreateGiftCardRequest(gift_card=card)
        return shop.payments.CreateGiftCard(request, metadata=shop.admin.metadata).code

    def works(self, shop: RunningShop, made: str) -> bool:
        buyer = shop.customer()
        request = gift_card_pb2.GetGiftCardBalanceRequest(code=made)
        before = shop.payments.GetGiftCardBalance(request, metadata=buyer.metadata).balance.units
        shop.add(buyer, shop.product(units=5).id)
        shop.checkout(buyer, payment_method=payment_pb2.Payment.GIFT_CARD, payment_token=made)
        after = shop.payments.GetGiftCardBalance(request, metadata=buyer.metadata).balance.units
        return 0 < after < before


class Webhook(Probe):
    purposes = (Purpose.WEBHOOKS,)

    def make(self, shop: RunningShop) -> tuple[int, str]:
        endpoint = webhook_pb2.WebhookEndpoint(url="https://192.0.2.1/hook", active=False)
        request = webhook_pb2.CreateWebhookEndpointRequest(endpoint=endpoint)
        created = shop.webhooks.CreateWebhookEndpoint(request, metadata=shop.admin.metadata)
        return created.id, created.secret

    def works(self, shop: RunningShop, made: tuple[int, str]) -> bool:
        [row] = shop.sql("SELECT salt FROM webhook_endpoints WHERE id = :id", id=made[0])
        return EndpointSigner(shop.app.core.ring).secret(row.salt) == made[1]


class Report(Probe):
    purposes = (Purpose.DEMO_GATEWAY,)
    lasts = False

    def make(self, shop: RunningShop) -> str:
        return ReportSigner(shop.app.core.ring, utc_now).header(b"{}")

    def works(self, shop: RunningShop, made: str) -> bool:
        ReportSigner(shop.app.core.ring, utc_now).check(made, b"{}")
        return True


class List(Probe):
    purposes = (Purpose.ATTRIBUTION,)
    lasts = False

    def make(self, shop: RunningShop) -> str:
        return Attributions(shop.app.core.ring).issue(MODEL)

    def works(self, shop: RunningShop, made: str) -> bool:
        return Attributions(shop.app.core.ring).read(made) is not None


class Model(Probe):
    purposes = (Purpose.ARTIFACTS,)

    def make(self, shop: RunningShop) -> Path:
        path = shop.settings.models_dir / MODEL
        if not path.exists():
            path.mkdir(parents=True)
            (path / artifact.MANIFEST).write_bytes(b"{}")
            signature = artifact._signature(b"{}", ArtifactKeys(shop.app.core.ring).current)
            (path / artifact.SIGNATURE).write_text(signature)
        return path

    def works(self, shop: RunningShop, made: Path) -> bool:
        return artifact.is_signed(made, ArtifactKeys(shop.app.core.ring).of(made))


class Pseudonyms(Probe):
    """Hashes that nobody looks up: after a rotation somebody is another one."""

    purposes = (Purpose.ORIGINS, Purpose.SEARCHERS)
    lasts = False

    def make(self, shop: RunningShop) -> None:
        return None

    def works(self, shop: RunningShop, made: None) -> bool:
        core = shop.app.core
        SearchCount(core.work, core.clock, "USD", retention=utc_now() - utc_now(), ring=core.ring)
        return len(Origins(core.ring).of("192.0.2.7")) == 16


PROBES: tuple[Probe, ...] = (
    AccessToken(), RefreshToken(), KnownDevice(), LongPassword(), Page(), SavedMethod(), Personal(), PhoneIndex(),
    RecoveryCode(), RecoveryAddress(), Neighbours(), AuditLog(), GiftCard(), Webhook(), Report(), List(), Model(),
    Pseudonyms(),
)  # fmt: skip


@dataclass(frozen=True)
class Life:
    """A shop from before values were sealed, through two rotations, to one that knows only its newest key."""

    shop: RunningShop
    made: dict[str, list[tuple[Probe, Any]]]
    rotations: list[Rotation]
    broken: list[str]


def _settings(url: str, home: Path, key: str, previous: Sequence[str]) -> Settings:
    keys = {"secret_key": key, "previous_secret_keys": list(previous)}
    return test_settings(url, home, webhook_allow_private=True, **keys)


@contextmanager
def opened(url: str, home: Path, key: str, *previous: str) -> Iterator[RunningShop]:
    """The shop under a secret, and those of before."""
    shop = RunningShop(_settings(url, home, key, previous))
    yield shop
    shop.stop()


def _rotated(shop: RunningShop) -> Rotation:
    done = rotate(
        shop.app.db, shop.app.core.ring, shop.settings.models_dir, now=utc_now(), sleep=lambda _: None
    )
    adopt(shop.app.db.engine, shop.app.core.ring)
    return done


@pytest.fixture(scope="module")
def life(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    home, made, broken, rotations = tmp_path_factory.mktemp("keys"), {}, list[str](), list[Rotation]()

    def check(stage: str, shop: RunningShop, things: list[tuple[Probe, Any]], *, lasting: bool) -> None:
        for probe, thing in things:
            if probe.lasts or not lasting:
                _note(broken, f"{type(probe).__name__} {stage}", lambda: probe.works(shop, thing))  # noqa: B023

    with opened(module_database_url, home, OLDEST) as shop:
        shop.sql("DELETE FROM shop_properties WHERE name = 'sealing_since'")
        adopt(shop.app.db.engine, shop.app.core.ring)
        made["before"] = [(probe, probe.make(shop)) for probe in PROBES]
    with opened(module_database_url, home, OLD, OLDEST) as shop:
        check("before a rotation", shop, made["before"], lasting=False)
        rotations.append(_rotated(shop))
        [(oldest,)] = shop.sql("SELECT oldest_revision FROM schema_serves")
        assert oldest == SEALED_SINCE, "no release that cannot read what is sealed serves on"
        check("after a rotation", shop, made["before"], lasting=False)
        made["between"] = [(probe, probe.make(shop)) for probe in PROBES]
    with opened(module_database_url, home, NEW, OLD) as shop:
        check("without the oldest key", shop, made["before"], lasting=True)
        rotations.append(_rotated(shop))
        check("after the second rotation", shop, made["between"], lasting=False)
        made["after"] = [(probe, probe.make(shop)) for probe in PROBES]
    with opened(module_database_url, home, NEW) as shop:
        for stage, things in made.items():
            check(f"made {stage}, with the newest key alone", shop, things, lasting=stage != "after")
        yield Life(shop, made, rotations, broken)


def _note(broken: list[str], what: str, works: Callable[[], bool]) -> None:
    try:
        if not works():
            broken.append(what)
    except Exception as error:
        broken.append(f"{what}: {error!r}"[:600])


def test_every_purpose_is_probed() -> None:
    assert {purpose for probe in PROBES for purpose in probe.purposes} == set(Purpose)
    assert {purpose for probe in PROBES if probe.lasts for purpose in probe.purposes} >= LASTING


def test_everything_that_a_key_made_still_works_when_the_key_is_gone(life: Life) -> None:
    assert life.broken == []


def test_a_rotation_seals_all_that_there_is_and_once(life: Life) -> None:
    assert all(
        done.turned and done.sealed and not done.unreadable and not done.busy for done in life.rotations
    )
    again = _rotated(life.shop)
    assert (again.turned, again.sealed, again.unsigned) == (False, 0, [])


def test_nothing_personal_is_left_in_the_open(life: Life) -> None:
    needles = (PHONE, LINE, DOOR, "tok_decline", LONG_PASSWORD)
    leaks = [
        f"{table}: {needle}"
        for table in _tables(life.shop)
        for row in life.shop.sql(f"SELECT * FROM {table}")
        for needle in needles
        if needle in str(tuple(row)) or needle.encode() in _bytes(row)
    ]
    assert leaks == []


def test_verify_finds_all_sealed_with_the_key_in_use_and_says_what_cannot_be_opened(life: Life) -> None:
    engine = life.shop.app.db.engine

    def sealed() -> list[str]:
        found = verify(engine, opens_sealed=True)
        return [str(one) for one in found if one.rule.startswith("sealed-")]

    assert sealed() == []
    buyer = life.shop.customer()
    swapped = "UPDATE addresses SET sealed = :sealed WHERE user_id = :id"
    [other] = life.shop.sql(
        "SELECT max(sealed) AS sealed FROM addresses WHERE user_id <> :id", id=buyer.user_id
    )
    life.shop.sql(swapped, sealed=other.sealed, id=buyer.user_id)
    [sentence] = sealed()
    assert sentence.startswith("sealed-readable: addresses ")
    life.shop.sql("DELETE FROM addresses WHERE user_id = :id", id=buyer.user_id)
    life.shop.sql("UPDATE users SET phone = '110' WHERE id = :id", id=buyer.user_id)
    [sentence] = sealed()
    assert "users: 1 rows are not sealed with the key in use" in sentence
    assert _rotated(life.shop).sealed == 1


def _tables(shop: RunningShop) -> list[str]:
    from server.db.schema import metadata

    return [table.name for table in metadata.sorted_tables]


def _bytes(row: Any) -> bytes:
    return b"".join(bytes(value) for value in row if isinstance(value, bytes | memoryview))


def test_a_start_with_a_key_that_the_database_is_not_sealed_with_is_refused(
    life: Life, tmp_path: Path
) -> None:
    settings = test_settings(life.shop.settings.url, tmp_path, secret_key=hashlib.sha256(b"x").hexdigest())
    with pytest.raises(Exception, match="SECRET_KEY: the database is sealed with the key"):
        adopt(life.shop.app.db.engine, settings.ring)
