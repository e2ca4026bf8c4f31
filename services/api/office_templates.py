"""The templates of Word files that an office put into its folder: read once, and tried before anybody is answered."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Final

from projections.answers.report.report_answers import Report, Row, UnitName
from projections.answers.tables.answer_table import AnswerTable, Paper
from projections.answers.tables.report_table import report_table
from projections.bilingual import Bilingual
from services.files.apart import write_apart
from services.files.bounds import FileNotWrittenError, TemplateError
from services.files.forms import DOCX, FILES
from services.files.templates import ANSWER_FILE, DOCUMENT_FILE, Templates, own_templates, templates_in
from services.settings import Settings, SettingsError

PREFIX: Final = "tonghop-template-"
_UNIT: Final = UnitName("mau", "Đơn vị mẫu", "grassroots")
_DAY: Final = dt.date(2026, 1, 1)


def templates_of(settings: Settings) -> Templates:
    """Return what Word files are made with. Raises SettingsError, which names the file and what is wrong with it."""
    if settings.templates is None:
        return own_templates()
    try:
        return templates_in(settings.templates)
    except TemplateError as error:
        raise _unfit(error) from error


def try_templates(templates: Templates) -> None:
    """Fill an office's templates with a small answer and a small document. Raises SettingsError where that fails."""
    for name, table in _samples().items():
        try:
            asyncio.run(_tried(table, templates))
        except TemplateError as error:
            raise _unfit(error) from error
        except FileNotWrittenError as error:
            raise _unfit(f"{name}: {error}") from error


async def _tried(table: AnswerTable, templates: Templates) -> None:
    bounds = FILES[DOCX].bounds
    assert bounds is not None  # noqa: S101 - it is written in a process of its own
    path = await write_apart(DOCX, table, bounds, PREFIX, templates)
    path.unlink()


def _samples() -> dict[str, AnswerTable]:
    rows = [Row(unit=_UNIT, values={"admissions": 1, "badges": None})]
    total = {"admissions": 1, "badges": 5}
    table = report_table(Report(_UNIT, _DAY, _DAY, "as-was", 1, None, 0, total, rows))
    paper = Paper("Đơn vị trên", _UNIT.name, _UNIT.level, "Câu thử.", "Chú thích.")
    return {ANSWER_FILE: table, DOCUMENT_FILE: table._replace(paper=paper)}


def _unfit(error: object) -> SettingsError:
    return SettingsError(
        Bilingual("mẫu Word không dùng được", "the templates can't be used", "TONGHOP_TEMPLATES: ", f": {error}")
    )
