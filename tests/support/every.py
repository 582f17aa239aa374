"""One test that tries many cases, which need nothing of their own: a test for each costs more than the trying."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any

MAX_SHOWN = 20

Test = Callable[..., None]


def every(name: str, cases: Mapping[str, Any] | Iterable[str]) -> Callable[[Test], Test]:
    """Call a test for each case, by the argument `name`, to the last one; those that fail are named together."""
    values = cases if isinstance(cases, Mapping) else {case: case for case in cases}
    assert values, "there is nothing to try"

    def decorate(test: Test) -> Test:
        signature = inspect.signature(test)
        others = [each for each in signature.parameters.values() if each.name != name]

        @wraps(test)
        def tried(**fixtures: Any) -> None:
            failed = {}
            for case, value in values.items():
                try:
                    test(**fixtures, **{name: value})
                except Exception as error:
                    failed[case] = f"{type(error).__name__}: {error}"
            lines = [f"{case}: {problem}" for case, problem in failed.items()]
            assert not lines, "\n".join([f"{len(lines)} of {len(values)} fail", *lines[:MAX_SHOWN]])

        del tried.__wrapped__  # type: ignore[attr-defined]  # pytest would ask it for its arguments
        tried.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
        return tried

    return decorate
