"""For operators and probes: `/v1/status`, `/healthz`, `/readyz` (contract §5)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from projections.answers.access.needs import Need
from projections.answers.report.report_answers import Status
from services.api import health
from services.api.answering import reader_of
from services.api.asked import JSON
from services.api.bodies import as_json
from services.api.documentation import answers
from services.api.parameters import Parameters, only_once
from services.api.problems import NotReachedProblem, not_ready
from services.api.sights import OfRoot
from services.connecting.database_failures import DATABASE_AWAY, NOT_MIGRATED
from services.needs import needs

router = APIRouter(tags=["operations"])

SHOWN: Final = 5
"""Publishers with most rejects that the status shows."""
NO_STORE: Final = {"cache-control": "no-store"}


@router.get(
    "/v1/status",
    summary="The state of the service",
    responses=answers(Status),
    dependencies=[Depends(only_once)],
)
@needs(Need.OPERATING)
async def status(request: Request, query: Annotated[Parameters, Query()]) -> Response:
    """Say which position answers reflect, how far the log goes, what is parked and rejected, how the projector is."""
    reader = reader_of(request)
    await reader.allow(request, OfRoot())
    await reader.wait(request, query)
    stream_last = await reader.log_end.stream_last()
    standing = await reader.standing.get()
    if query.min_position is not None and standing.position < query.min_position:  # it tells of this server alone
        raise NotReachedProblem(query.min_position, standing.position, standby=False)
    working, counts = standing.worker, standing.tally
    # Without the bus, as far as the projector knew it.
    last = stream_last if stream_last is not None else working and working.stream_last
    answer = Status(
        position=standing.position,
        as_of=standing.as_of,
        stream_last=last,
        lag=None if last is None else max(last - standing.position, 0),
        parked=sum(each.n for each in counts if each.outcome == "parked"),
        rejected=sum(each.n for each in counts if each.outcome == "rejected"),
        generation=standing.generation,
        bus="connected" if stream_last is not None else "unreachable",
        worker=working and working.state,
        most_rejected=standing.rejecting[:SHOWN],
        troubles=health.troubles(working, standing.position, stream_last),
    )
    return Response(as_json(answer), 200, NO_STORE, JSON)


@router.get("/healthz", summary="Whether the process lives")
@needs(Need.OPEN)
async def healthz() -> Response:
    """Answer as long as the process does; it says nothing about its servers."""
    return Response(b'{"status":"ok"}', 200, NO_STORE, JSON)


@router.get("/readyz", summary="Whether this process can answer")
@needs(Need.OPEN)
async def readyz(request: Request) -> Response:
    """Answer 200 where the database answers and has the schema, else 503 with the reason.

    How fresh the figures are, `/v1/status` says in `troubles`.
    """
    try:
        await reader_of(request).standing.get()
        return Response(b'{"status":"ready"}', 200, NO_STORE, JSON)
    except DATABASE_AWAY:
        found = health.DATABASE_AWAY
    except NOT_MIGRATED:
        found = health.NOT_MIGRATED
    raise not_ready(found, reasons=[found])
