"""Makes up the people of the demo shop, and the few of them who can sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from server.demo.tastes import PERSONAS


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """An account that a visitor of the demo can sign in to."""

    email: str
    password: str
    full_name: str
    role: str
    personas: tuple[str, ...]


DEMO_LOGINS: Final = (
    DemoLogin("john@example.com", "demo-shop-1", "John Miller", "CUSTOMER", ("barista", "hiker")),
    DemoLogin("jane@example.com", "demo-shop-2", "Jane Cooper", "CUSTOMER", ("new parent", "reader")),
    DemoLogin("vendor@example.com", "demo-vendor-1", "Vera Lind", "VENDOR", ("knitter",)),
)
"""The logins that `sanset demo` makes; nobody else of the demo has a password."""

VENDOR_BRANDS: Final = ("Woolgather", "Hearth & Loom")
"""The brands that the demo's vendor sells."""


def _words(separator: str, text: str) -> tuple[str, ...]:
    return tuple(text.split(separator))


_FIRST: Final = _words(
    " ",
    "Aaron Abigail Adrian Aisha Alan Alice Amara Amir Ana Andre Angela Anika Antonio Asha Ben Bianca "
    "Brandon Brooke Caleb Camila Carlos Carmen Chloe Christine Claire Cole Dana Daniel Darius David "
    "Deborah Diego Dylan Elena Eli Emily Emma Erik Esther Ethan Eva Farah Felix Fiona Gabriel Grace Greta "
    "Hana Hannah Hassan Helen Henry Hugo Ian Imani Ingrid Irene Isaac Isabel Ivan Jack Jasmine Jin Joel "
    "Jonas Julia Kai Karen Keiko Kevin Kofi Lara Laura Leah Leo Lily Linda Lucas Luis Lydia Malik Marcus "
    "Maria Mateo Maya Mei Mia Miles Mina Nadia Naomi Nathan Nia Nina Noah Nora Olga Oliver Omar Oscar "
    "Paula Peter Priya Quinn Rachel Rafael Ravi Rosa Ruth Ryan Sam Sana Sara Sean Simon Sofia Stella Tara "
    "Theo Thomas Tomas Uma Victor Violet Wendy Will Yara Yusuf Zoe",
)
_LAST: Final = _words(
    " ",
    "Adams Ali Allen Alvarez Anderson Bailey Baker Banerjee Bell Bennett Berg Brooks Brown Campbell "
    "Carter Castillo Chan Chen Clark Cohen Collins Cruz Davis Diaz Dubois Edwards Evans Fischer Fleming "
    "Flores Foster Garcia Gomez Gray Green Gupta Haddad Hall Harris Hayes Hill Howard Hughes Ito Jackson "
    "James Jensen Johnson Jones Kaya Kelly Khan Kim King Kowalski Kumar Larsen Lee Lewis Lopez Martin "
    "Mason Mehta Meyer Mitchell Moore Morales Morgan Mori Murphy Nakamura Nelson Nguyen Novak Okafor "
    "Ortiz Osei Park Parker Patel Perez Peters Phillips Price Quinn Ramirez Reed Reyes Rivera Roberts "
    "Rossi Russo Santos Sato Schmidt Scott Shah Silva Singh Smith Stewart Sullivan Tanaka Taylor Thompson "
    "Torres Turner Vargas Walker Wang Ward Watson White Wilson Wong Wright Yamada Young Zhang",
)
_STREETS: Final = _words(
    "|",
    "Maple Street|Oak Avenue|Cedar Lane|Washington Street|Park Avenue|Lakeview Drive|Hillcrest"
    "Road|Elm Street|Sunset Boulevard|River Road|Church Street|Highland Avenue|Chestnut"
    "Street|Meadow Lane|Franklin Street",
)
_CITIES: Final = (
    ("Seattle", "WA", "981"),
    ("Portland", "OR", "972"),
    ("San Francisco", "CA", "941"),
    ("Los Angeles", "CA", "900"),
    ("San Diego", "CA", "921"),
    ("Denver", "CO", "802"),
    ("Phoenix", "AZ", "850"),
    ("Austin", "TX", "787"),
    ("Houston", "TX", "770"),
    ("Chicago", "IL", "606"),
    ("Minneapolis", "MN", "554"),
    ("Madison", "WI", "537"),
    ("Columbus", "OH", "432"),
    ("Nashville", "TN", "372"),
    ("Atlanta", "GA", "303"),
    ("Miami", "FL", "331"),
    ("Raleigh", "NC", "276"),
    ("Philadelphia", "PA", "191"),
    ("Brooklyn", "NY", "112"),
    ("Boston", "MA", "021"),
)


@dataclass(slots=True)
class Person:
    """A customer: name, address, tastes, and `zeal`, how often they buy."""

    email: str
    full_name: str
    role: str
    password: str | None
    address: dict[str, str]
    personas: tuple[str, ...]
    zeal: float
    created_at: datetime


def make_people(rng: Random, now: datetime, count: int) -> list[Person]:
    """`count` people, the demo logins first; every e-mail once."""
    people = [_person(rng, now, login.full_name, login.email, login.personas, login) for login in DEMO_LOGINS]
    emails = {one.email for one in people}
    while len(people) < count:
        first, last = rng.choice(_FIRST), rng.choice(_LAST)
        email = f"{first}.{last}@example.com".lower()
        if email not in emails:
            emails.add(email)
            personas = tuple(rng.sample(sorted(PERSONAS), rng.choices((1, 2, 3), (3, 5, 2))[0]))
            people.append(_person(rng, now, f"{first} {last}", email, personas, None))
    return people


def _person(
    rng: Random, now: datetime, name: str, email: str, personas: tuple[str, ...], login: DemoLogin | None
) -> Person:
    return Person(
        email=email,
        full_name=name,
        role=login.role if login else "CUSTOMER",
        password=login.password if login else None,
        address=_address(rng),
        personas=personas,
        zeal=1.5 if login else min(4.0, rng.lognormvariate(0, 0.8)),
        created_at=now - timedelta(days=rng.uniform(95, 700)),
    )


def _address(rng: Random) -> dict[str, str]:
    city, state, zip_start = rng.choice(_CITIES)
    apartment = f"Apt {rng.randint(1, 48)}" if rng.random() < 0.35 else ""
    return {
        "label": "Home",
        "line1": f"{rng.randint(1, 2400)} {rng.choice(_STREETS)}",
        "line2": apartment,
        "city": city,
        "state": state,
        "postal_code": f"{zip_start}{rng.randint(1, 99):02d}",
        "country": "US",
    }
