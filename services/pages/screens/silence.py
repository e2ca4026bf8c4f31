"""Who has not reported: figures, a declared zero and silence kept apart, and the words to remind with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from starlette.responses import Response

from events.vocabulary import LEVELS
from projections.answers.past.structure_answers import Branch, Tree
from projections.answers.plans.silence_answers import Differing, Silence, UnitOfZeros
from projections.answers.report.report_answers import UnitName
from projections.answers.words.vietnamese_order import by_name
from services.pages.asking import ask, path_of
from services.pages.deadlines import deadline
from services.pages.page import Page
from services.pages.paging import LONGEST, Pages, paged
from services.pages.reminders import reminder
from services.pages.unit_page import PLACE, UnitFrame, files_of, unit_page

Line: TypeAlias = UnitName | UnitOfZeros | Differing

LISTS: Final = ("silent", "only_zero", "declared_zero", "differing", "admitted_nobody")
"""The lists of an answer, as they are offered."""
SORTED: Final = 1_000
"""Lines up to which a list is had whole, and so can stand in Vietnamese order."""
DUE: Final = "han"
TO: Final = "nhac"
"""Parameters of this page alone: the deadline that is typed in, and the unit to which the reminder is."""
DEEP: Final = 8
STEPS: Final = {"central": 2, "province": 3}
"""Steps down to which it is told what is above a unit: fewer for units below which very many are."""


class StatePart(NamedTuple):
    """A part of the bar: its state, its count, and where it stands in hundredths."""

    state: str
    units: int
    at: float
    width: float


class ListShown(NamedTuple):
    """A page of the list that is looked at; ``whole`` is all of it in order, None where it is too long for that."""

    answer: Silence
    rows: Pages[Line]
    whole: Sequence[Line] | None
    parents: Mapping[str, UnitName]
    """What is above a unit on the last day, by its id; of a vast unit not of all."""


async def silence(page: Page) -> Response:
    """Show who has not reported."""
    u = await unit_page(page)
    chosen = page.query.get("list") or LISTS[0]
    level = page.query.get("level") or None
    shown = await _shown(page, u, chosen, level)
    due = deadline(level, u.period, page.day(DUE))
    answer = shown.answer
    to = _addressed(page, shown) if chosen == "silent" else []
    return u.draw(
        "silence.html",
        figures=answer,
        answer=answer,
        officer=u.officer,
        chosen=chosen,
        lists={name: getattr(answer, name).count for name in LISTS},
        parts=_parts(answer),
        level=level,
        levels=_levels(u.unit.level, level),
        shown=shown,
        due=due,
        to=to,
        reminder=reminder(u.unit.name, _named(to, shown), u.period, answer.as_of, due.day if due else None),
        files=_files(u, chosen, level),
    )


async def _shown(page: Page, u: UnitFrame, chosen: str, level: str | None) -> ListShown:
    """Have a list whole and in Vietnamese order, or, where it is too long, its page by the order of ids."""
    question = ask(
        path_of("units", u.unit.id, "silence"),
        Silence,
        from_=u.period.first,
        to=u.period.last,
        level=level,
        list=chosen,
    )
    cursor = page.query.get("cursor")
    first = question._replace(parameters={**question.parameters, "limit": LONGEST, "cursor": cursor})
    depth = STEPS.get(u.unit.level, DEEP)
    below = ask(path_of("units", u.unit.id, "tree"), Tree, on=u.period.last, depth=depth)
    answer, tree = await page.asking.together_as_far_as_may_be(first, below)
    parents = dict(_parents(tree.tree)) if isinstance(tree, Tree) else {}
    if cursor is None and LONGEST < getattr(answer, chosen).count <= SORTED:
        answer = await page.asking.one(question, limit=SORTED)
    lines, count, following = _lines(answer, chosen)
    if cursor is None and following is None:
        whole = sorted(lines, key=_order)
        return ListShown(answer, paged(page, whole), whole, parents)
    after = None if following is None else page.link(cursor=following)
    return ListShown(answer, Pages(lines, 0, 0, count, None, after), None, parents)


def _lines(answer: Silence, chosen: str) -> tuple[Sequence[Line], int, str | None]:
    found = getattr(answer, chosen)
    lines: Sequence[Line] = found.figures if chosen == "differing" else found.units
    return lines, found.count, found.next


def _order(line: Line) -> tuple[object, ...]:
    unit = line if isinstance(line, UnitName) else line.unit
    period = (line.figure, line.first, line.last) if isinstance(line, Differing) else ()
    return (*by_name(unit), *period)


def _parents(branch: Branch) -> Iterator[tuple[str, UnitName]]:
    for child in branch.children:
        yield child.id, UnitName(branch.id, branch.name, branch.level)
        yield from _parents(child)


def _named(to: Sequence[UnitName], shown: ListShown) -> list[str]:
    """Name each to whom the reminder is, with what is above it where there are several."""
    parents = shown.parents if len(to) > 1 else {}
    return [f"{each.name} ({parents[each.id].name})" if each.id in parents else each.name for each in to]


def _addressed(page: Page, shown: ListShown) -> list[UnitName]:
    """Return to whom the reminder is: one of the list, else all of it, or all that are on this page of a long one."""
    silent = shown.rows.rows if shown.whole is None else shown.whole
    named = [each for each in silent if isinstance(each, UnitName)]
    return [each for each in named if each.id == page.query.get(TO)] or named


def _parts(answer: Silence) -> list[StatePart]:
    zero, silent = answer.only_zero.count, answer.silent.count
    counts = {"figures": answer.asked - zero - silent, "only_zero": zero, "silent": silent}
    found, at = [], 0.0
    for state, count in counts.items():
        width = round(100 * count / answer.asked, 2) if answer.asked else 0.0
        found.append(StatePart(state, count, round(at, 2), width))
        at += width
    return found


def _levels(own: str, chosen: str | None) -> list[str]:
    """Offer the levels that may be below one; that which is asked for too."""
    return [level for level in LEVELS[1:] if LEVELS.index(level) >= LEVELS.index(own) or level == chosen]


def _files(u: UnitFrame, chosen: str, level: str | None) -> dict[str, str]:
    asked = {"from_": u.period.first, "to": u.period.last, "level": level, "list": chosen}
    return files_of(path_of("units", u.unit.id, "silence"), asked)


SCREENS: Final = {f"{PLACE}/{{unit}}/im-lang": silence}
