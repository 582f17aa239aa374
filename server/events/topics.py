"""What the shop's events say, one type per topic, and how each stands in the event table.

That of the orders, which says most, is in server/events/order_steps.py.

`of_json` reads what any release has written: a field that came later has a default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Protocol, Self

from server.events import log
from server.events.models import JsonObject

Payload = JsonObject | None
"""What the event table keeps beside the key."""


class Topic(Protocol):
    """An event that can be read back."""

    topic: ClassVar[str]

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        ...


@dataclass(frozen=True, slots=True)
class _ById:
    """An event of which its row's id is all there is to know."""

    id: int

    @property
    def key(self) -> str:
        """The id as the table keeps it."""
        return str(self.id)

    def to_json(self) -> Payload:
        """Nothing beside the key."""
        return None

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        return cls(int(key))


@dataclass(frozen=True, slots=True)
class _OfAll:
    """An event that is about everything of its kind, and says no more."""

    key: ClassVar[str] = "*"

    def to_json(self) -> Payload:
        """Nothing beside the key."""
        return None

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        return cls()


@dataclass(frozen=True, slots=True)
class ProductChanged:
    """A product changed, or was deleted.

    `lists` are those on which its place may be another now (see server/catalog/listings.py); None: all that there
    are, as releases before say that do not name them.
    """

    topic: ClassVar[str] = log.PRODUCT
    id: int
    lists: tuple[str, ...] | None = None

    @property
    def key(self) -> str:
        """The product's id."""
        return str(self.id)

    def to_json(self) -> Payload:
        """The lists."""
        return None if self.lists is None else {"lists": list(self.lists)}

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        lists = (payload or {}).get("lists")
        return cls(int(key), None if lists is None else tuple(lists))


class CategoryChanged(_ById):
    """The tree of categories changed at this one."""

    __slots__ = ()
    topic: ClassVar[str] = log.CATEGORY


class ModelsChanged(_ById):
    """A model was activated, or is tried by an experiment that began or ended."""

    __slots__ = ()
    topic: ClassVar[str] = log.MODEL


class TrainingMoved(_ById):
    """A training moved on."""

    __slots__ = ()
    topic: ClassVar[str] = log.TRAINING


class ImportMoved(_ById):
    """An import of products moved on."""

    __slots__ = ()
    topic: ClassVar[str] = log.IMPORT


class WebhookChanged(_ById):
    """An endpoint was changed, or something is to be sent to it again."""

    __slots__ = ()
    topic: ClassVar[str] = log.WEBHOOK


MAX_LEVELS: Final = 500
"""Of an event of the stock. An order takes from as many as it has lines, and rarely from more."""


class MovedLevel(NamedTuple):
    """Units of a variant that are available at a location now."""

    product_id: int
    variant_id: int
    location_id: int
    available: int


@dataclass(frozen=True, slots=True)
class StockMoved:
    """The stock of products changed; `flipped`: one of them may have sold out, or be in stock again.

    `levels` are those that moved, with what is there now. Who publishes holds their rows, so that of one level a
    later event has the larger id. Events of earlier releases have none, nor those of a location's that opens.
    """

    topic: ClassVar[str] = log.STOCK
    key: ClassVar[str] = "*"
    product_ids: tuple[int, ...]
    flipped: bool = True
    levels: tuple[MovedLevel, ...] = ()

    @classmethod
    def of(
        cls, product_ids: Iterable[int], *, flipped: bool = True, levels: Iterable[MovedLevel] = ()
    ) -> Self:
        """The event of these products, each named once."""
        return cls(tuple(sorted(set(product_ids))), flipped, tuple(levels))

    @classmethod
    def of_many(cls, levels: Sequence[MovedLevel], *, flipped: bool) -> list[Self]:
        """The events of levels that moved together: one, unless it would be too long."""
        return [
            cls.of((level.product_id for level in part), flipped=flipped, levels=part)
            for part in (levels[at : at + MAX_LEVELS] for at in range(0, len(levels), MAX_LEVELS))
        ]

    def to_json(self) -> Payload:
        """The ids of the products, that none flipped, and the levels."""
        json: JsonObject = {"products": list(self.product_ids)}
        if not self.flipped:
            json["flipped"] = False
        if self.levels:
            json["levels"] = [list(level) for level in self.levels]
        return json

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        values = payload or {}
        levels = tuple(MovedLevel(*level) for level in values.get("levels", ()))
        return cls(tuple(values.get("products", ())), values.get("flipped", True), levels)


class SalesCounted(_OfAll):
    """The sales by which products are sorted were brought up to date."""

    __slots__ = ()
    topic: ClassVar[str] = log.SALES


class CatalogReplaced(_OfAll):
    """Everything about products may have changed, as after an import."""

    __slots__ = ()
    topic: ClassVar[str] = log.CATALOG


class SynonymsChanged(_OfAll):
    """A synonym was created, changed or deleted."""

    __slots__ = ()
    topic: ClassVar[str] = log.SYNONYMS


class KeysTurned(_OfAll):
    """What is new is made with another key from now on, or personal values begin to be sealed."""

    __slots__ = ()
    topic: ClassVar[str] = log.KEYS


