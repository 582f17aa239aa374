"""The rules of the synonyms: bounded, without doubles, and told to every worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from server.audit.log import Actor, write
from server.db.rows import changed_columns
from server.errors import FieldReason, InvalidField, TooMany, Violation
from server.etags import check_etag
from server.events.log import publish
from server.events.topics import SynonymsChanged
from server.search.synonyms import queries
from server.search.synonyms.errors import SynonymNotFound, SynonymTaken
from server.search.synonyms.queries import SynonymRule
from server.search.synonyms.terms import key_of
from server.text.allowed import problem_of_name, trimmed

MAX_SYNONYMS: Final = 1_000


def create(tx: Connection, input_: str, terms: Sequence[str], actor: Actor, now: datetime) -> SynonymRule:
    """Create a synonym. Raises InvalidField, TooMany and SynonymTaken."""
    values = _checked({"input": input_, "terms": list(terms)})
    queries.hold_all(tx)
    if queries.count(tx) >= MAX_SYNONYMS:
        raise TooMany(limit=MAX_SYNONYMS, resources="synonyms")
    synonym_id = queries.insert_synonym(tx, {**values, "created_at": now, "updated_at": now})
    return _settled(tx, synonym_id, "CreateSynonym", actor, now)


def change(
    tx: Connection, synonym_id: int, changes: Mapping[str, Any], etag: str, *, actor: Actor, now: datetime
) -> SynonymRule:
    """Change the `input` and `terms` of a synonym.

    Raises SynonymNotFound, StaleEtag, InvalidField and SynonymTaken.
    """
    queries.hold_all(tx)
    current = get(tx, synonym_id)
    check_etag(etag, current.etag, "synonym")
    values = _checked({"input": current.input, "terms": list(current.terms)} | dict(changes))
    changed = changed_columns(current, values)
    if not changed:
        return current
    queries.update_synonym(tx, synonym_id, {**changed, "updated_at": now})
    return _settled(tx, synonym_id, "UpdateSynonym", actor, now)


def remove(tx: Connection, synonym_id: int, etag: str, actor: Actor, now: datetime) -> None:
    """Delete a synonym. Raises SynonymNotFound and StaleEtag."""
    queries.hold_all(tx)
    current = get(tx, synonym_id)
    check_etag(etag, current.etag, "synonym")
    queries.delete_synonym(tx, synonym_id)
    _note(tx, "DeleteSynonym", current, actor, now)
    publish(tx, SynonymsChanged())


def get(connection: Connection, synonym_id: int) -> SynonymRule:
    """A synonym. Raises SynonymNotFound."""
    synonym = queries.synonym(connection, synonym_id)
    if synonym is None:
        raise SynonymNotFound(synonym_id=synonym_id)
    return synonym


def _settled(tx: Connection, synonym_id: int, action: str, actor: Actor, now: datetime) -> SynonymRule:
    """A synonym that was written just now, once it goes by its terms. Raises SynonymTaken."""
    synonym = get(tx, synonym_id)
    names = [synonym.input] if synonym.input else synonym.terms
    keys = {key_of(name): name for name in names}
    taken = queries.replace_terms(tx, synonym_id, bool(synonym.input), list(keys))
    if taken is not None:
        raise SynonymTaken(term=keys[taken])
    _note(tx, action, synonym, actor, now)
    publish(tx, SynonymsChanged())
    return synonym


def _note(tx: Connection, action: str, synonym: SynonymRule, actor: Actor, now: datetime) -> None:
    facts = {"input": synonym.input, "terms": list(synonym.terms)}
    write(tx, actor, action, f"synonym/{synonym.id}", now, **facts)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The input and the terms of a synonym, trimmed. Raises InvalidField."""
    named = {"input": trimmed(values["input"])}
    named |= {f"terms[{index}]": trimmed(term) for index, term in enumerate(values["terms"])}
    wrong: list[Violation] = []
    seen: dict[str, str] = {}
    for field, term in named.items():
        if field == "input" and not term:
            continue
        problem = _problem(term)
        if problem:
            wrong.append(Violation(f"synonym.{field}", problem, FieldReason.INVALID_FORMAT))
        elif key_of(term) in seen:
            earlier = seen[key_of(term)]
            wrong.append(Violation(f"synonym.{field}", f"says the same as {earlier}", FieldReason.DUPLICATE))
        seen.setdefault(key_of(term), field)
    terms = [term for field, term in named.items() if field != "input"]
    if len(terms) < (1 if named["input"] else 2):
        wrong.append(
            Violation(
                "synonym.terms",
                "must be two at least, or one beside an input",
                FieldReason.TOO_FEW_ENTRIES,
            )
        )
    if wrong:
        raise InvalidField(*wrong)
    return {"input": named["input"], "terms": terms}


def _problem(term: str) -> str | None:
    """Say what is wrong with a term, or None."""
    return problem_of_name(term) or (None if key_of(term) else "must have a letter or a digit")
