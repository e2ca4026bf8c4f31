"""What the OpenAPI document says of answers: their schemas out of the answers' types, an example of each, problems."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI

from projections.answers.access.needs import Need
from services.api.event_bodies import BATCH, LINES, MOST, ONE
from services.api.examples import ANSWERS, EXAMPLES, TAKEN
from services.api.parameters import EVERYWHERE
from services.files.forms import FILES
from services.needs import declared

_REFERENCE: Final = "#/components/schemas/{name}"
_PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        **{name: {"type": "string"} for name in ("type", "title", "detail", "parameter", "clause")},
        **{name: {"type": "integer"} for name in ("status", "position")},
        "nearest": {
            "type": "object",
            "properties": {end: {"type": "string", "format": "date"} for end in ("from", "to")},
        },
        "refused": {
            "type": "array",
            "description": "All that a statement can't say, each with the reason",
            "items": {
                "type": "object",
                "properties": {name: {"type": "string"} for name in ("parameter", "clause", "detail")},
            },
        },
        "suggestions": {"type": "array", "items": {"$ref": _REFERENCE.format(name="UnitName")}},
    },
}
_SAYS: Final = {
    401: "Nobody is known by what the request carries; `WWW-Authenticate` says how to be known",
    403: "The account may not see that of the unit that is asked about; `unit` and `name` name it",
    404: "No such unit or event",
    429: "This client asks more than its share; `Retry-After` says when to ask again",
    422: "A parameter that can't be used; `parameter` names it",
    503: "Not ready, too busy, or `min_position` not reached; `position` says how far it is",
}
_OF_ACCOUNTS: Final = {
    401: "Nobody is known by what the request brings; `WWW-Authenticate`",
    403: "Not for this account; or what changes something in a session has no `X-CSRF-Token`",
    404: "No such account, token or session",
    409: "It is there already, or is no more what it would have to be",
    **{status: _SAYS[status] for status in (422, 429, 503)},
}
_OF_SENDING: Final = {
    400: "The body can't be read as what it says it is",
    401: _OF_ACCOUNTS[401],
    403: "The account may not speak as the publisher; or what changes something in a session has no `X-CSRF-Token`",
    404: "No such event",
    409: "The event stands no more",
    413: "More than 1,000 events, or too many bytes",
    415: "No media type of events, or compressed",
    422: _SAYS[422],
    429: _SAYS[429],
    503: "All are unsent (`items`), or nothing was tried; `Retry-After`",
}
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_REFUSED: Final = {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}


def answers(
    answer: type[msgspec.Struct],
    others: Mapping[str, str] | None = None,
    instead: type[msgspec.Struct] | None = None,
    *,
    files: bool = False,
    texts: bool = False,
) -> dict[int | str, dict[str, Any]]:
    """Describe what a route may answer, for its `responses`; `answer` is one of ANSWERS.

    `others` names more EXAMPLES of the answer, by what is asked for; `instead` is what else it may be. With `files` it
    may be any of FILES too, by `format` or `Accept`, with `texts` plain text.
    """
    examples = {"by default": answer.__name__, **(others or {})}
    schemas = [{"$ref": _REFERENCE.format(name=each.__name__)} for each in (answer, instead) if each is not None]
    content = {
        "schema": schemas[0] if instead is None else {"oneOf": schemas},
        "examples": {asked: {"$ref": f"#/components/examples/{name}"} for asked, name in examples.items()},
    }
    return {
        200: {
            "description": "The answer",
            "headers": {
                "ETag": {
                    "description": "Of question, position, what may be seen and `behind`",
                    "schema": {"type": "string"},
                }
            },
            "content": {
                "application/json": content,
                **({form.name: dict(_FILE) for form in FILES.values()} if files else {}),
                **({"text/plain": {"schema": {"type": "string"}}} if texts else {}),
            },
        },
        304: {"description": "What If-None-Match names is still the answer"},
        **{status: {"description": says, "content": _REFUSED} for status, says in _SAYS.items()},
    }


def taking(body: type[msgspec.Struct]) -> dict[str, Any]:
    """Describe the JSON that a route takes in its body, for its `openapi_extra`; `body` is one of TAKEN."""
    schema = {"$ref": _REFERENCE.format(name=body.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def told(answer: type[msgspec.Struct], status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Describe what a route of accounts may answer."""
    content = {
        "schema": {"$ref": _REFERENCE.format(name=answer.__name__)},
        "examples": {"by default": {"$ref": f"#/components/examples/{answer.__name__}"}},
    }
    return {
        status: {"description": "The answer", "content": {"application/json": content}},
        **{refused: {"description": says, "content": _REFUSED} for refused, says in _OF_ACCOUNTS.items()},
    }


