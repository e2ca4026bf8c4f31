"""Who said nothing: `/v1/units/{unit}/silence`, silence kept apart from zero (domain: Zero is not silence)."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from events.catalogue import MEASURES
from events.identifiers import is_unit_id
from projections.answers.access.needs import Need
from projections.answers.access.sight import Sight
from projections.answers.plans.silence_answers import Silence
from projections.answers.tables.plan_tables import silence_table
from projections.store.reading.cost import EVERYTHING, Class, Work
from projections.store.reading.silence import LISTS, FigureKey, SilenceKey, SilenceQuestion, UnitKey, silence
from projections.store.reading.snapshot import Snapshot
from services.api.answering import reader_of
from services.api.asked import Asked
from services.api.documentation import answers
from services.api.file_forms import InForms, file_asked, is_whole
from services.api.long_lists import MOST_ROWS, require_fewer
from services.api.parameters import (
    PAGE,
    AnyLevel,
    Cursor,
    Limit,
    OverDays,
    UnitPath,
    cursor_of,
    key_of,
    one_of,
)
from services.api.problems import bad_parameter
from services.api.reading_route import reading_router
from services.api.sights import OfUnit
from services.needs import needs

router = reading_router("/v1/units", "plans")


class SilenceQuery(InForms, OverDays):
    """What is asked about silence."""

    level: AnyLevel = Field(None, description="Only units of this level on the last day", examples=["cell"])
    only: Annotated[str | None, one_of(LISTS)] = Field(
        None, alias="list", description="Show the page of this list alone"
    )
    limit: Limit = PAGE
    cursor: Annotated[Cursor, Field(description="`next` of the page before; only with its `list`")] = None


@router.get(
    "/{unit}/silence", summary="Who reported nothing, and who declared zero", responses=answers(Silence, files=True)
)
@needs(Need.FIGURES)
async def silent(request: Request, unit: UnitPath, query: Annotated[SilenceQuery, Query()]) -> Response:
    """List the units below that sent nothing, declared zero, declared another total than counted, admitted nobody.

    Each of the `asked` units is in one of three states: `silent`, `only_zero`, or, all others, with figures. Each list
    has its whole `count` and a page; with `list`, that one alone has its page, and `cursor` goes on in it. A file has
    whole lists, unless `limit` or `cursor` is given.
    """
    file = file_asked(request, query, f"silence-{unit}-{query.first}-{query.last}", silence_table)
    whole = is_whole(file, query)
    limit = MOST_ROWS if whole else query.limit
    question = SilenceQuestion(unit, query.days(), query.level, query.only, limit, _after(query))
    asked = Asked(
        ("silence", *question),
        partial(_silence, question=question, whole=whole),
        Work(unit, steps=EVERYTHING, most=Class.VAST if whole else Class.SLOW),
        figures=True,
        about=OfUnit(unit, question.days, listed=True),
        file=file,
    )
    return await reader_of(request).answer(request, query, asked)


async def _silence(snapshot: Snapshot, sight: Sight, question: SilenceQuestion, *, whole: bool) -> Silence:
    found = await silence(snapshot, question, cursor_of, confined=sight.confined)
    if whole:
        for name in LISTS:
            each = getattr(found, name)
            if each.next is not None:
                require_fewer("dòng", each.count)
    return found


def _after(query: SilenceQuery) -> SilenceKey | None:
    """Read where the page begins, which must be in the list that is asked for."""
    kind: type[SilenceKey] = FigureKey if query.only == "differing" else UnitKey
    key = key_of(query.cursor, kind)
    if key is None:
        return None
    if query.only is None:
        raise bad_parameter("list", "cần cùng với “cursor”")
    in_range = not isinstance(key, FigureKey) or 0 < key.measure <= len(MEASURES)
    if key.list != query.only or not is_unit_id(key.id) or not in_range:
        raise bad_parameter("cursor", "không thuộc về danh sách này")
    return key
