"""Run with a catalogue that has one more kind of fact: tell of it, ask for it wherever a fact shows, print the answers.

`python -m tests.integration.catalogue.another_fact DATABASE_URL`: the database is empty and migrated.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from rich.console import Console

import events.catalogue
from events.schemas import asyncapi, documents
from projections.store.live.projection import Projection
from services.api.app import create_app
from services.cli.views.plans import indicators
from services.cli.views.reports import as_table
from services.settings import Settings
from services.verification.rebuilding import rebuild
from tests.oracle.telling import ROOT, Said, admitted, assigned, declared, founded, moved, retracted, root, say
from tests.property.system import SIZES, messages

DAY = "2023-05-19"
YEAR = ("2023-01-01", "2023-12-31")
ASKED = "from=2023-01-01&to=2023-12-31"


def returned(unit: str, n: int, origin: str | None = None, by: str | None = None) -> Said:
    data = {"member": f"m-{n}", "on": DAY, "facets": {"sex": "female"}} | ({"origin": origin} if origin else {})
    return say(by or unit, f"back-{n}", "member.returned", unit, data)


LOG = (
    root(),
    founded("tinh", ROOT, "2000-01-01", "province"),
    founded("ban", ROOT, "2000-01-01", "province"),
    *(founded(f"c{n}", "tinh", "2000-01-01", "cell") for n in range(6)),
    returned("c0", 1, "abroad"),
    returned("c0", 2, "army"),
    returned("c1", 3, "army", by="tinh"),
    returned("c2", 4),
    returned("c3", 5, "army"),
    retracted("c3", "oops", "back-5"),
    returned("late", 6, "army"),
    say("c0", "wrong", "member.returned", "c0", {"member": "m-1", "on": DAY, "origin": "the moon"}),
    admitted("c0", DAY, "a1"),
    declared("tinh", "members", "2022-12-31", 100, "stock"),
    declared("tinh", "returns", YEAR, 5, "total"),
    assigned("tinh", "returns", YEAR, (8, None), "goal"),
    moved("c2", "ban", "2023-06-01", "move"),
)


async def main(database: str) -> dict[str, Any]:
    """Project the log and collect what is asked for."""
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    try:
        await live.apply(messages(LOG))
    finally:
        await live.close()
    settings = Settings(database_url=database, nats_url="nats://127.0.0.1:1", smallest_cell=1, access="open")
    made = await rebuild(settings, lambda *_: None, sizes=SIZES)
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
    ):

        async def ask(path: str) -> Any:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            return answer.json()

        report = await ask(f"/v1/units/tinh/report?{ASKED}&measures=returns,admissions")
        plans = await ask("/v1/units/tinh/indicators?on=2023-12-31")
        return {
            "file": events.catalogue.__file__,
            "outcomes": {
                id_: (await ask(f"/v1/events/{publisher}/{id_}"))["outcome"]
                for publisher, id_ in (("c0", "back-1"), ("c3", "back-5"), ("late", "back-6"), ("c0", "wrong"))
            },
            "report": report,
            "as now": (await ask(f"/v1/units/tinh/report?{ASKED}&measures=returns&basis=as-now&by=none"))["total"],
            "breakdown": (await ask(f"/v1/units/{ROOT}/report?{ASKED}&measures=returns&by=facet:origin"))["rows"],
            "pair": (await ask(f"/v1/units/tinh/report?{ASKED}&measures=returns&by=facet:origin,sex"))["rows"],
            "events": (await ask(f"/v1/units/tinh/events?{ASKED}&measure=returns"))["events"],
            "indicators": plans,
            "sentence": await ask(f"/v1/units/tinh/statement?{ASKED}&say=returns:target,returns:goal,returns"),
            "terminal": _shown(as_table(report)) + _shown(indicators(plans)),
            "openapi": await ask("/openapi.json"),
            "asyncapi": asyncapi(),
            "schema": _valid(json.loads(documents()["member.returned.json"])),
            "differences": made.comparison.counts,
            "rebuilt": made.switched is not None,
        }


def _valid(schema: dict[str, Any]) -> list[bool]:
    validator = Draft202012Validator(schema)
    return [validator.is_valid(json.loads(said.body)) for said in LOG if said.bus_subject.endswith("member.returned")]


def _shown(answer: Any) -> str:
    out = io.StringIO()
    Console(file=out, width=240).print(answer)
    return out.getvalue()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1]))))