class SuggestionsCounted(_OfAll):
    """Other queries may be suggested now, or they have other ranks."""

    __slots__ = ()
    topic: ClassVar[str] = log.SUGGESTIONS


class AccountNoticed(_OfAll):
    """Something is to be mailed of an account."""

    __slots__ = ()
    topic: ClassVar[str] = log.NOTICE


@dataclass(frozen=True, slots=True)
class ProductsEmbedded:
    """A sentence model placed products by what they say now."""

    topic: ClassVar[str] = log.EMBEDDED
    key: ClassVar[str] = "*"
    product_ids: tuple[int, ...]

    def to_json(self) -> Payload:
        """The ids of the products."""
        return {"products": list(self.product_ids)}

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        return cls(tuple((payload or {}).get("products", ())))


@dataclass(frozen=True, slots=True)
class CartChanged:
    """A user's cart holds other products; `added` is the one that was put in, if one was."""

    topic: ClassVar[str] = log.CART
    user_id: int
    added: int | None = None
    origin: str = ""
    """Where a call came from whose account is new."""

    @property
    def key(self) -> str:
        """The user's id."""
        return str(self.user_id)

    def to_json(self) -> Payload:
        """The product that was added."""
        return None if self.added is None else {"added": self.added, "origin": self.origin}

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        values = payload or {}
        return cls(int(key), values.get("added"), values.get("origin", ""))


@dataclass(frozen=True, slots=True)
class BehaviorRecorded:
    """Somebody did something: `seen` are products and the kinds of what was done to them.

    A visitor whose past a user takes over is named beside that user. The key is cut to its column; `visitor_id` is
    not.
    """

    topic: ClassVar[str] = log.BEHAVIOR
    key: str
    visitor_id: str = ""
    origin: str = ""
    seen: tuple[tuple[int, str], ...] = ()

    @property
    def user_id(self) -> int | None:
        """The user who did it; None when it was a visitor."""
        return int(self.key) if self.key.isdigit() else None

    def to_json(self) -> Payload:
        """All but the key."""
        return {"visitor": self.visitor_id, "origin": self.origin, "seen": list(self.seen)}

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        values = payload or {}
        seen = tuple((product_id, kind) for product_id, kind in values.get("seen", ()))
        return cls(key, values.get("visitor") or "", values.get("origin", ""), seen)


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A session was revoked."""

    topic: ClassVar[str] = log.SESSION
    session_id: str

    @property
    def key(self) -> str:
        """The session's id."""
        return self.session_id

    def to_json(self) -> Payload:
        """Nothing beside the key."""
        return None

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        return cls(key)


@dataclass(frozen=True, slots=True)
class RoleChanged:
    """A role of the shop's own was created, changed, or deleted: then it may nothing any more.

    Of two events the one with the larger id, or of one id with the larger version, is the later.
    """

    topic: ClassVar[str] = log.ROLE
    name: str
    id: int
    version: int
    permissions: tuple[str, ...]

    @property
    def key(self) -> str:
        """The role's name."""
        return self.name

    def to_json(self) -> Payload:
        """All but the name."""
        return {"id": self.id, "version": self.version, "permissions": list(self.permissions)}

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        values = payload or {}
        return cls(key, values["id"], values["version"], tuple(values["permissions"]))


@dataclass(frozen=True, slots=True)
class RoleAssigned:
    """An account has another role; the event with the larger version is the later."""

    topic: ClassVar[str] = log.ACCOUNT
    user_id: int
    role: str
    version: int

    @property
    def key(self) -> str:
        """The user's id."""
        return str(self.user_id)

    def to_json(self) -> Payload:
        """The role and the version."""
        return {"role": self.role, "version": self.version}

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        values = payload or {}
        return cls(int(key), values["role"], values["version"])


@dataclass(frozen=True, slots=True)
class ServiceAccountChanged:
    """A back end's account, or one of its keys; the event with the larger version is the later.

    Keys are named by the hashes of what is random, so that whoever reads them cannot use them.
    """

    topic: ClassVar[str] = log.SERVICE_ACCOUNT
    id: int
    version: int
    role: str
    is_active: bool
    networks: tuple[str, ...]
    keys: Mapping[str, int]
    """The ids of the keys that are good, by their hashes."""

    @property
    def key(self) -> str:
        """The account's id."""
        return str(self.id)

    def to_json(self) -> Payload:
        """All but the id."""
        return {
            "version": self.version,
            "role": self.role,
            "active": self.is_active,
            "networks": list(self.networks),
            "keys": dict(self.keys),
        }

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        values = payload or {}
        networks = tuple(values["networks"])
        return cls(int(key), values["version"], values["role"], values["active"], networks, values["keys"])


@dataclass(frozen=True, slots=True)
class DatabaseVerified:
    """The whole database was checked."""

    topic: ClassVar[str] = log.VERIFIED
    key: ClassVar[str] = "*"
    violations: int

    def to_json(self) -> Payload:
        """How many invariants are broken."""
        return {"violations": self.violations}

    @classmethod
    def of_json(cls, key: str, payload: Payload) -> Self:
        """The event in a row of the table."""
        return cls((payload or {})["violations"])
