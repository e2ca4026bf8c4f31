"""The rules of data that need more than its own struct: the root, and the measures of the catalogue (section 1)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, cast

from msgspec import UNSET

from events.catalogue import MEASURES
from events.data import AccessGranted, AccessRevoked, Data, FigureDeclared, TargetAssigned, UnitEstablished
from events.errors import InvalidFieldError
from events.vocabulary import OPERATOR, STOCKS

Rule = Callable[[Data, str, str], None]
"""Given data, the event's subject and the root's id: raises InvalidFieldError where the rule is broken."""


def _only_the_root_has_no_parent(data: Data, subject: str, root: str) -> None:
    parent = cast("UnitEstablished", data).parent
    if parent is None and subject != root:
        raise InvalidFieldError("parent", "null for the root alone")
    if parent is not None and subject == root:
        raise InvalidFieldError("parent", "the root has none: null")


def _target_is_for_a_measure(data: Data, _subject: str, _root: str) -> None:
    if cast("TargetAssigned", data).measure not in MEASURES:
        raise InvalidFieldError("measure", f"one of {', '.join(MEASURES)}")


def _stock_has_a_day_and_measure_a_period(data: Data, _subject: str, _root: str) -> None:
    declared = cast("FigureDeclared", data)
    if declared.figure in STOCKS:
        _require(declared, "on")
        _refuse(declared, "from", "to")
    elif declared.figure in MEASURES:
        _require(declared, "from", "to")
        _refuse(declared, "on")
    else:
        raise InvalidFieldError("figure", f"one of {', '.join(MEASURES + STOCKS)}")


def _operator_is_of_the_root(data: Data, subject: str, root: str) -> None:
    if cast("AccessGranted | AccessRevoked", data).role == OPERATOR and subject != root:
        raise InvalidFieldError("role", f"{OPERATOR} is held at the root alone")


def _require(declared: FigureDeclared, *fields: str) -> None:
    for name in fields:
        if _given(declared, name) is UNSET:
            raise InvalidFieldError(name, f"missing: {declared.figure} needs it")


def _refuse(declared: FigureDeclared, *fields: str) -> None:
    for name in fields:
        if _given(declared, name) is not UNSET:
            raise InvalidFieldError(name, f"not a field of {declared.figure}")


def _given(declared: FigureDeclared, name: str) -> object:
    return {"on": declared.on, "from": declared.from_, "to": declared.to}[name]


RULES: Final[Mapping[type[Data], Rule]] = MappingProxyType(
    {
        UnitEstablished: _only_the_root_has_no_parent,
        TargetAssigned: _target_is_for_a_measure,
        FigureDeclared: _stock_has_a_day_and_measure_a_period,
        AccessGranted: _operator_is_of_the_root,
        AccessRevoked: _operator_is_of_the_root,
    }
)
