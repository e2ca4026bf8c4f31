"""The API over HTTP on a real database: answers, errors that name the parameter, ETags, waiting, pages."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import asyncpg
import httpx
import msgspec
import pytest
from fastapi import FastAPI

from projections.rules.hierarchy.folded_names import fold_name
from projections.store.reading.snapshot import snapshot
from projections.store.reading.tree import tree
from services.api.app import create_app
from services.api.examples import ANSWERS, EXAMPLES
from services.api.exposing import metrics_app
from services.settings import Settings
from tests.integration.reading.world import Fact, Unit, World
from tests.servers import connect

DAY = dt.date(2021, 1, 1)
NOWHERE = "nats://127.0.0.1:1"
REPORT = "/v1/units/trung-uong/report?from=2021-01-01&to=2021-12-31"


def small_world() -> World:
    """Make a root, a province, its dissolved district with a cell, and a cell of the root's own."""
    world = World()
    for no, parent, level in (
        (1, None, "central"),
        (2, 1, "province"),
        (3, 2, "upper"),
        (4, 3, "cell"),
        (5, 1, "cell"),
    ):
        world.units[no] = Unit(no, DAY, False, {DAY: parent}, {DAY: f"Đảng ủy số {no}"}, {DAY: level})
    world.units[3].dissolved, world.units[3].names = (
        dt.date(2021, 7, 1),
        {DAY: "Huyện ủy Gia Bình", dt.date(2021, 3, 1): "X"},
    )
    world.facts = [Fact(4, dt.date(2021, month, 5), "admissions", month, {"sex": "female"}) for month in range(1, 13)]
    return world


@asynccontextmanager
async def client_of(
    database: str, nats_url: str = NOWHERE, *, pages: Callable[[FastAPI], None] | None = None, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(access="open", database_url=database, nats_url=nats_url, **settings), pages=pages)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        _apps[client] = app
        yield client


_apps: WeakKeyDictionary[httpx.AsyncClient, FastAPI] = WeakKeyDictionary()


