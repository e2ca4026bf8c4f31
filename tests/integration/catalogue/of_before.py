"""Run with the catalogue of version 1: project a log into a database and print the figures, and what became of it.

`python -m tests.integration.catalogue.of_before DATABASE_URL LOG`: the database is empty and migrated; the log is one
of `LOGS`. The same figures can be asked for in the program of today.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import httpx
from fastapi import FastAPI

from projections.store.live.projection import Projection
from services.api import app as app_module
from services.api.app import create_app
from services.settings import Settings
from tests.oracle.telling import ROOT, Said, admitted, declared, founded, moved, root, say, transferred
from tests.property.system import SIZES, messages

CELLS = tuple(f"c{n}" for n in range(6))
MEASURES = "admissions,confirmations,badges,departures,transfers_out,transfers_in,introductions,trainings"
DIMENSIONS = ("sex", "grade", "reason", "passed", "posthumous")


def trained(cell: str, day: str, event_id: str, *, passed: bool) -> Said:
    data = {"candidate": "q-1", "on": day, "passed": passed, "facets": {"sex": "female"}}
    return say(cell, event_id, "candidate.trained", cell, data)


def departed(cell: str, day: str, event_id: str, reason: str) -> Said:
    return say(cell, event_id, "member.departed", cell, {"member": "m-1", "reason": reason, "on": day})


def restored(cell: str, day: str, event_id: str) -> Said:
    return say(cell, event_id, "member.restored", cell, {"member": "m-1", "on": day, "facets": {"sex": "male"}})


def kept_as(cell: str, to: str, day: str, event_id: str) -> Said:
    data = {"member": "m-1", "to": to, "on": day, "as": "2023-014"}
    return say(cell, event_id, "member.transferred", cell, data)


BEFORE = (
    root(),
    founded("tinh", ROOT, "2000-01-01", "province"),
    founded("ban", ROOT, "2000-01-01", "province"),
    *(founded(cell, "tinh", "2000-01-01", "cell") for cell in CELLS),
    declared("tinh", "members", "2022-12-31", 100, "stock"),
    *(trained(cell, "2023-05-19", f"t-{cell}", passed=cell != "c1") for cell in CELLS),
    *(departed(cell, "2023-05-20", f"d-{cell}", "died" if n % 2 else "resigned") for n, cell in enumerate(CELLS)),
    *(admitted(cell, "2023-06-01", f"a-{cell}") for cell in CELLS),
    transferred("c0", "ban", "2023-06-02", "x-1"),
    moved("c5", "ban", "2023-06-03", "move"),
)
UNKNOWN_THEN = (
    restored("c0", "2023-07-01", "r-early"),
    departed("c1", "2023-07-02", "n-early", "not_confirmed"),
    kept_as("c2", "c3", "2023-07-03", "x-early"),
)
LOGS = {"plain": BEFORE, "ahead": (*BEFORE, *UNKNOWN_THEN)}
AFTER = (
    *(trained(cell, "2023-05-21", f"t2-{cell}", passed=cell == "c2") for cell in CELLS),
    *(departed(cell, "2023-05-22", f"n-{cell}", "not_confirmed") for cell in CELLS[:3]),
    *(restored(cell, "2023-05-23", f"r-{cell}") for cell in CELLS[:4]),
    kept_as("c2", "c3", "2023-07-03", "x-2"),
    moved("c4", "ban", "2023-02-01", "move-2"),
)


async def project(database: str, log: tuple[Said, ...]) -> None:
    """Apply what is new of a log."""
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    try:
        await live.apply(messages(log))
    finally:
        await live.close()


async def ask(database: str, *paths: str) -> list[Any]:
    """Ask for several things, over HTTP."""
    app = create_app(Settings(access="open", database_url=database, nats_url="nats://127.0.0.1:1", smallest_cell=1))
    # The forms of this version count codes that the one before hasn't.
    with patch.object(app_module, "official_forms", lambda _: {}):
        return await _asked(app, paths)


async def _asked(app: FastAPI, paths: Sequence[str]) -> list[Any]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        answers = [await client.get(path) for path in paths]
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        return [answer.json() for answer in answers]


async def figures(database: str) -> list[Any]:
    """Give the reports of a province, which is vast, in all ways, and what became of the events."""
    asked = [
        f"/v1/units/tinh/report?from=2023-01-01&to={to}&basis={basis}&measures={MEASURES}&by={by}"
        for to, basis in (("2023-05-31", "as-was"), ("2023-12-31", "as-now"))
        for by in ("child", *(f"facet:{dimension}" for dimension in DIMENSIONS))
    ]
    events = [
        f"/v1/units/{ROOT}/events?from=2023-01-01&to=2023-12-31&measure={MEASURES}",
        "/v1/outcomes?outcome=rejected",
    ]
    found = await ask(database, *asked, *events)
    return [{key: told for key, told in each.items() if key != "behind"} | _without_new_codes(each) for each in found]


def _without_new_codes(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out the rows of codes that there were none of, where they say nothing."""
    rows = answer.get("rows")
    if rows is None:
        return {}
    return {"rows": [row for row in rows if row.get("code") != "not_confirmed" or any(row["values"].values())]}


async def _main(database: str, log: str) -> list[Any]:
    await project(database, LOGS[log])
    return await figures(database)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_main(*sys.argv[1:]))))
