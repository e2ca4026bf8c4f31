"""What the pages of a unit share: its name and place on the days asked for, the period, the basis, the tabs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from projections.answers.report.report_answers import Behind, UnitDay
from services.pages.asking import Ask, RefusedPage, Value, address_of, ask, path_of
from services.pages.me import OFFICERS, WhoAsks
from services.pages.page import Page
from services.pages.periods import Choice, Period, choices, shifted, today, year_to

PLACE: Final = "/don-vi"
TABS: Final = (
    ("", "Tổng quan"),
    ("bao-cao", "Bảng tổng hợp"),
    ("chi-tieu", "Chỉ tiêu"),
    ("im-lang", "Chưa báo cáo"),
    ("chenh-lech", "Vì sao thay đổi"),
    ("cau-bao-cao", "Câu báo cáo"),
    ("bieu", "Biểu mẫu"),
    ("to-chuc", "Tổ chức"),
)
"""The pages of a unit, by the end of their path; the texts are looked up when they are drawn."""
FORMS: Final = {"xlsx": "Excel", "docx": "Word", "pdf": "PDF", "csv": "CSV"}
"""The kinds of files, and what they are called."""
KEPT: Final = frozenset({"from", "to", "basis"})
"""What goes along from one page of a unit to another."""


class UnitFrame(NamedTuple):
    """A unit as its page shows it: `unit` on the last of the days, `now` today; and who asks."""

    page: Page
    unit: UnitDay
    now: UnitDay
    me: WhoAsks
    period: Period
    basis: str

    @property
    def choices(self) -> list[Choice]:
        """Return the periods that are offered."""
        return list(choices(self.period))

    @property
    def before(self) -> Period | None:
        """Return the period before this one."""
        return shifted(self.period, 1)

    @property
    def after(self) -> Period | None:
        """Return the period after this one."""
        return shifted(self.period, -1)

    @property
    def officer(self) -> bool:
        """Tell whether single events are likely to be shown to who asks; `/v1` decides it where they are asked for."""
        return self.me.has_over(OFFICERS, self.unit, self.now)

    def place(self, unit: str | None = None, end: str = "", **changes: Any) -> str:
        """Return the address of a page of this unit or another, for the same days on the same basis."""
        where = f"{PLACE}/{self.unit.id if unit is None else unit}" + (f"/{end}" if end else "")
        for name in self.page.query:
            if name not in KEPT:
                changes.setdefault(f"{name}_" if name == "from" else name, None)
        return self.page.link(where, **changes)

    def report(self, **parameters: Any) -> dict[str, Any]:
        """Return the parameters of a question about these days on this basis."""
        return {"from_": self.period.first, "to": self.period.last, "basis": self.basis, **parameters}

    def files(self, *end: str, **parameters: Any) -> dict[str, str]:
        """Return where an answer of `/v1` about this unit, on these days and this basis, is found as files."""
        return files_of(path_of("units", self.unit.id, *end), self.report(**parameters))

    def news(self) -> str:
        """Return the address of the stream that says what is new on these days, whatever the basis."""
        return address_of(path_of("units", self.unit.id, "news"), {"from_": self.period.first, "to": self.period.last})

    def draw(self, template: str, /, figures: object = None, **context: Any) -> Response:
        """Draw a page of the unit; `figures` is the answer whose position and time the page is of."""
        behind = getattr(figures, "behind", None)
        tab = self.page.path.removeprefix(f"{PLACE}/{self.unit.id}").strip("/").partition("/")[0]
        return self.page.draw(
            template,
            u=self,
            me=self.me,
            tab=tab,
            tabs=TABS,
            figures=self.unit if figures is None else figures,
            behind=behind if isinstance(behind, Behind) else None,
            **context,
        )


def files_of(path: str, parameters: Mapping[str, Value]) -> dict[str, str]:
    """Return where an answer of `/v1` is found as files, by the names of FORMS; CSV as Excel in Vietnam reads it."""
    return {
        name: address_of(path, {**parameters, "format": form, "dialect": "excel-vi" if form == "csv" else None})
        for form, name in FORMS.items()
    }


def of_unit(unit: str, on: dt.date | None = None) -> Ask[UnitDay]:
    """Ask what a unit is on a day."""
    return ask(path_of("units", unit), UnitDay, on=on)


async def unit_page(page: Page) -> UnitFrame:
    """Find out which unit, which days and which basis a page is about.

    Unless they are given, the days are those of this year up to today, or of the year in which the unit ended. Raises
    RefusedPage where there is no such unit, or the days are none.
    """
    now, me = await page.asking.together(of_unit(page.part("unit")), page.me())
    period = _period(page, now)
    basis = page.query.get("basis", "as-was")
    unit = now if period.last == now.on else await page.asking.one(of_unit(now.id, period.last))
    return UnitFrame(page, unit, now, me, period, basis)


def _period(page: Page, now: UnitDay) -> Period:
    ended = now.validity.until
    last = today() if ended is None or ended > today() else ended - dt.timedelta(days=1)
    to = page.day("to") or last
    period = Period(page.day("from") or year_to(to).first, to)
    if period.first > period.last:
        raise RefusedPage.unfit("from", page.gettext("Ngày đầu phải trước hoặc trùng ngày cuối."))
    return period
