"""The official tables as forms, filled in for a unit, on screen and for taking home (screen 13)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.responses import Response

from projections.answers.forms.form_answers import FilledForm, FormList, FormRow
from services.pages.asking import ProblemSaid, RefusedPage, ask, path_of
from services.pages.page import Page
from services.pages.unit_page import PLACE, UnitFrame, unit_page

END: Final = "bieu"


async def first_form(page: Page) -> Response:
    """Show the first of the forms."""
    return await _shown(page, None)


async def one_form(page: Page) -> Response:
    """Show a form."""
    return await _shown(page, page.part("form"))


async def _shown(page: Page, chosen: str | None) -> Response:
    u = await unit_page(page)
    forms = (await page.asking.one(ask(path_of("forms"), FormList))).forms
    if not forms:
        nothing = page.gettext("Không có biểu mẫu nào.")
        raise RefusedPage(ProblemSaid(page.gettext("Không tìm thấy"), nothing, HTTPStatus.NOT_FOUND))
    form = chosen or forms[0].form
    try:
        filled = await page.asking.one(ask(path_of("units", u.unit.id, "forms", form), FilledForm, **u.report()))
    except RefusedPage as refused:
        nearest = refused.said.nearest
        if nearest is None or nearest.first is None or {"from", "to"} & page.query.keys():
            raise
        # Nobody chose these days: a reader is shown the nearest that may be broken down.
        return page.redirect(page.link(from_=nearest.first, to=nearest.last))
    return u.draw(
        "official_forms.html",
        figures=filled,
        form=filled,
        forms=forms,
        end=END,
        missing=_missing(page),
        leads=lambda row: _leads(u, row),
    )


def _missing(page: Page) -> dict[str, str]:
    """Say why a number isn't there, in a word."""
    return {
        "not_collected": page.gettext("không thu thập"),
        "not_on_this_basis": page.gettext("không có theo tổ chức hiện nay"),
        "not_there": page.gettext("chưa có đơn vị"),
        "not_declared": page.gettext("chưa khai báo"),
    }


def _leads(u: UnitFrame, row: FormRow) -> str | None:
    """Return where the number of a line is told too."""
    if row.measures is not None:
        by = None if row.dimension is None else f"facet:{row.dimension}"
        return u.place(end="bao-cao", measures=row.measures, by=by)
    if row.level is not None:
        return u.place(end="im-lang", level=row.level)
    return None


SCREENS: Final = {
    f"{PLACE}/{{unit}}/{END}": first_form,
    f"{PLACE}/{{unit}}/{END}/{{form}}": one_form,
}
