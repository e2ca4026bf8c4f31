"""The gate before all routes: 401 and 403, what is open, ETags by what may be seen, and no route without a need."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.staticfiles import StaticFiles

from services.access.asker import Asker, RoleAt
from services.api.app import create_app
from services.api.problems import unauthenticated
from services.needs import UndeclaredNeedError, declared
from services.settings import Settings
from tests.integration.reading_here import read_here
from tests.integration.test_api import small_world
from tests.oracle.telling import ROOT, Said, admitted, founded, granted, moved, root
from tests.property.system import system_on
from tests.servers import connect

YEAR = "from=2021-01-01&to=2021-12-31&by=none"
TOP, UNIT, CHILD = "trung-uong", "unit-002", "unit-005"
GRANT = """
INSERT INTO access_grant SELECT $1::int, no, $2, $3, true, $4::date FROM unit WHERE id = $5
"""


async def by_name(request: Request) -> Asker:
    """Believe who says who it is: `Bearer ACCOUNT`, or `Bearer ACCOUNT ROLE UNIT` for a limited token."""
    _, _, said = request.headers.get("authorization", "").partition(" ")
    if not said:
        raise unauthenticated()
    account, *limits = said.split()
    only = tuple(map(RoleAt, limits[::2], limits[1::2]))
    return Asker(account, "token", "t-1", only or None)


@asynccontextmanager
async def guarded(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """Open the API with a gate that knows accounts by their names."""
    settings = Settings(database_url=database, nats_url="nats://127.0.0.1:1")
    app = create_app(settings, admit=by_name, read_sheet=read_here)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client


@pytest.fixture
async def client(database: str) -> AsyncIterator[httpx.AsyncClient]:
    connection = await connect(database)
    try:
        await small_world().write(connection)
        for n, (account, role, until, unit) in enumerate(
            (
                ("reads", "reader", None, UNIT),
                ("reads-too", "reader", None, TOP),
                ("officer", "officer", None, UNIT),
                ("was", "reader", dt.date(2021, 1, 1), UNIT),
                ("runs", "operator", None, TOP),
                ("keeps", "keeper", None, TOP),
            )
        ):
            await connection.execute(GRANT, -n, account, role, until, unit)
    finally:
        await connection.close()
    async with guarded(database) as opened:
        yield opened


async def ask(client: httpx.AsyncClient, who: str | None, path: str, **headers: str) -> httpx.Response:
    known = {} if who is None else {"authorization": f"Bearer {who}"}
    return await client.get(path, headers={**known, **{n.replace("_", "-"): v for n, v in headers.items()}})


async def test_without_an_account_nothing_but_health_and_files_is_answered(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz", "/docs/swagger-ui.css"):
        assert (await ask(client, None, path)).status_code == 200, path
    for path in ("/v1/units", f"/v1/units/{UNIT}", f"/v1/units/{UNIT}/report?nonsense", "/docs", "/openapi.json", "/x"):
        answer = await ask(client, None, path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="tonghop"'), path
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Authorization: Bearer" in answer.json()["detail"]


async def test_names_and_the_tree_are_for_every_account(client: httpx.AsyncClient) -> None:
    below = (f"/v1/units/{TOP}/{which}" for which in ("tree", "changes", "then-and-now"))
    for path in (f"/v1/units?q={UNIT}", f"/v1/units/{UNIT}", *below, "/v1/forms", "/docs", "/openapi.json"):
        assert (await ask(client, "nobody", path)).status_code == 200, path


async def test_a_figure_that_may_not_be_seen_is_refused_with_the_name_of_its_unit(client: httpx.AsyncClient) -> None:
    report = f"/v1/units/{UNIT}/report?{YEAR}"
    assert (await ask(client, "reads", report)).status_code == 200
    for who in ("nobody", "was", "runs", "keeps", "reads clerk unit-002", "reads reader unit-003"):
        refused = await ask(client, who, report)
        assert refused.status_code == 403, who
        assert (refused.json()["unit"], refused.json()["name"]) == (UNIT, "Đảng ủy số 2")
        assert "Đảng ủy số 2" in refused.json()["detail"]
        assert "etag" not in refused.headers
    above = await ask(client, "reads", f"/v1/units/{TOP}/report?{YEAR}")
    assert (above.status_code, above.json()["unit"]) == (403, TOP)
    assert (await ask(client, "reads", "/v1/units/nowhere/report")).status_code == 404


async def test_single_events_are_for_officers(client: httpx.AsyncClient) -> None:
    events = f"/v1/units/{UNIT}/events?from=2021-01-01&to=2021-12-31"
    assert (await ask(client, "officer", events)).status_code == 200
    assert (await ask(client, "officer reader unit-002", events)).status_code == 403
    for who in ("reads", "keeps", "runs"):
        refused = await ask(client, who, events)
        assert (refused.status_code, "officer" in refused.json()["detail"]) == (403, True), who


async def test_readers_have_breakdowns_of_whole_months_and_officers_any(client: httpx.AsyncClient) -> None:
    report = f"/v1/units/{UNIT}/report?by=facet:sex&from=2021-01-01"
    few = (await ask(client, "reads", f"{report}&to=2021-12-31")).json()
    assert (few["rows"], few["not_broken_down"]["measures"]) == ([], ["admissions", "confirmations", "badges"])
    some_days = await ask(client, "reads", f"{report}&to=2021-12-30")
    assert (some_days.status_code, some_days.json()["parameter"]) == (422, "to")
    assert some_days.json()["nearest"] == {"from": "2021-01-01", "to": "2021-12-31"}
    past = await ask(client, "reads", f"{report}&to=2021-12-31&position=12")
    assert (past.status_code, past.json()["parameter"]) == (422, "position")
    cells = await ask(client, "reads", f"{report}&to=2021-12-31&cells=all")
    assert (cells.status_code, cells.json()["parameter"]) == (403, "cells")
    for path in (f"{report}&to=2021-12-30", f"{report}&to=2021-12-30&cells=all"):
        answer = await ask(client, "officer", path)
        assert (answer.status_code, len(answer.json()["rows"])) == (200, 3), path


async def test_a_split_is_a_breakdown_for_readers(client: httpx.AsyncClient) -> None:
    report = f"/v1/units/{UNIT}/report?split=sex&from=2021-01-01"
    for asked, wrong in (("&to=2021-12-30", "to"), ("&to=2021-12-31&position=12", "position")):
        refused = await ask(client, "reads", report + asked)
        assert (refused.status_code, refused.json()["parameter"]) == (422, wrong)
    assert (await ask(client, "reads", f"{report}&to=2021-12-31&cells=all")).status_code == 403
    few = (await ask(client, "reads", f"{report}&to=2021-12-31&compare=last-year")).json()
    assert few["split"] is few["last_year"]["split"] is None
    assert {row["split"] for row in few["rows"]} == {row["last_year_split"] for row in few["rows"]} == {None}
    assert few["not_broken_down"]["measures"] == ["admissions", "confirmations", "badges"]
    whole = (await ask(client, "officer", f"{report}&to=2021-12-30&cells=all")).json()
    for measure, n in whole["total"].items():
        assert sum(whole["split"][measure]["sex"].values()) == n


async def test_the_state_of_the_service_is_for_operators(client: httpx.AsyncClient) -> None:
    assert (await ask(client, "runs", "/v1/status")).status_code == 200
    assert (await ask(client, "reads-too", "/v1/status")).status_code == 403


async def test_who_may_is_asked_again_where_the_database_breaks_it_off(
    client: httpx.AsyncClient, database: str
) -> None:
    connection = await connect(database)
    broken = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation = 'access_grant'::regclass"
    async with connection.transaction():
        await connection.execute("LOCK TABLE access_grant")
        asking = asyncio.create_task(ask(client, "runs", "/v1/status"))
        while not await connection.fetchval(broken):
            assert not asking.done()
            await asyncio.sleep(0.01)
    assert (await asking).status_code == 200
    await connection.close()


async def test_an_etag_is_of_what_may_be_seen(client: httpx.AsyncClient) -> None:
    report = f"/v1/units/{UNIT}/report?{YEAR}"
    tags = {who: (await ask(client, who, report)).headers["etag"] for who in ("reads", "reads-too", "officer", "admin")}
    assert tags["reads"] == tags["reads-too"]
    assert tags["officer"] == tags["admin"] != tags["reads"]
    assert (await ask(client, "reads", report, If_None_Match=tags["reads"])).status_code == 304
    assert (await ask(client, "reads", report, If_None_Match=tags["officer"])).status_code == 200
    refused = await ask(client, "nobody", report, If_None_Match=f"{tags['reads']}, *")
    assert refused.status_code == 403, "that it is unchanged isn't told either"


async def test_no_app_starts_with_a_route_that_does_not_say_who_may_ask_it() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter()

    @router.get("/v1/new")
    async def new() -> None:
        """Answer nothing."""

    app.include_router(router)
    with pytest.raises(UndeclaredNeedError, match="/v1/new"):
        declared(app)
    with_files = FastAPI(openapi_url=None)
    with_files.mount("/files", StaticFiles(directory="."))
    with pytest.raises(UndeclaredNeedError, match="/files"):
        declared(with_files)
    assert {each.path for each in declared(create_app(Settings()))} >= {"/v1/units/{unit}/report", "/docs"}


async def entries(database: str) -> list[tuple[str | None, str, str | None, dict[str, str]]]:
    """Read and leave what the audit log has of what was shown."""
    connection = await connect(database)
    try:
        rows = await connection.fetch("SELECT account, what, unit, detail FROM audit ORDER BY no")
    finally:
        await connection.close()
    return [(row["account"], row["what"], row["unit"], json.loads(row["detail"])) for row in rows]


async def test_an_answer_with_single_events_is_in_the_audit_log(client: httpx.AsyncClient, database: str) -> None:
    days = "from=2021-01-01&to=2021-12-31"
    shown = (
        (f"/v1/units/{UNIT}/events?{days}&member=m-1&limit=7", "events_shown", UNIT),
        ("/v1/outcomes?outcome=any", "events_shown", None),
        (f"/v1/units/{UNIT}/report?{days}&by=facet:sex&cells=all", "cells_shown", UNIT),
    )
    for path, what, unit in shown:
        answer = await ask(client, "officer", path)
        assert answer.status_code == 200, answer.text
        (*_, last) = await entries(database)
        assert last[:3] == ("officer", what, unit), path
        assert "member" not in last[3], "it never names one"
    for path in (f"/v1/units/{UNIT}/report?{days}&by=none", f"/v1/units/{UNIT}/difference?{days}", f"/v1/units/{UNIT}"):
        assert (await ask(client, "officer", path)).status_code == 200
    tag = (await ask(client, "officer", shown[0][0])).headers["etag"]
    assert (await ask(client, "officer", shown[0][0], If_None_Match=tag)).status_code == 304
    assert [what for _, what, _, _ in await entries(database)] == [what for _, what, _ in shown] + ["events_shown"]


async def test_a_difference_names_events_to_officers_and_the_audit_log_has_it(database: str) -> None:
    log = [root(), founded("u1", ROOT, "2020-01-01"), admitted("u1", "2021-05-05", "a")]
    log += [granted("u1", who, role, role, by=ROOT) for who, role in (("a" * 16, "reader"), ("b" * 16, "officer"))]
    async with system_on(database) as system, guarded(database) as client:
        await system.deliver(log, [(0, len(log), False)])
        path = "/v1/units/u1/difference?from=2021-01-01&to=2021-12-31&position=2"
        told = [(await ask(client, f"a-{letter * 16}", path)).json() for letter in "ab"]
        (sums,), (event,) = (answer["contributions"] for answer in told)
        assert (sums["unit"]["id"], "said" in sums) == ("u1", False)
        assert (event["said"][0]["id"], "unit" in event) == ("a", False)
        assert sums["values"] == event["values"]
        assert [entry[:3] for entry in await entries(database)] == [(f"a-{'b' * 16}", "events_shown", "u1")]


async def test_what_the_audit_log_can_not_have_is_not_sent(client: httpx.AsyncClient, database: str) -> None:
    connection = await connect(database)
    await connection.execute("ALTER TABLE audit RENAME TO lost")
    await connection.close()
    answer = await ask(client, "officer", f"/v1/units/{UNIT}/events?from=2021-01-01&to=2021-12-31")
    assert (answer.status_code, "audit log" in answer.json()["detail"]) == (503, True)
    assert "retry-after" in answer.headers
    assert "events" not in answer.json()
    assert (await ask(client, "officer", f"/v1/units/{UNIT}/report?{YEAR}")).status_code == 200


OFFICER, READER, KEEPER = "a" * 16, "b" * 16, "c" * 16


@asynccontextmanager
async def told(database: str, *log: Said) -> AsyncIterator[httpx.AsyncClient]:
    async with system_on(database) as system, guarded(database) as client:
        whole = [root(), founded("u1", ROOT, "2020-01-01"), founded("u2", ROOT, "2020-01-01"), *log]
        await system.deliver(whole, [(0, len(whole), False)])
        yield client


async def test_a_list_about_all_days_leaves_out_who_came_lately_and_has_gone(database: str) -> None:
    log = (
        founded("c", "u2", "2020-01-01"),
        moved("c", "u1", "2021-12-01", "came"),
        moved("c", "u2", "2022-06-01", "gone"),
        granted("u1", READER, "reader", "one", by=ROOT),
        granted(ROOT, OFFICER, "officer", "all", by=ROOT),
    )
    async with told(database, *log) as client:
        for who, first, listed in (
            (READER, "2021-01-01", []),
            (READER, "2021-12-01", ["c"]),
            (OFFICER, "2021-01-01", ["c"]),
        ):
            answer = (await ask(client, f"a-{who}", f"/v1/units/u1/silence?from={first}&to=2021-12-31")).json()
            assert [unit["id"] for unit in answer["silent"]["units"]] == listed, (who, first)
            assert (answer["asked"], answer["silent"]["count"]) == (len(listed), len(listed))


async def test_both_periods_that_are_compared_must_be_readable(database: str) -> None:
    log = (
        founded("c", "u2", "2020-01-01"),
        moved("c", "u1", "2022-06-01", "came"),
        moved("c", "u2", "2024-01-01", "gone"),
        granted("u1", READER, "reader", "one", by=ROOT),
    )
    async with told(database, *log) as client:
        for days, alone, compared in (
            ("from=2023-06-01&to=2023-12-31", 200, 200),
            ("from=2023-05-31&to=2023-12-31", 200, 403),  # on 31 May of the year before it was elsewhere
            ("from=2023-06-01&to=2023-12-31&basis=as-now", 403, 403),
        ):
            path = f"/v1/units/c/report?by=none&{days}"
            assert (await ask(client, f"a-{READER}", path)).status_code == alone, days
            assert (await ask(client, f"a-{READER}", f"{path}&compare=last-year")).status_code == compared, days


async def test_events_on_access_are_for_keepers_alone_and_others_for_officers(database: str) -> None:
    log = (
        granted("u1", OFFICER, "officer", "one", by=ROOT),
        granted("u1", KEEPER, "keeper", "two", by=ROOT),
        granted("u1", READER, "reader", "refused", by="u2"),
        admitted("nobody-knows", "2021-05-05", "unknown", by="u1"),
        admitted("u1", "2019-05-05", "early", by="u1"),
        admitted("u2", "2019-05-05", "beside", by="u2"),
    )
    async with told(database, *log) as client:
        for query, by_officer, by_keeper in (
            ("outcome=any", ["unknown", "early"], ["refused"]),
            ("outcome=any&unit=u1", ["early"], None),
        ):
            for who, seen in ((OFFICER, by_officer), (KEEPER, by_keeper)):
                answer = await ask(client, f"a-{who}", f"/v1/outcomes?{query}")
                assert answer.status_code == (403 if seen is None else 200)
                assert [row["id"] for row in answer.json().get("outcomes", ())] == (seen or []), (who, query)
        for publisher, event_id, officer, keeper in (
            ("u1", "unknown", 200, 403),
            ("u1", "early", 200, 403),
            ("u2", "refused", 403, 200),
            (ROOT, "one", 403, 200),
            ("u2", "beside", 403, 403),
            ("u1", "made-up", 404, 403),
            ("u2", "made-up", 403, 403),
        ):
            for who, right in ((OFFICER, officer), (KEEPER, keeper)):
                answer = await ask(client, f"a-{who}", f"/v1/events/{publisher}/{event_id}")
                assert answer.status_code == right, (who, publisher, event_id)