async def scraped(client: httpx.AsyncClient) -> httpx.Response:
    """Collect the metrics of the app that a client asks, as from their own address."""
    transport = httpx.ASGITransport(metrics_app(Settings(), _apps[client].state.reader))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as collector:
        return await collector.get("/metrics")


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await connect(database)
    await small_world().write(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def client(database: str, connection: asyncpg.Connection) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(database) as made:
        yield made


async def get(client: httpx.AsyncClient, path: str, status: int = 200) -> Any:
    response = await client.get(path)
    assert response.status_code == status, response.text
    if status >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == status
    return response.json()


async def test_a_report_is_as_the_contract_shows_it(client: httpx.AsyncClient) -> None:
    answer = await get(client, "/v1/units/unit-002/report?from=2021-01-01&to=2021-12-31&measures=admissions")
    assert answer == {
        "unit": {"id": "unit-002", "name": "Đảng ủy số 2", "level": "province"},
        "from": "2021-01-01",
        "to": "2021-12-31",
        "basis": "as-was",
        "position": 12,
        "as_of": "2023-02-20T01:02:03Z",
        "parked": 0,
        "total": {"admissions": 12},
        "rows": [
            {
                "unit": {"id": "unit-003", "name": "X", "level": "upper"},
                "since": "2021-01-01",
                "until": "2021-07-01",
                "values": {"admissions": 6},
            },
            {
                "unit": {"id": "unit-004", "name": "Đảng ủy số 4", "level": "cell"},
                "since": "2021-07-01",
                "until": None,
                "values": {"admissions": 6},
            },
            {
                "unit": {"id": "unit-002", "name": "Đảng ủy số 2", "level": "province"},
                "own": True,
                "values": {"admissions": 0},
            },
        ],
    }


async def test_measures_and_days_have_defaults(client: httpx.AsyncClient) -> None:
    answer = await get(client, "/v1/units/trung-uong/report")
    assert list(answer["total"]) == ["admissions", "confirmations", "badges"]
    assert answer["from"].endswith("-01-01")
    assert answer["from"][:4] == answer["to"][:4]


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("report?from=2021-02-30", "from"),
        ("report?from=20210201", "from"),
        ("report?to=abc", "to"),
        ("report?from=2022-01-01&to=2021-01-01", "from"),
        ("report?from=2021-01-01&from=2021-01-01", "from"),
        ("report?from=0001-01-01&to=9999-12-31&by=month", "from"),
        ("report?basis=then", "basis"),
        ("report?measures=", "measures"),
        ("report?measures=admissions,births", "measures"),
        ("report?measures=badges,badges", "measures"),
        ("report?by=week", "by"),
        ("report?by=month:1", "by"),
        ("report?by=level", "by"),
        ("report?by=level:village", "by"),
        ("report?by=facet:shoe_size", "by"),
        ("report?colour=red", "colour"),
        ("report?position=13", "position"),
        ("report?position=x", "position"),
        ("report?min_position=-1", "min_position"),
        ("report?min_position=99999999999999999999", "min_position"),
        ("report?wait=nan", "wait"),
        ("events?measure=all", "measure"),
        ("events?limit=0", "limit"),
        ("events?limit=1001", "limit"),
        ("events?cursor=%00", "cursor"),
        ("events?cursor=W10", "cursor"),
        ("events?from=2021-01-01&to=2021-12-31&cursor=WyIyMDIwLTExLTA3IiwxMjAxLDNd", "cursor"),
        ("/v1/units?q=%00", "q"),
        ("/v1/units?level=village", "level"),
        ("/v1/units?cursor=eyJ9", "cursor"),
        ("/v1/outcomes?outcome=counted", "outcome"),
        ("/v1/outcomes?unit=A%20B", "unit"),
        ("/v1/outcomes?cursor=WzFd", "cursor"),
        ("/v1/receipts?from=0", "from"),
        ("/v1/receipts?from=5&to=4", "to"),
        ("/v1/receipts?from=1&to=20000", "to"),
        ("/v1/units/trung-uong?on=2021-13-01", "on"),
        ("tree?depth=0", "depth"),
        ("history?on=2021-01-01", "on"),
        ("difference?against=then", "against"),
        ("difference?against_position=3", "position"),
        ("difference?position=3&against_position=2", "against_position"),
        ("difference?position=3&against_position=13", "against_position"),
        ("difference?position=3&against=as-now", "against"),
    ],
)
async def test_a_bad_parameter_is_named(client: httpx.AsyncClient, path: str, parameter: str) -> None:
    path = path if path.startswith("/") else f"/v1/units/trung-uong/{path}"
    assert (await get(client, path, 422))["parameter"] == parameter


@pytest.mark.parametrize(
    "path",
    ["/v1/units/nobody/report", "/v1/units/nobody", "/v1/units/A%00/report", "/v1/events/a/b", "/v1/events/A/%00"],
)
async def test_what_is_unknown_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    await get(client, path, 404)
    await get(client, "/v1/outcomes?unit=nobody", 404)


