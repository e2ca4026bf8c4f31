"""In which form an answer is asked for: by `format` and `dialect`, or by `Accept` (contract §9, RFC 9110 §12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, Final, NamedTuple

from fastapi import Request
from pydantic import Field

from projections.answers.tables.answer_table import AnswerTable
from services.api.parameters import Parsed, Strict, expected, one_of
from services.api.problems import bad_parameter, not_acceptable
from services.files.forms import CSV, DOCX, FILES, IN_DIALECTS, JSON, PDF
from services.files.templates import Templates

TEXT: Final = "text"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    JSON: "application/json",
    **{name: form.name for name, form in FILES.items()},
}
_OF_TEXT: Final = {**MEDIA_TYPES, TEXT: "text/plain"}
ON_PAPER: Final = frozenset({DOCX, PDF})
"""The forms in which a text for a report is a document."""
_MOST_RANGES: Final = 100
"""Media ranges of an `Accept` that are looked at."""
_weight: Final = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.IGNORECASE).fullmatch


class AnswerFile(NamedTuple):
    """A file in place of JSON: its form, its name without the suffix, and how an answer becomes a table."""

    form: str
    dialect: str | None
    name: str
    table: Callable[[Any], AnswerTable]
    templates: Templates | None = None
    """What it is made with, where it is written in a process of its own."""

    @property
    def apart(self) -> bool:
        """Tell whether it is written in a process of its own, which takes its time."""
        return FILES[self.form].bounds is not None

    @property
    def most_rows(self) -> int | None:
        """Return how many rows its form may have, None where there is no bound but that of all files."""
        bounds = FILES[self.form].bounds
        return None if bounds is None else bounds.rows

    @property
    def media_type(self) -> str:
        """Return its media type."""
        return FILES[self.form].media_type

    @property
    def file_name(self) -> str:
        """Return the name under which a browser keeps it."""
        return f"{self.name}.{self.form}"


def form_key(file: AnswerFile | None) -> tuple[str, str | None, str | None]:
    """Return what an ETag is made of for the form of an answer: the same in every process of one version."""
    if file is None:
        return JSON, None, None
    return file.form, file.dialect, None if file.templates is None else file.templates.digest


def _form(names: Collection[str]) -> Parsed:
    def read(text: str) -> str:
        if text not in names:
            raise expected(f"cần một trong: {', '.join(names)}")
        return text

    return Parsed(read, {"type": "string", "enum": list(names)})


_FORMAT: Final = Field(None, description="The form of the answer; without it, what `Accept` asks for, JSON else")
_DIALECT: Final = Field(
    None,
    description="With `format=csv`: as Excel in Vietnamese opens it, with semicolons, Vietnamese heads, decimal commas",
)


class InForms(Strict):
    """What every question takes whose answer may be a file."""

    format: Annotated[str | None, _form(tuple(MEDIA_TYPES))] = _FORMAT
    dialect: Annotated[str | None, one_of(tuple(IN_DIALECTS[CSV]))] = _DIALECT


class InFormsOrText(InForms):
    """The same where the answer may be a text to be pasted, too."""

    format: Annotated[str | None, _form(tuple(_OF_TEXT))] = _FORMAT


def form_asked(request: Request, query: InForms) -> str:
    """Return the form that is asked for. Raises Problems: 406 where `Accept` takes none, 422 for a dialect of none."""
    known = _OF_TEXT if isinstance(query, InFormsOrText) else MEDIA_TYPES
    # Several lines of a header are one list (RFC 9110, section 5.3).
    form = query.format or _by_accept(",".join(request.headers.getlist("accept")), known)
    if query.dialect is not None and query.dialect not in IN_DIALECTS.get(form, {}):
        raise bad_parameter("dialect", "chỉ dùng cùng với “format=csv”")
    return form


def file_asked(request: Request, query: InForms, name: str, table: Callable[[Any], AnswerTable]) -> AnswerFile | None:
    """Return the file that is asked for, None where it is JSON or text."""
    form = form_asked(request, query)
    if form not in FILES:
        return None
    file = AnswerFile(form, query.dialect, name, table)
    return file._replace(templates=request.app.state.templates) if file.apart else file


def is_whole(file: AnswerFile | None, query: InForms) -> bool:
    """Tell whether a list is asked for as a whole: as a file, and no page of it by `limit` or `cursor`."""
    return file is not None and not {"limit", "cursor"} & query.model_fields_set


def _by_accept(accept: str, known: Mapping[str, str]) -> str:
    """Choose a form: the one that is wanted most, of several the first; JSON where nothing is said."""
    if not accept.strip():
        return JSON
    ranges = dict(_ranges(accept))
    weights = {form: _wanted(media_type, ranges) for form, media_type in known.items()}
    best = max(weights, key=lambda form: weights[form])
    if not weights[best]:
        raise not_acceptable(known.values())
    return best


def _ranges(accept: str) -> list[tuple[str, float]]:
    found = []
    for each in accept.lower().split(",")[:_MOST_RANGES]:
        media_range, *parameters = each.split(";")
        weights = [float(weight[1]) for parameter in parameters if (weight := _weight(parameter))]
        found.append((media_range.strip(), weights[0] if weights else 1.0))
    return found


def _wanted(media_type: str, ranges: Mapping[str, float]) -> float:
    """Return the weight of the most specific range that has a media type, 0 where none has."""
    kind = media_type.partition("/")[0]
    return next((ranges[each] for each in (media_type, f"{kind}/*", "*/*") if each in ranges), 0.0)
