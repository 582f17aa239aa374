"""Sentences for people in their language: which one a header asks for, and that the catalogues are complete."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.rpc import error_details_pb2
from jinja2 import nodes
from support.refusal_classes import refusal_classes

import server
from server.cart.changes import SENTENCES, CartChange, Change
from server.countries import country_problem
from server.errors import InvalidField, Overloaded, StaleEtag
from server.events.streams import LIVED_LONG, STOPPING
from server.inventory.errors import OutOfStock
from server.inventory.watching import REPLACED, TOO_SLOW
from server.mail.account_letters import SENTENCES as ACCOUNT_LETTERS
from server.mail.compose import SENTENCES as ORDER_LETTERS
from server.mail.formats import SENTENCES as FORMATS
from server.mail.letters import TEMPLATES, environment
from server.order.steps import SENTENCES as STEPS
from server.process.envoy import local_replies, strict_json
from server.recommend.serving.reasons import TEMPLATES as REASONS
from server.rpc.status import rich_status
from server.text.allowed import problem_of_lines, problem_of_name
from server.text.languages import (
    LOCALE,
    Sentence,
    entries,
    first_available,
    languages,
    preferred,
    refusal_said_in,
    requested_language,
    speak,
    spoken,
    translated,
)

CATALOGUES = {path.stem: dict(entries(path.read_text("utf-8"))) for path in LOCALE.glob("*.po")}
SERVER = Path(server.__file__).parent
PLAIN = frozenset({"{field}: {problem}.", "{summary}", "url: {problem}.", "There is no {what}."})
"""Messages that are made of other sentences alone."""

german = pytest.mark.parametrize("language", sorted(CATALOGUES))

MAILS = {path.name: environment().parse(path.read_text("utf-8")) for path in sorted(TEMPLATES.iterdir())}


def _in_template(template: nodes.Template) -> set[str]:
    """The sentences that a template of a mail marks for translation."""
    calls = [call for call in template.find_all(nodes.Call) if getattr(call.node, "name", "") == "_"]
    return {call.args[0].as_const() for call in calls}


OF_MAILS = frozenset(sentence for template in MAILS.values() for sentence in _in_template(template))

EVERY = {cls.message for cls in refusal_classes() if not issubclass(cls, InvalidField)} | {
    *SENTENCES.values(),
    *STEPS.values(),
    *REASONS,
    *ACCOUNT_LETTERS,
    *ORDER_LETTERS,
    *FORMATS,
    *OF_MAILS,
    STOPPING,
    LIVED_LONG,
    REPLACED,
    TOO_SLOW,
    *strict_json.sentences(),
    *local_replies.SENTENCES,
}
MADE_OF_OTHERS = frozenset(
    {
        "7 is not in the order",
        "the country of the address 7 7; correct it first",
        "must lie between 7 and 7",  # two days, of three numbers each
        "says the same as 7",  # a term by its place, or the input
        "7 cannot be changed here; these can: 7",  # paths, for programs
    }
)
"""Problems of fields whose parts are translated, each with what it may be filled with."""


def _field_problems() -> Iterator[str]:
    """What is said of wrong fields where they are refused, with a number in each blank."""
    for path in sorted(SERVER.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            match call:
                case ast.Call(func=ast.Name("InvalidField"), args=violations):
                    for violation in violations:
                        if isinstance(violation, ast.Tuple):
                            yield from _finished(violation.elts[1])
                case ast.Call(func=ast.Name("Violation"), args=[_, problem, *_]):
                    yield from _finished(problem)


def _finished(problem: ast.expr) -> Iterator[str]:
    if isinstance(problem, ast.Constant):
        yield str(problem.value)
    elif isinstance(problem, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in problem.values)


def _blanks(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@german
def test_every_sentence_for_people_is_translated(language: str) -> None:
    missing = sorted(EVERY - PLAIN - CATALOGUES[language].keys())
    assert missing == [], f"translate it in server/text/locale/{language}.po"


@german
def test_every_problem_of_a_field_is_translated(language: str) -> None:
    problems = set(_field_problems()) - MADE_OF_OTHERS
    assert len(problems) > 40
    missing = sorted(problem for problem in problems if translated(problem, language) == problem)
    assert missing == [], (
        f"translate it in server/text/locale/{language}.po, with # for what is a number here"
    )


@german
def test_a_translation_has_the_blanks_of_its_sentence(language: str) -> None:
    for english, other in CATALOGUES[language].items():
        assert _blanks(english) == _blanks(other)
        assert english.count("#") == other.count("#")


@german
def test_steps_that_were_stored_as_sentences_are_translated(language: str) -> None:
    stored = {text.replace("{amount}", "#") for text in STEPS.values()}
    assert sorted(stored - CATALOGUES[language].keys()) == []


@pytest.mark.parametrize("name", ["order", "cart", "nothing", "today"])
def test_a_name_stays_as_it_is_where_it_is_a_word_of_ours_too(name: str) -> None:
    facts = {"item_id": 1, "product_id": 2, "variant_id": 3, "name": name, "available": 1, "requested": 4}
    assert refusal_said_in(OutOfStock(**facts), "de") == f"Nur noch 1 von {name} da; 4 gewünscht."
    assert Sentence("Similar to {name}", {"name": name}).said_in("de") == f"Ähnlich wie {name}"


def test_words_of_ours_are_translated_within_a_sentence() -> None:
    refusal = StaleEtag(resource="cart")
    assert "cart" not in refusal_said_in(refusal, "de")
    assert "Warenkorb" in refusal_said_in(refusal, "de")
    assert refusal.facts == {"resource": "cart"}


@german
def test_no_translation_is_of_a_sentence_that_is_gone(language: str) -> None:
    assert sorted({text for text in CATALOGUES[language] if "{" in text} - EVERY) == []


@pytest.mark.parametrize("name", MAILS)
def test_every_sentence_of_a_mail_is_marked_for_translation(name: str) -> None:
    data = "".join(each.data for each in MAILS[name].find_all(nodes.TemplateData))
    text = re.sub(r"<[^>]*>", " ", data)
    assert re.findall(r"[^\W\d_]{2,}", text) in ([], ["UTC"]), "write it as {{ _(...) }}"


def test_every_mail_has_both_of_its_templates() -> None:
    text, html = ({name for name in MAILS if name.endswith(form)} for form in (".txt", ".html"))
    assert {name.removesuffix(".txt") for name in text} == {
        name.removesuffix(".html") for name in html - {"layout.html"}
    }


@german
def test_a_translation_of_a_mail_holds_no_markup(language: str) -> None:
    texts = [CATALOGUES[language][sentence] for sentence in OF_MAILS]
    assert [text for text in texts if re.search(r"[<>&]", text)] == []


def test_every_sentence_of_the_gateways_script_is_marked_for_translation() -> None:
    for part in strict_json.PARTS:
        for line in (strict_json.HERE / part).read_text("utf-8").splitlines():
            for arguments in re.findall(r"\b(?:complain|malformed)\((.*)|seen\[name\] = .*?\{(.*)", line):
                unmarked = re.sub(r'N_"(?:[^"\\]|\\.)*"|"FIELD_\w+"', "", "".join(arguments))
                assert not re.search(r"[\"']|format", unmarked), f"{part}: {line}"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", ""),
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("DE-de", "de"),
        ("en,de;q=0.9", "en"),
        ("en;q=0.3, de;q=0.9", "de"),
        ("fr-FR, de;q=0.1", "de"),
        ("fr, *", ""),
        ("de;q=0", ""),
        ("de;q=x", ""),
        (",;=,,", ""),
        ("x" * 10_000 + ",de", ""),
    ],
)
def test_the_language_is_the_one_that_is_liked_best(header: str, language: str) -> None:
    assert preferred(header) == language


def test_english_is_always_there() -> None:
    assert "en" in languages()
    assert [first_available(), first_available("", "xx"), first_available("xx", "de", "en")] == [
        "en",
        "en",
        "de",
    ]
    speak(preferred("fr"))
    assert (spoken(), requested_language()) == ("en", "")
    assert Sentence("{name} is sold out.", {"name": "Tea"}).said_in("xx") == "Tea is sold out."


@pytest.mark.parametrize(
    ("english", "other"),
    [
        ("is required", "ist nötig"),
        ("must be between 1 and 1,000,000", "muss zwischen 1 und 1,000,000 liegen"),
        ("must be at most 12.50 USD", "darf höchstens 12.50 USD sein"),
        ("must be between -90 and 90", "muss zwischen -90 und 90 liegen"),
        ("must be CSV", "muss CSV sein"),
        ("must be one of ADMIN, my_own, order.placed", "muss eines von ADMIN, my_own, order.placed sein"),
        ("must be SUM, KEEP_MINE or KEEP_GUEST", "muss SUM, KEEP_MINE oder KEEP_GUEST sein"),
        ("must be 0, 1 or 8,760", "muss 0, 1 oder 8,760 sein"),
        ("must be in USD", "muss in USD sein"),
        ("USD has 2 decimals", "USD hat 2 Nachkommastellen"),
        ("must have at most 1 character", "darf höchstens 1 Zeichen haben"),
        ("must have at least 2 entries", "muss mindestens 2 Einträge haben"),
        (
            "variant 3 of product 4 is not in the order",
            "Variante 3 von Artikel 4 ist nicht in der Bestellung",
        ),
        (
            "several variants of product 4: name variant 5, 6 or 7",
            "mehrere Varianten von Artikel 4: Nennen Sie Variante 5, 6 oder 7",
        ),
        ("says the same as terms[0]", "sagt dasselbe wie terms[0]"),
        ("says the same as input", "sagt dasselbe wie input"),
        ("12.50 USD goes back to you.", "12.50 USD gehen an Sie zurück."),
        (
            "Your order was paid back: 1,200 JPY in all.",
            "Ihre Bestellung wurde erstattet: insgesamt 1,200 JPY.",
        ),
        ("must be at most {a}", "must be at most {a}"),
        ("Left at the neighbour's, number 12.", "Left at the neighbour's, number 12."),
    ],
)
def test_finished_sentences_keep_their_numbers(english: str, other: str) -> None:
    assert translated(english, "de") == other
    assert translated(english, "en") == english


@german
@pytest.mark.parametrize("text", ["a\x01b", "a\u202eb", "a\nb", "\ufeffx", "a\u2028b", "\u200b\u3164"])
def test_what_no_text_may_hold_is_told_in_every_language(text: str, language: str) -> None:
    for problem in filter(None, (problem_of_name(text), problem_of_lines(text))):
        assert translated(problem, language) != problem


@german
@pytest.mark.parametrize("code", ["XX", "UK", "EL", "EU"])
def test_what_is_no_country_is_told_in_every_language(code: str, language: str) -> None:
    problem = country_problem(code) or ""
    assert translated(problem, language).startswith(code)
    assert translated(problem, language) != problem


def test_a_change_of_a_cart_comes_back_as_it_was_kept() -> None:
    change = CartChange(code=Change.ORDERED_SINCE, name='Té "ж"\n', product_id=7, requested=2)
    assert CartChange.of_line(change.to_line()) == change
    assert "\n" not in change.to_line()
    assert change.sentence.said_in("de").startswith('2 von Té "ж"\n kamen nicht')


def _details(refusal: Exception, language: str) -> tuple[str, error_details_pb2.LocalizedMessage | None]:
    speak(language)
    try:
        status = rich_status(refusal, "id")  # type: ignore[arg-type]
    finally:
        speak("en")
    localized = error_details_pb2.LocalizedMessage()
    found = any(detail.Unpack(localized) for detail in status.details)
    return status.message, localized if found else None


def test_a_refusal_has_its_sentence_in_the_callers_language_beside_the_english_one() -> None:
    facts = {"item_id": 1, "product_id": 2, "variant_id": 3, "name": "Tea", "available": 1, "requested": 4}
    message, localized = _details(OutOfStock(**facts), "de")
    assert message == "Only 1 of Tea left; 4 wanted."
    assert localized is not None
    assert (localized.locale, localized.message) == ("de", "Nur noch 1 von Tea da; 4 gewünscht.")
    assert _details(Overloaded(), "en")[1] is None


def test_wrong_fields_are_told_in_the_callers_language() -> None:
    _, localized = _details(InvalidField(("name", "is required"), ("x", "must be odd")), "de")
    assert localized is not None
    assert localized.message == "name: ist nötig; x: must be odd"


def test_a_field_has_no_sentence_that_is_said_to_be_of_a_language_and_is_english() -> None:
    speak("de")
    try:
        status = rich_status(InvalidField(("name", "is required"), ("x", "must be odd")), "id")
    finally:
        speak("en")
    bad_request = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad_request) for detail in status.details)
    localized = [violation.localized_message.message for violation in bad_request.field_violations]
    assert localized == ["ist nötig", ""]