async def test_every_error_is_a_problem(client: httpx.AsyncClient) -> None:
    await get(client, "/v2", 404)
    response = await client.post("/v1/units")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_etag_stands_for_the_question_and_the_position(
    client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    tag = (await client.get(REPORT)).headers["etag"]
    for header in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        response = await client.get(REPORT, headers={"if-none-match": header})
        assert (response.status_code, response.headers["etag"], response.content) == (304, tag, b"")
    same = await client.get(f"{REPORT}&by=child&measures=admissions,confirmations,badges&min_position=1")
    assert same.headers["etag"] == tag
    assert (await client.get(f"{REPORT}&by=none", headers={"if-none-match": tag})).status_code == 200
    assert (await client.get("/v1/units/nobody", headers={"if-none-match": "*"})).status_code == 404
    await connection.execute("UPDATE checkpoint SET position = position + 1")
    assert (await client.get(REPORT, headers={"if-none-match": tag})).status_code == 200


async def test_an_answer_waits_for_a_position(client: httpx.AsyncClient, connection: asyncpg.Connection) -> None:
    problem = await get(client, f"{REPORT}&min_position=13", 503)
    assert problem["position"] == 12
    assert (await get(client, f"{REPORT}&min_position=13&wait=0.3", 503))["position"] == 12
    waiting = asyncio.create_task(get(client, f"{REPORT}&min_position=13&wait=60"))
    await asyncio.sleep(0.1)
    async with connection.transaction():
        await connection.execute("UPDATE checkpoint SET position = 13")
        await connection.execute("NOTIFY tonghop_position, '13'")
    assert (await waiting)["position"] == 13


async def test_waiting_does_without_notifications(client: httpx.AsyncClient, connection: asyncpg.Connection) -> None:
    waiting = asyncio.create_task(get(client, f"{REPORT}&min_position=13&wait=60"))
    await asyncio.sleep(0.1)
    await connection.execute("UPDATE checkpoint SET position = 13")
    assert (await waiting)["position"] == 13


async def test_units_are_found_by_any_name_they_had(client: httpx.AsyncClient) -> None:
    for text in ("gia binh", "Gia Bình", "HUYEN UY GIA BINH", "a bì"):
        (found,) = (await get(client, f"/v1/units?q={text}"))["units"]
        assert (found["id"], found["name"], found["matched"]) == ("unit-003", "X", "Huyện ủy Gia Bình")
    assert (await get(client, "/v1/units?q=100%25"))["units"] == []
    assert [unit["id"] for unit in (await get(client, "/v1/units?level=cell"))["units"]] == ["unit-004", "unit-005"]
    seen, cursor = [], ""
    while cursor is not None:
        page = await get(client, f"/v1/units?q=dang%20uy&limit=2{cursor and '&cursor=' + cursor}")
        seen += [unit["id"] for unit in page["units"]]
        cursor = page["next"]
    assert seen == ["trung-uong", "unit-002", "unit-004", "unit-005"]


async def test_units_are_found_by_their_ids_too(client: httpx.AsyncClient) -> None:
    for text in ("unit-003", "UNIT-003", "t-003"):
        (found,) = (await get(client, f"/v1/units?q={text}"))["units"]
        assert (found["id"], found["matched"]) == ("unit-003", "unit-003")
    by_beginning = (await get(client, "/v1/units?q=unit-"))["units"]
    assert [unit["id"] for unit in by_beginning] == [f"unit-00{n}" for n in (2, 3, 4, 5)]
    assert [unit["id"] for unit in (await get(client, "/v1/units?q=unit-&level=cell"))["units"]] == [
        "unit-004",
        "unit-005",
    ]
    seen, cursor = [], ""
    while cursor is not None:
        page = await get(client, f"/v1/units?q=unit&limit=3{cursor and '&cursor=' + cursor}")
        seen += [unit["id"] for unit in page["units"]]
        cursor = page["next"]
    assert seen == ["unit-002", "unit-003", "unit-004", "unit-005"]


async def test_units_are_found_at_or_below_one(client: httpx.AsyncClient) -> None:
    for within, ids in (
        ("unit-002", ["unit-002", "unit-003", "unit-004"]),
        ("unit-003", ["unit-003", "unit-004"]),
        ("unit-005", ["unit-005"]),
        ("trung-uong", ["unit-002", "unit-003", "unit-004", "unit-005"]),
    ):
        found = (await get(client, f"/v1/units?q=unit&within={within}"))["units"]
        assert [unit["id"] for unit in found] == ids, within
    page = await get(client, "/v1/units?q=unit&within=unit-002&limit=2")
    following = await get(client, f"/v1/units?q=unit&within=unit-002&limit=2&cursor={page['next']}")
    assert [unit["id"] for unit in following["units"]] == ["unit-004"]
    assert (await get(client, "/v1/units?q=unit&within=unit-002&level=cell"))["units"][0]["id"] == "unit-004"
    assert (await get(client, "/v1/units?q=unit&within=unit-009", 404))["unit"] == "unit-009"
    assert (await get(client, "/v1/units?q=unit&within=../x", 422))["parameter"] == "within"


@pytest.mark.parametrize(
    "asked", ["unit-03", "unit-0033", "Huyện ủy Gia Bình", "gia-binh", "huyen-uy-gia-bing", "Unit-003"]
)
async def test_what_is_nobodys_id_suggests(client: httpx.AsyncClient, asked: str) -> None:
    problem = await get(client, f"/v1/units/{asked}", 404)
    assert problem["unit"] == asked
    assert "unit-003" in [unit["id"] for unit in problem["suggestions"]]
    assert "unit-003" in problem["detail"]
    assert len(problem["suggestions"]) <= 5


@pytest.mark.parametrize("empty", [True, False], ids=["no unit at all", "some units"])
async def test_that_there_is_no_unit_at_all_is_said_in_both_languages(database: str, *, empty: bool) -> None:
    if not empty:
        opened = await connect(database)
        await small_world().write(opened)
        await opened.close()
    parts = (
        *("", "/report", "/report?position=0", "/events", "/history", "/tree", "/silence", "/indicators"),
        *("/targets", "/statement", "/findings", "/difference?against=as-now"),
    )
    async with client_of(database) as client:
        for path in (*(f"/v1/units/nobody{part}" for part in parts), "/v1/outcomes?unit=nobody", "/v1/units/Nobody"):
            problem = await get(client, path, 404)
            assert problem["detail"].startswith("Không có đơn vị “"), path
            assert "There is no such unit" in problem["detail"], path
            said = ("chưa có đơn vị nào", "it has no unit yet", "`tonghop init`")
            assert [words in problem["detail"] for words in said] == [empty] * 3, path


async def test_what_is_like_nothing_suggests_nothing(client: httpx.AsyncClient) -> None:
    for asked in ("zzzzzzzz", "%00", "%F0%9F%8D%8C", "x" * 500):
        assert (await get(client, f"/v1/units/{asked}", 404))["suggestions"] == []


async def test_names_with_what_can_t_be_seen_are_found_and_shown_harmlessly(
    client: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    name = "Ð\u1ea3ng\u200b ủy \u202eGia\u2066 Lộc\ufeff =1+1"
    await connection.execute("UPDATE unit_name SET name = $1, folded = $2 WHERE unit = 5", name, fold_name(name))
    await connection.execute("UPDATE unit SET name = $1 WHERE no = 5", name)
    for text in ("đảng ủy gia lộc", "Ðảng ủy", "gia\u200b lộc", "g\u00adia loc"):
        response = await client.get("/v1/units", params={"q": text})
        assert "unit-005" in [unit["id"] for unit in response.json()["units"]], text
    (found,) = (await client.get("/v1/units", params={"q": "gia loc"})).json()["units"]
    assert found["name"] == name, "the text is as it was said"
    for letter in "\u200b\u202e\u2066\ufeff":
        assert letter not in response.text, "and nothing in the answer can be taken for something else"


async def test_a_unit_on_a_day(client: httpx.AsyncClient) -> None:
    before = await get(client, "/v1/units/unit-004?on=2021-06-30")
    assert [unit["id"] for unit in before["ancestors"]] == ["trung-uong", "unit-002", "unit-003"]
    after = await get(client, "/v1/units/unit-004?on=2021-07-01")
    assert (after["parent"]["id"], len(after["ancestors"])) == ("unit-002", 2)
    province = await get(client, "/v1/units/unit-002?on=2021-07-01")
    assert [unit["id"] for unit in province["children"]] == ["unit-004"]
    district = await get(client, "/v1/units/unit-003?on=2021-07-01")
    assert (district["active"], district["children"], district["validity"]["until"]) == (False, [], "2021-07-01")
    assert (await get(client, "/v1/units/unit-003?on=2021-02-01"))["name"] == "Huyện ủy Gia Bình"


async def test_a_tree_is_cut_at_whole_steps(client: httpx.AsyncClient, database: str) -> None:
    whole = await get(client, "/v1/units/trung-uong/tree?on=2021-07-01&depth=9")
    assert whole["complete"]
    assert [(one["id"], [two["id"] for two in one["children"]]) for one in whole["tree"]["children"]] == [
        ("unit-002", ["unit-004"]),
        ("unit-005", []),
    ]
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool, snapshot(pool) as opened:
        cut = await tree(opened, "trung-uong", dt.date(2021, 7, 1), 9, most=3)
    assert (cut.complete, cut.depth) == (False, 1)
    assert [branch.children for branch in cut.tree.children] == [[], []]
    gone = await get(client, "/v1/units/unit-003/tree?on=2021-07-01")
    assert gone["tree"]["children"] == []


async def test_as_now_is_told_on_the_last_known_hierarchy(client: httpx.AsyncClient) -> None:
    asked = "from=2021-01-01&to=2021-12-31&measures=admissions&basis=as-now"
    province = await get(client, f"/v1/units/unit-002/report?{asked}")
    assert province["total"] == {"admissions": 12}
    assert [(row["unit"]["id"], row["values"]["admissions"], "since" in row) for row in province["rows"]] == [
        ("unit-004", 12, False),
        ("unit-002", 0, False),
    ]
    district = await get(client, f"/v1/units/unit-003/report?{asked}")
    assert (district["total"], len(district["rows"])) == ({"admissions": 0}, 1)
    shown = "from=2021-01-01&to=2021-12-31&measure=admissions"
    for unit, basis, n in (("unit-002", "as-now", 12), ("unit-003", "as-now", 0), ("unit-003", "as-was", 6)):
        events = await get(client, f"/v1/units/{unit}/events?{shown}&basis={basis}")
        assert len(events["events"]) == n


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_examples_are_answers(kind: type[msgspec.Struct]) -> None:
    example = EXAMPLES[kind.__name__]
    assert json.loads(msgspec.json.encode(msgspec.json.decode(json.dumps(example), type=kind))) == example


async def test_every_request_is_documented_with_an_example(client: httpx.AsyncClient) -> None:
    document = await get(client, "/openapi.json")
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            assert said["summary"], path
            if path.startswith("/v1"):
                answered = next(each for n, each in said["responses"].items() if n < "300")
                assert {"422", "503"} <= set(said["responses"])
                if path.endswith(".xlsx") or "204" in said["responses"]:
                    assert "application/json" not in answered.get("content", {}), path
                    continue
                if path.endswith("/news"):
                    assert answered["content"]["text/event-stream"]["example"].startswith("event: moved\ndata: {")
                    continue
                content = answered["content"]["application/json"]
                assert content.get("example") or content["examples"], (method, path)
                for schema in content["schema"].get("oneOf", [content["schema"]]):
                    assert schema["$ref"].rsplit("/", 1)[1] in document["components"]["schemas"], path


async def test_what_a_route_takes_is_what_the_document_says(client: httpx.AsyncClient) -> None:
    document = await get(client, "/openapi.json")
    assert not any(name.endswith("ValidationError") for name in document["components"]["schemas"])
    for template, methods in document["paths"].items():
        if not template.startswith("/v1") or methods.get("get", {}).get("tags", ["access"])[0] in {"access", "sheets"}:
            continue
        path = template.format(unit="trung-uong", publisher="trung-uong", id="x", receipt="x", form="1")
        documented = {each["name"]: each for each in methods["get"]["parameters"] if each["in"] == "query"}
        assert list(documented)[-2:] == ["min_position", "wait"], "what every route takes stands last"
        unknown = await get(client, f"{path}?banana=1", 422)
        assert unknown["parameter"] == "banana"
        assert unknown["detail"].endswith(f"có: {', '.join(documented)}."), path
        for name, parameter in documented.items():
            assert not parameter["required"]
            assert parameter["description"]
            twice = await get(client, f"{path}?{name}=1&{name}=2", 422)
            assert (twice["parameter"], "một lần" in twice["detail"]) == (name, True), path
            schema = parameter["schema"]
            if schema["type"] == "array":
                assert (parameter["style"], parameter["explode"]) == ("form", False)
            for code in schema.get("enum", schema.get("items", {}).get("enum", ())):
                if code in {"docx", "pdf", "xlsx"}:  # tests of their own write them
                    continue
                beside = "&format=csv" if name == "dialect" else ""
                answer = await client.get(f"{path}?{name}={code}{beside}")
                refused = answer.json().get("parameter") if answer.status_code == 422 else None
                assert refused != name or "clause" in answer.json(), (path, name, code)


async def test_a_list_is_taken_with_commas_as_the_document_says(client: httpx.AsyncClient) -> None:
    both = await get(client, f"{REPORT}&measures=badges,admissions")
    assert list(both["total"]) == ["badges", "admissions"]
