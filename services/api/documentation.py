"""What the OpenAPI document says of each request: parameters, examples, the schemas of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from fastapi import FastAPI

from events.catalogue import DIMENSIONS, MEASURES
from events.identifiers import UNIT_ID_PATTERN
from events.vocabulary import LEVELS
from projections.answers.past import difference_answers as difference
from projections.answers.past import structure_answers as structure
from projections.answers.plans import plan_answers as plans
from projections.answers.plans import silence_answers
from projections.answers.report import report_answers as answers
from projections.answers.sentence import sentence_answers
from projections.store.reading.outcomes import OUTCOMES
from projections.store.reading.silence import LISTS
from services.api import examples, examples_plans, examples_silence, examples_statement
from services.api.examples import OTHER_EXAMPLES
from services.api.parameters import LONGEST_WAIT

ANSWERS: Final = (
    answers.Report,
    answers.UnitDay,
    answers.UnitPage,
    structure.UnitHistory,
    structure.Tree,
    difference.Difference,
    plans.Indicators,
    plans.Allocations,
    silence_answers.Silence,
    sentence_answers.Statement,
    answers.CountedEventPage,
    answers.Said,
    answers.SaidPage,
    answers.RejectsPage,
    answers.ReceiptPage,
    answers.Status,
)
EXAMPLES: Final = {
    **examples.EXAMPLES,
    **examples_plans.EXAMPLES,
    **examples_silence.EXAMPLES,
    **examples_statement.EXAMPLES,
}
_REFERENCE: Final = "#/components/schemas/{name}"
_DATE: Final = {"type": "string", "format": "date"}
_DIMENSION: Final = f"({'|'.join(DIMENSIONS)})"
_BY: Final = f"^(child|month|year|none|level:({'|'.join(LEVELS)})|facet:{_DIMENSION}(,{_DIMENSION})?)$"
_MEASURE: Final = {"type": "string", "enum": list(MEASURES)}
_MEASURES: Final = {"type": "array", "items": _MEASURE}

PARAMETERS: Final[Mapping[str, tuple[str, Mapping[str, Any], object]]] = {
    "from": ("First day, inclusive; 1 January of this year unless given", _DATE, "2023-01-01"),
    "to": ("Last day, inclusive; today unless given", _DATE, "2023-11-28"),
    "on": ("The day; today unless given", _DATE, "2023-11-28"),
    "basis": ("The hierarchy that facts are counted by", {"type": "string", "enum": ["as-was", "as-now"]}, "as-was"),
    "measures": ("Measures, with commas between them", _MEASURES, ["admissions", "confirmations", "badges"]),
    "measure": ("Measures, with commas between them; all unless given", _MEASURES, ["badges"]),
    "by": (
        "One row for what; `facet:` takes a dimension, or two different ones together with a comma between them",
        {"type": "string", "pattern": _BY, "default": "child"},
        "child",
    ),
    "position": (
        "As known when the log stood at this position: exactly what the report said then, though in seconds",
        {"type": "integer", "minimum": 0},
        None,
    ),
    "against": ("The other basis", {"type": "string", "enum": ["as-was", "as-now"]}, "as-now"),
    "against_position": (
        "With `position`: the later one, by default that of now",
        {"type": "integer", "minimum": 0},
        None,
    ),
    "depth": ("Steps down", {"type": "integer", "minimum": 1, "maximum": 20, "default": 2}, 2),
    "q": ("Part of a name, with or without diacritics, or of an id", {"type": "string", "maxLength": 200}, "gia binh"),
    "level": ("Only units of this level, as last known", {"type": "string", "enum": list(LEVELS)}, "upper"),
    "outcome": ("Which events", {"type": "string", "enum": list(OUTCOMES), "default": "parked"}, "parked"),
    "unit": (
        "Only events about this unit or one below it, as last known",
        {"type": "string", "pattern": f"^{UNIT_ID_PATTERN}$"},
        "gia-binh",
    ),
    "limit": ("Length of a page", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}, 100),
    "cursor": ("`next` of the page before", {"type": "string"}, None),
    "min_position": ("Answer only what reflects this stream position", {"type": "integer", "minimum": 0}, None),
    "wait": (
        "Seconds to wait for min_position before 503",
        {"type": "number", "minimum": 0, "maximum": LONGEST_WAIT, "default": 0},
        None,
    ),
}
POSITIONS: Final[Mapping[str, tuple[str, Mapping[str, Any], object]]] = {
    "from": ("First position", {"type": "integer", "minimum": 1}, 1),
    "to": ("Last position", {"type": "integer", "minimum": 1}, 100),
}
SILENCE: Final[Mapping[str, tuple[str, Mapping[str, Any], object]]] = {
    "level": ("Only units of this level on the last day", {"type": "string", "enum": list(LEVELS)}, "cell"),
    "list": ("Show the page of this list alone", {"type": "string", "enum": list(LISTS)}, None),
    "cursor": ("`next` of the page before; only with its `list`", {"type": "string"}, None),
}
ERRORS: Final = {
    404: "No such unit or event",
    429: "This client asks more than its share; `Retry-After` says when to ask again",
    422: "A parameter that can't be used; `parameter` names it",
    503: "Not ready, too busy, or `min_position` not reached; `position` says how far it is",
}


def described(
    summary: str,
    answer: str,
    *,
    query: tuple[str, ...] = (),
    over: Mapping[str, Any] | None = None,
    others: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Describe a request for a route's `openapi_extra`; `answer` names one of ANSWERS, `over` replaces PARAMETERS.

    `others` names more examples of the answer, of OTHER_EXAMPLES, by what is asked for.
    """
    known = {**PARAMETERS, **(over or {})}
    parameters: list[dict[str, Any]] = []
    for name in (*query, "min_position", "wait"):
        description, schema, example = known[name]
        parameter = {"name": name, "in": "query", "description": description, "schema": schema}
        if schema.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        parameters.append(parameter | ({} if example is None else {"example": example}))
    content: dict[str, Any] = {"schema": {"$ref": _REFERENCE.format(name=answer)}, "example": EXAMPLES[answer]}
    if others:
        named = {asked: {"$ref": f"#/components/examples/{name}"} for asked, name in others.items()}
        content["examples"] = {"by default": {"value": content.pop("example")}, **named}
    responses: dict[str, Any] = {
        "200": {
            "description": "The answer",
            "headers": {"ETag": {"description": "Of question, position and `behind`", "schema": {"type": "string"}}},
            "content": {"application/json": content},
        },
        "304": {"description": "What If-None-Match names is still the answer"},
    }
    for status, says in ERRORS.items():
        problem = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
        responses[str(status)] = {"description": says, "content": problem}
    return {"summary": summary, "parameters": parameters, "responses": responses}


_PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "parameter": {"type": "string"},
        "clause": {"type": "string"},
        "suggestions": {"type": "array", "items": {"$ref": _REFERENCE.format(name="UnitName")}},
        "position": {"type": "integer"},
    },
}


def mount(app: FastAPI) -> None:
    """Let the app's OpenAPI document carry the schemas of the answers."""
    generate = app.openapi
    _, schemas = msgspec.json.schema_components(ANSWERS, ref_template=_REFERENCE)

    def openapi() -> dict[str, Any]:
        document = generate()
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update({**schemas, "Problem": _PROBLEM})
        # Put in here, as FastAPI leaves every null out of what it generates.
        components["examples"] = {name: {"value": value} for name, value in OTHER_EXAMPLES.items()}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents
