"""For which units a clerk enters: those of the roles, what is below them, and finding one of these by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final, NamedTuple

from projections.answers.report.report_answers import UnitDay, UnitName, UnitPage
from services.pages.asking import ProblemSaid, RefusedPage, ask, path_of
from services.pages.entry.facts import Fact, Field
from services.pages.me import ENTERING, WhoAsks
from services.pages.page import Page
from services.pages.unit_page import of_unit
from services.sheets.units import NamedUnit

NAMED: Final = 12
"""Units whose names one page asks for."""
FOUND: Final = 20
"""Units that a search shows."""


class FoundBelow(NamedTuple):
    """A unit that was found, and its place: the names of those above it."""

    unit: UnitName
    place: str


async def clerk(page: Page) -> WhoAsks:
    """Find out who asks. Raises RefusedPage where no role of theirs lets them enter."""
    me = await page.asking.one(page.me())
    if not me.may_enter:
        detail = page.gettext("Tài khoản này không có vai trò người nhập liệu. Người quản lý quyền cấp vai trò đó.")
        raise RefusedPage(ProblemSaid(page.gettext("Không có quyền"), detail, 403))
    return me


def own_units(me: WhoAsks) -> list[str]:
    """Return the units of the roles with which one enters."""
    return list(dict.fromkeys(each.unit for each in me.granted if each.role in ENTERING))


async def shown(page: Page, unit: str) -> UnitDay:
    """Ask for a unit. Raises RefusedPage."""
    return await page.asking.one(of_unit(unit))


async def named(page: Page, asked: Iterable[str | None]) -> dict[str, str]:
    """Return the names of some units, by their ids; of those that nobody knows none."""
    ids = list(dict.fromkeys(each for each in asked if each))[:NAMED]
    found = await asyncio.gather(*(shown(page, each) for each in ids), return_exceptions=True)
    return {id_: each.name for id_, each in zip(ids, found, strict=True) if not isinstance(each, BaseException)}


async def fields_of(page: Page, fact: Fact) -> list[Field]:
    """Write the fields of a fact as people read them: the units that it names by their names too."""
    names = await named(page, fact.units)
    return fact.fields(page.texts, [NamedUnit(*each) for each in names.items()])


async def find(page: Page, text: str, below: list[str]) -> list[FoundBelow]:
    """Find units by name or id that are some units or below them: those of the first of these come first."""
    asked = (ask(path_of("units"), UnitPage, q=text, within=each, limit=FOUND) for each in below[:NAMED])
    ids = dict.fromkeys(each.id for found in await page.asking.together(*asked) for each in found.units)
    return [
        FoundBelow(UnitName(each.id, each.name, each.level), " › ".join(above.name for above in each.ancestors[-2:]))
        for each in await asyncio.gather(*(shown(page, each) for each in list(ids)[:FOUND]))
    ]


async def meant(page: Page, text: str) -> list[NamedUnit]:
    """Return the units, wherever they are, that may be meant by a text; of those named just so no others."""
    found = await page.asking.one(ask(path_of("units"), UnitPage, q=text, limit=FOUND))
    units = [NamedUnit(each.id, each.name) for each in found.units]
    exactly = [each for each in units if each.name.casefold() == text.casefold()]
    return exactly or units
