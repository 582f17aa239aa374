"""Letters: a subject, text and HTML, filled in from the templates of a kind in the language of who reads them.

In a template stands `{{ _("Hello {name},", name=…) }}`: the English sentence, which the catalogues translate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from server.text.languages import Sentence, catalogue_of

TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Letter:
    """A mail's content."""

    subject: str
    plain: str
    html: str


def letter(kind: str, subject: Sentence, facts: Mapping[str, object], language: str) -> Letter:
    """Fill the templates of a kind, in a language."""
    templates = environment()
    title = subject.said_in(language)
    plain, html = (
        templates.get_template(f"{kind}.{form}").render(facts, subject=title, language=language)
        for form in ("txt", "html")
    )
    return Letter(title, plain, html)


@cache
def environment() -> Environment:
    """The templates, and what stands in them."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        # Names and addresses are the customers' own words: in HTML they are text, never markup.
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        finalize=_one_line,
    )
    templates.globals["_"] = _translated
    return templates


@pass_context
def _translated(context: Context, text: str, **facts: object) -> str:
    """A sentence of a template in the language of the letter; in HTML its facts are escaped."""
    template = catalogue_of(context["language"]).get(text, text)
    shown = {name: _one_line(value) for name, value in facts.items()}
    if context.eval_ctx.autoescape:
        return Markup(template).format(**shown)  # noqa: S704 - the catalogue's sentence, which is ours
    return template.format(**shown)


def _one_line(value: object) -> object:
    """Put a template's value on one line: a name with line breaks cannot add lines of its own."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    line = " ".join(value.split())
    return line if line.isprintable() else "".join(sign for sign in line if sign.isprintable())