def sent(answer: type[msgspec.Struct], status: int = 202) -> dict[int | str, dict[str, Any]]:
    """Describe what a route may answer that sends events, or tells of what was sent."""
    if status == HTTPStatus.OK:
        return told(answer, status)
    content = {
        "schema": {"$ref": _REFERENCE.format(name=answer.__name__)},
        "examples": {"by default": {"$ref": f"#/components/examples/{answer.__name__}"}},
    }
    location = {"description": "The receipt, to be asked for outcomes", "schema": {"type": "string"}}
    answered = {"content": {"application/json": content}}
    return {
        status: {
            "description": "In the log, what was accepted: acknowledged by the stream",
            "headers": {"Location": location},
            **answered,
        },
        200: {"description": "Nothing was accepted; or a dry run", **answered},
        **{refused: {"description": says, "content": _REFUSED} for refused, says in _OF_SENDING.items()},
    }


def a_file(media_type: str) -> dict[int | str, dict[str, Any]]:
    """Describe a route that answers with a file."""
    return _refusing({200: {"description": "The file", "content": {media_type: dict(_FILE)}}})


def gone() -> dict[int | str, dict[str, Any]]:
    """Describe a route that answers with nothing, as what it was about is there no more."""
    return _refusing({204: {"description": "It is gone"}})


def streamed(messages: Mapping[str, type[msgspec.Struct]]) -> dict[int | str, dict[str, Any]]:
    """Describe a route that answers with server-sent events: by their names the types of their `data`, in ANSWERS."""
    text = "".join(f"event: {name}\ndata: {json.dumps(EXAMPLES[data.__name__])}\n\n" for name, data in messages.items())
    names = ", ".join(f"`{name}`: {data.__name__}" for name, data in messages.items())
    schema = {"type": "string", "description": f"WHATWG HTML, section 9.2; the JSON in `data` by event: {names}"}
    content = {"text/event-stream": {"schema": schema, "example": text}}
    return {
        200: {"description": "Events, for as long as the stream is open", "content": content},
        **{status: {"description": says, "content": _REFUSED} for status, says in _SAYS.items()},
    }


def _refusing(answered: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    return answered | {refused: {"description": says, "content": _REFUSED} for refused, says in _OF_ACCOUNTS.items()}


def taking_files(media_types: Iterable[str]) -> dict[str, Any]:
    """Describe the files that a route takes in its body, for its `openapi_extra`."""
    return {"requestBody": {"required": True, "content": dict.fromkeys(media_types, _FILE)}}


def taking_events() -> dict[str, Any]:
    """Describe the events that a route takes in its body, for its `openapi_extra`."""
    one = {"type": "object", "description": "An event: docs/schemas"}
    content = {
        ONE: {"schema": one},
        BATCH: {"schema": {"type": "array", "items": one, "maxItems": MOST}},
        LINES: {"schema": {"type": "string", "description": "An event a line"}},
    }
    return {"requestBody": {"required": True, "content": content}}


def mount(app: FastAPI) -> None:
    """Let the app's OpenAPI document carry the schemas of the answers, and lists as they are taken: with commas."""
    generate = app.openapi

    @cache
    def openapi() -> dict[str, Any]:
        document = generate()
        _, schemas = msgspec.json.schema_components((*ANSWERS, *TAKEN), ref_template=_REFERENCE)
        components = document.setdefault("components", {})
        components.setdefault("schemas", {}).update({**schemas, "Problem": _PROBLEM})
        # Put in here, as FastAPI leaves every null out of what it generates.
        components["examples"] = {name: {"value": value} for name, value in EXAMPLES.items()}
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        needed = {(route.path, method.lower()): route.need for route in declared(app) for method in route.methods}
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                operation["x-needs"] = needed[path, method]
                if needed[path, method] is not Need.OPEN:
                    operation["security"] = [{"token": []}]
        for operation in (each for path in document["paths"].values() for each in path.values()):
            operation.get("parameters", []).sort(key=lambda parameter: parameter["name"] in EVERYWHERE)
            for parameter in operation.get("parameters", []):
                if parameter["schema"].get("type") == "array":
                    parameter |= {"style": "form", "explode": False}
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents
