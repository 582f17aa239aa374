"""The key ring: the secrets that a shop has or had, and which of them what is new is made with.

That is what the database says, not which of them stands first in the settings: so servers that are given another
secret one after the other go on alike, and all take it up at once when `sanset rotate-keys` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from server.crypto.keys import key_id, purpose_key
from server.crypto.purposes import Purpose
from server.errors import CommandError

K = TypeVar("K")


class KeyUnknown(CommandError):
    """What is new is to be made with a secret that the settings do not name; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """What the database says of the keys, which are named by their ids."""

    first: str
    """The oldest: what names no key was made with it."""
    current: str
    """What is new is made with it."""
    is_sealing: bool = False
    """Whether personal values are sealed; not while a release that cannot read them may serve."""
    stored: Mapping[tuple[Purpose, str], bytes] = field(default_factory=dict, repr=False)
    """Keys whose secret may be gone, by purpose and id."""


class KeyRing:
    """The keys of every purpose. It follows what the database says, while it is in use."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """`secrets` are the newest first; with none, nothing can be sealed or opened."""
        self.secrets = tuple(secrets)
        self._secrets = {key_id(secret): secret for secret in secrets}
        oldest = next(reversed(self._secrets), "")
        self.state = KeyState(first=oldest, current=oldest)

    @property
    def newest(self) -> str:
        """The id of SECRET_KEY."""
        return next(iter(self._secrets), "")

    @property
    def oldest(self) -> str:
        """The id of the last of PREVIOUS_SECRET_KEYS, or of SECRET_KEY where there are none."""
        return next(reversed(self._secrets), "")

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all secrets, the newest first."""
        return tuple(self._secrets)

    def adopt(self, state: KeyState) -> None:
        """Go by what the database says. Raises KeyUnknown when it names a secret that is not here."""
        if state.current not in self._secrets:
            raise KeyUnknown(
                f"SECRET_KEY: the database is sealed with the key {state.current}, which is neither SECRET_KEY "
                f"nor one of PREVIOUS_SECRET_KEYS ({', '.join(self._secrets)}); add the secret of before to "
                "PREVIOUS_SECRET_KEYS, or see docs/security.md where it is lost"
            )
        self.state = state

    def key(self, purpose: Purpose, name: str) -> bytes | None:
        """A key by the id of its secret; None when neither the secret nor the key itself is here."""
        secret = self._secrets.get(name)
        if secret is not None:
            return purpose_key(secret, purpose)
        return self.state.stored.get((purpose, name))

    def names(self, purpose: Purpose) -> list[str]:
        """The ids of the keys of a purpose, that of what is new first."""
        stored = (name for kind, name in self.state.stored if kind is purpose)
        return list(dict.fromkeys([self.state.current, *self._secrets, *stored]))


class Derived(Generic[K]):
    """The keys of one purpose in the form that their user needs, each made once."""

    def __init__(self, ring: KeyRing, purpose: Purpose, make: Callable[[bytes], K]) -> None:
        self._ring = ring
        self._purpose = purpose
        self._make = make
        self._made: dict[str, K] = {}

    @property
    def name(self) -> str:
        """The id of the key that is used for what is new."""
        return self._ring.state.current

    @property
    def current(self) -> K:
        """The one for what is new."""
        return self.named()[1]

    def named(self) -> tuple[str, K]:
        """The one for what is new with its id, as of one moment: another thread may take up another key."""
        name = self._ring.state.current
        current = self.of(name)
        if current is None:
            raise KeyUnknown("SECRET_KEY: required, e.g. `openssl rand -hex 32`")
        return name, current

    def marked(self) -> tuple[str, K]:
        """The same, but with no id where it is the first: what names no key was made with that."""
        state = self._ring.state
        name, current = self.named()
        return ("" if name == state.first else name), current

    @property
    def first(self) -> K:
        """The one that made what names no key; where it is lost, the one for what is new, which opens nothing."""
        first = self.of(self._ring.state.first)
        return self.current if first is None else first

    @property
    def is_first(self) -> bool:
        """Whether what is new is made with the first key, and need not name it."""
        return self._ring.state.current == self._ring.state.first

    def of(self, name: str) -> K | None:
        """The one of a key's id; None when there is no such key any more."""
        made = self._made.get(name)
        if made is None:
            key = self._ring.key(self._purpose, name)
            if key is None:
                return None
            made = self._made[name] = self._make(key)
        return made

    def all(self) -> list[K]:
        """Every one, that for what is new first."""
        return [made for name in self._ring.names(self._purpose) if (made := self.of(name)) is not None]
