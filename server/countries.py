"""Countries by their codes of ISO 3166-1 alpha-2: where a code decides something, such as a tax."""

from __future__ import annotations

from typing import Final

from server.errors import InvalidField

_CODES: Final = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES: Final = frozenset(_CODES.split())

_MEANT: Final = {
    "UK": "for the United Kingdom write GB",
    "EL": "for Greece write GR",
    "EU": "write the code of the member state",
}
"""What people write who mean a country, or more than one."""


def country_problem(code: str) -> str | None:
    """What is wrong with a code, in words that follow a field's name; None for a country's, whatever its case."""
    code = code.upper()
    if code in COUNTRIES:
        return None
    return (
        f"{code} is no country of ISO 3166-1; {_MEANT.get(code, 'write its code of two letters, such as US')}"
    )


def country_code(code: str, field: str) -> str:
    """The code in capitals; "" for "". Raises InvalidField, naming the field, when it is no country's."""
    problem = country_problem(code) if code else None
    if problem is not None:
        raise InvalidField((field, problem))
    return code.upper()
