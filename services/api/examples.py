"""One example of every answer, for the OpenAPI document: filled in by its type with the values in `examples.json`.

A value is told there for a field of a type, or under `*` for a field of any type; what is not told is null where it may
be, else made of its own type. So a new answer has an example as soon as its fields are known there.
"""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import product
from typing import Any, Final

import msgspec
from msgspec import inspect

from projections.answers.forms import form_answers as forms
from projections.answers.past import structure_answers as structure
from projections.answers.past.difference_answers import Difference
from projections.answers.plans import plan_answers as plans
from projections.answers.plans.silence_answers import Silence
from projections.answers.privacy.report_suppression import REASON
from projections.answers.report import news_answers as news
from projections.answers.report import report_answers as answers
from projections.answers.sentence.sentence_answers import Statement
from projections.answers.suspicion import suspicions
from services import import_answers as imports
from services import send_answers as sending
from services.access import access_answers as access
from services.access import accounts
from services.access import grant_answers as grants

ANSWERS: Final = (
    answers.Report,
    answers.UnitDay,
    answers.UnitPage,
    structure.UnitHistory,
    structure.Tree,
    structure.ChangeDays,
    structure.ThenAndNow,
    Difference,
    plans.Indicators,
    plans.Allocations,
    Silence,
    Statement,
    forms.FilledForm,
    forms.FormList,
    answers.CountedEventPage,
    suspicions.FindingPage,
    news.Moved,
    news.Keeping,
    answers.Said,
    answers.SaidPage,
    answers.LogMoment,
    answers.RejectsPage,
    answers.ReceiptPage,
    answers.Status,
    access.Me,
    access.AccountPage,
    accounts.Account,
    access.Invitation,
    access.TokenMade,
    access.TokenList,
    access.SessionList,
    access.SessionsEnded,
    access.AuditPage,
    grants.GrantList,
    grants.GrantOrdered,
    sending.SentAnswer,
    sending.OwnReceipts,
    imports.Import,
    imports.ImportList,
)
TAKEN: Final = (
    *(access.NewAccount, access.NewToken, grants.NewGrant),
    *(sending.Retraction, sending.Replacement, imports.Mending),
)
"""What requests have in their bodies."""
_TOLD: Final[dict[str, dict[str, Any]]] = json.loads((files(__package__) / "examples.json").read_text("utf-8"))


def example_of(answer: type[msgspec.Struct]) -> dict[str, Any]:
    """Make the example of a type. Raises LookupError for a field that has no value."""
    return _filled(inspect.type_info(answer))


def _filled(kind: Any) -> dict[str, Any]:
    told, bare = _TOLD.get(kind.cls.__name__, {}), kind.cls.__struct_config__.omit_defaults
    found = {}
    for field in kind.fields:
        name = field.encode_name
        if name in told:
            found[name] = told[name]
        elif field.required:
            found[name] = _TOLD["*"][name] if name in _TOLD["*"] else _made(field.type, f"{kind.cls.__name__}.{name}")
        elif field.default is None and not bare:
            found[name] = None
    return found


def _made(kind: Any, where: str) -> Any:
    if isinstance(kind, inspect.UnionType) and kind.includes_none:
        return None
    if isinstance(kind, inspect.ListType):
        return [_made(kind.item_type, where)]
    if isinstance(kind, inspect.StructType):
        return _filled(kind)
    raise LookupError(f"{where}: services/api/examples.json has no value for it")


def _by_two_facets() -> dict[str, Any]:
    """Make a report in which a small cell is hidden, and three more that would give it away."""
    rows = [
        {
            "codes": {"sex": sex, "passed": passed},
            "values": {"trainings": None if sex != "unknown" != passed else 0},
        }
        for sex, passed in product(("female", "male", "unknown"), ("yes", "no", "unknown"))
    ]
    return {
        **example_of(answers.Report),
        "total": {"trainings": 41},
        "rows": [*rows, {"suppressed": True, "values": {"trainings": 41}}],
        "suppressed": {"smallest": 3, "cells": {"trainings": 4}, "reason": REASON.format(smallest=3)},
    }


EXAMPLES: Final = {
    **{answer.__name__: example_of(answer) for answer in ANSWERS},
    "ReportByTwoFacets": _by_two_facets(),
}
"""By the name of the answer's type; more examples of the same by what they are asked for."""
