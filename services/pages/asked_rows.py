"""How the form of a roll-up becomes one address: what is ticked several times in one parameter, as `/v1` takes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

FORM: Final = "chosen"
"""What the form sends with itself, and no address has."""
ALSO: Final = "also"
"""The second dimension, which the form asks for apart."""
_FACET: Final = "facet:"


def one_address(given: Iterable[tuple[str, str]]) -> dict[str, str] | None:
    """Return the parameters of the address that says what a form says; None where that is what was given."""
    given = list(given)
    found: dict[str, list[str]] = {}
    for name, value in given:
        if value:
            found.setdefault(name, []).append(value)
    of_form = found.pop(FORM, None) is not None
    also = found.pop(ALSO, [])
    by = found.get("by", [""])[-1]
    if by.startswith(_FACET):
        if also and "," not in by and also[-1] != by.removeprefix(_FACET):
            found["by"] = [f"{by},{also[-1]}"]
        if of_form:  # codes are rows or columns, never both
            found.pop("split", None)
    asked = {name: ",".join(dict.fromkeys(values)) for name, values in found.items()}
    return None if list(asked.items()) == given else asked
