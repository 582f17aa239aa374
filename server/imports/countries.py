"""The countries of the Online Retail data as ISO 3166-1 codes."""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = ""
"""No code: it decides nothing, and an address without one is completed before an order goes there."""

_CODES: Final = {
    "australia": "AU",
    "austria": "AT",
    "bahrain": "BH",
    "belgium": "BE",
    "brazil": "BR",
    "canada": "CA",
    "channel islands": "JE",  # Jersey and Guernsey have a code each; Jersey is the larger
    "cyprus": "CY",
    "czech republic": "CZ",
    "denmark": "DK",
    "eire": "IE",
    "finland": "FI",
    "france": "FR",
    "germany": "DE",
    "greece": "GR",
    "hong kong": "HK",
    "iceland": "IS",
    "israel": "IL",
    "italy": "IT",
    "japan": "JP",
    "lebanon": "LB",
    "lithuania": "LT",
    "malta": "MT",
    "netherlands": "NL",
    "norway": "NO",
    "poland": "PL",
    "portugal": "PT",
    "rsa": "ZA",
    "saudi arabia": "SA",
    "singapore": "SG",
    "spain": "ES",
    "sweden": "SE",
    "switzerland": "CH",
    "united arab emirates": "AE",
    "united kingdom": "GB",
    "usa": "US",
}


def country_code(name: str) -> str:
    """The ISO code of a country as the data names it; `UNKNOWN` for "Unspecified", for "European Community", which
    is none, and for names it never used.
    """
    return _CODES.get(name.strip().casefold(), UNKNOWN)
