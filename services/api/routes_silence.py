"""Who said nothing: `/v1/units/{unit}/silence`, silence kept apart from zero (domain: Zero is not silence)."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request, Response

from events.catalogue import MEASURES
from events.identifiers import is_unit_id
from events.vocabulary import LEVELS
from projections.store.reading.cost import EVERYTHING, Work
from projections.store.reading.silence import LISTS, FigureKey, Key, SilenceQuestion, UnitKey, silence
from services.api.answering import reader_of
from services.api.asked import Asked
from services.api.documentation import SILENCE, described
from services.api.parameters import Query, cursor_of, require_unit
from services.api.problems import bad_parameter
from services.api.routes_units import LONGEST_PAGE, PAGE, UnitPath

router = APIRouter(prefix="/v1/units", tags=["plans"])

PARAMETERS = ("from", "to", "level", "list", "limit", "cursor")


@router.get(
    "/{unit}/silence",
    openapi_extra=described("Who said nothing, and who said zero", "Silence", query=PARAMETERS, over=SILENCE),
)
async def silent(request: Request, unit: UnitPath) -> Response:
    """List the units below that sent nothing, declared zero, declared another total than counted, admitted nobody.

    Each list has its whole `count` and a page; with `list`, that one alone has its page, and `cursor` goes on in it.
    """
    query = Query(request, *PARAMETERS)
    require_unit(unit)
    days, level, only = query.days(), query.choice("level", LEVELS), query.choice("list", LISTS)
    limit = query.integer("limit", PAGE, low=1, high=LONGEST_PAGE)
    question = SilenceQuestion(unit, days, level, only, limit, _after(query, only))

    compute = partial(silence, question=question, cursor=cursor_of)
    asked = Asked(("silence", *question), compute, Work(unit, steps=EVERYTHING), figures=True)
    return await reader_of(request).answer(request, query, asked)


def _after(query: Query, only: str | None) -> Key | None:
    """Read where the page begins, which must be in the list that is asked for."""
    after: Key | None = query.cursor(FigureKey) if only == "differing" else query.cursor(UnitKey)
    if after is None:
        return None
    if only is None:
        raise bad_parameter("list", "cần cùng với “cursor”")
    in_range = not isinstance(after, FigureKey) or 0 < after.measure <= len(MEASURES)
    if after.list != only or not is_unit_id(after.id) or not in_range:
        raise bad_parameter("cursor", "không thuộc về danh sách này")
    return after
