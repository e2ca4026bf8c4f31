"""The roll-up of a unit as a table: what is counted, by what, beside what; sorted, page by page, each number a link."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from events.catalogue import DIMENSIONS, MEASURES
from events.vocabulary import LEVELS
from projections.answers.report.report_answers import Report, Row
from projections.rules.counting.periods import Days
from services.pages import leading, roll_up
from services.pages.asked_rows import one_address
from services.pages.asking import RefusedPage, address_of, ask, path_of
from services.pages.cells import CellWriter
from services.pages.matrix import matrix_of
from services.pages.page import Page
from services.pages.paging import NUMBER, begin_of, pages_of
from services.pages.periods import Period
from services.pages.unit_page import PLACE, UnitFrame, unit_page

OF_V1: Final = ("by", "measures", "compare", "split", "position", "cells")
"""What `/v1` is asked beside days and basis, as the address has it."""


async def report(page: Page) -> Response:
    """Show a roll-up as it is asked for."""
    asked = one_address(page.query.multi_items())
    if asked is not None:
        return page.redirect(address_of(page.path, asked))
    u = await unit_page(page)
    given = {name: page.query.get(name) for name in OF_V1}
    answer = await page.asking.one(ask(path_of("units", u.unit.id, "report"), Report, **u.report(**given)))
    by = given["by"] or "child"
    dimensions = tuple((given["split"] or "").split(",")) if given["split"] else ()
    columns = roll_up.columns_of(answer.total, dimensions, compares=given["compare"] is not None)
    sort = roll_up.sort_of(page.query.get("sort", ""), columns)
    if sort is None:
        raise RefusedPage.unfit("sort", page.gettext("Không có cột này để sắp xếp."))
    few = answer.not_broken_down
    officer = u.officer
    shown = leading.Shown(
        Days(*u.period),
        by,
        given["measures"],
        given["compare"],
        given["position"],
        officer,
        alone=all(row.own for row in answer.rows),
    )
    pairs = by.startswith("facet:") and "," in by
    sheet = roll_up.sheet_of(roll_up.ordered(answer.rows, sort), begin_of(page.query.get(NUMBER)))
    return u.draw(
        "report.html",
        figures=answer,
        report=answer,
        asked={**given, "by": by, "measures": tuple(answer.total), "split": dimensions},
        v1=given,
        columns=columns,
        groups={m: [column for column in columns if column.measure == m] for m in answer.total},
        sort=sort,
        sheet=sheet,
        pages_of_rows=pages_of(page, sheet.rows, sheet.first - 1, sheet.number),
        total=roll_up.total_of(answer),
        matrices=[matrix_of(answer, m, by) for m in answer.total] if pairs and not given["compare"] else [],
        few=frozenset(few.measures if few else ()) if by.startswith("facet:") else frozenset(),
        figure=roll_up.figure,
        plain=lambda n: roll_up.ShownFigure(n, "hidden" if n is None else ""),
        cell=CellWriter(page.gettext),
        kind=roll_up.kind_of,
        of_row=lambda row: led(u, leading.of_row(shown, row)),
        of_figure=lambda row, column, value: led(u, leading.of_figure(shown, row, column)) if value else None,
        of_total=lambda column: led(u, leading.of_total(shown, column)),
        officer=officer,
        all_measures=tuple(MEASURES),
        all_dimensions=tuple(DIMENSIONS),
        levels=LEVELS,
        stay_of=stay_of,
    )


def led(u: UnitFrame, lead: leading.Lead | None) -> str | None:
    """Return the address of a lead."""
    return None if lead is None else u.place(lead.unit, lead.end, **lead.changes)


def stay_of(row: Row, days: Period) -> dict[str, Any]:
    """Return since when and until when a unit was a child, as far as that is within the days."""
    since = row.since if row.since and row.since > days.first else None
    until = row.until if row.until and row.until <= days.last else None
    return {"since": since, "until": until}


SCREENS: Final = {f"{PLACE}/{{unit}}/bao-cao": report}
