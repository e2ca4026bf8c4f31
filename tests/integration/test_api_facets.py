"""Breakdowns over HTTP: two dimensions together, and cells so small that they are hidden from every answer."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import httpx
import msgspec
import pytest

from projections.answers.privacy.breakdown_rules import Thresholds
from projections.answers.privacy.report_suppression import suppressed
from projections.answers.report.report_answers import Report
from projections.answers.report.report_question import Question
from projections.rules.counting.periods import Days
from services.api.app import create_app
from services.api.examples import EXAMPLES
from services.settings import Settings
from tests.integration.reading.world import Fact
from tests.integration.test_api import NOWHERE, small_world
from tests.servers import connect

BY_TWO_FACETS = EXAMPLES["ReportByTwoFacets"]
ASKED = "/v1/units/trung-uong/report?from=2021-01-01&to=2021-12-31&measures=admissions,badges"
YOUNG, OLD = "18-30", "over-60"
PEOPLE = (
    *[("admissions", {"sex": "female", "age_band": YOUNG})] * 2,
    *[("admissions", {"sex": "male", "age_band": YOUNG})] * 9,
    *[("admissions", {"sex": "female", "age_band": OLD})] * 8,
    *[("admissions", {"sex": "male", "age_band": OLD})] * 7,
    *[("badges", {"sex": "female", "grade": "30"})] * 2,
    *[("badges", {"sex": "male", "grade": "30"})] * 6,
    *[("badges", {"grade": "90"})] * 4,
)


@pytest.fixture
async def people(database: str) -> str:
    """Write some people into a small world, and give its database."""
    world = small_world()
    days = [dt.date(2021, 1, 1) + dt.timedelta(n) for n in range(len(PEOPLE))]
    world.facts = [
        Fact(4, day, measure, position, codes)
        for position, (day, (measure, codes)) in enumerate(zip(days, PEOPLE, strict=True), start=1)
    ]
    connection = await connect(database)
    await world.write(connection)
    await connection.close()
    return database


async def ask(database: str, path: str, smallest_cell: int, status: int = 200) -> httpx.Response:
    app = create_app(Settings(access="open", database_url=database, nats_url=NOWHERE, smallest_cell=smallest_cell))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        found = await client.get(path)
    assert found.status_code == status, found.text
    return found


def cells(answer: dict[str, Any], measure: str) -> dict[str, int | None]:
    """Give the values of a measure by their codes, those that are zero left out."""
    return {
        row.get("code") or ",".join(row.get("codes", {"": "hidden"}).values()): row["values"][measure]
        for row in answer["rows"]
        if row["values"][measure] != 0
    }


async def test_a_small_cell_is_hidden_with_another_and_the_answer_says_so(people: str) -> None:
    answer = (await ask(people, f"{ASKED}&by=facet:sex", 3)).json()
    assert answer["total"] == {"admissions": 26, "badges": 12}
    assert answer["rows"] == [
        {"code": "female", "values": {"admissions": 10, "badges": None}},
        {"code": "male", "values": {"admissions": 16, "badges": None}},
        {"code": "unknown", "values": {"admissions": 0, "badges": 4}},
        {"suppressed": True, "values": {"admissions": 0, "badges": 8}},
    ]
    assert answer["suppressed"].pop("reason").startswith("Ô có ít hơn 3 người")
    assert answer["suppressed"] == {"smallest": 3, "cells": {"admissions": 0, "badges": 2}}


async def test_two_dimensions_together(people: str) -> None:
    exact = (await ask(people, f"{ASKED}&by=facet:sex,age_band", 1)).json()
    assert "suppressed" not in exact
    assert [row["codes"] for row in exact["rows"][:2]] == [
        {"sex": "female", "age_band": "18-30"},
        {"sex": "female", "age_band": "31-40"},
    ]
    assert len(exact["rows"]) == 3 * 6
    young_and_old = {f"female,{YOUNG}": 2, f"female,{OLD}": 8, f"male,{YOUNG}": 9, f"male,{OLD}": 7}
    assert cells(exact, "admissions") == young_and_old
    assert cells(exact, "badges") == {"female,unknown": 2, "male,unknown": 6, "unknown,unknown": 4}
    by_grade = (await ask(people, f"{ASKED}&by=facet:grade,sex", 1)).json()
    assert cells(by_grade, "badges") == {"30,female": 2, "30,male": 6, "90,unknown": 4}
    assert cells(by_grade, "admissions") == {"unknown,female": 10, "unknown,male": 16}


async def test_a_small_pair_is_hidden_in_a_block(people: str) -> None:
    answer = (await ask(people, f"{ASKED}&by=facet:sex,age_band", 3)).json()
    hidden = dict.fromkeys((f"female,{YOUNG}", f"female,{OLD}", f"male,{YOUNG}", f"male,{OLD}"))
    assert cells(answer, "admissions") == hidden | {"hidden": 26}
    assert answer["suppressed"]["cells"]["admissions"] == 4
    assert sum(row["values"]["badges"] or 0 for row in answer["rows"]) == 12
    assert cells(answer, "badges")["female,unknown"] is None  # or one could read off it how many women there are


async def test_all_cells_are_shown_to_who_asks_for_them(people: str) -> None:
    path = f"{ASKED}&by=facet:sex"
    exact, hidden = await ask(people, f"{path}&cells=all", 3), await ask(people, path, 3)
    assert cells(exact.json(), "badges") == {"female": 2, "male": 6, "unknown": 4}
    assert "suppressed" not in exact.json()
    assert exact.headers["etag"] != hidden.headers["etag"]
    assert (await ask(people, f"{path}&cells=some", 3, 422)).json()["parameter"] == "cells"


async def test_the_threshold_is_set_and_is_part_of_the_answers_tag(people: str) -> None:
    path = f"{ASKED}&by=facet:sex"
    told = {smallest: await ask(people, path, smallest) for smallest in (1, 2, 3, 12)}
    assert [("suppressed" in answer.json()) for answer in told.values()] == [False, False, True, True]
    assert told[12].json()["suppressed"]["cells"] == {"admissions": 2, "badges": 3}
    assert len({answer.headers["etag"] for answer in told.values()}) == 4


@pytest.mark.parametrize("by", ["child", "month", "year", "level:cell", "none"])
async def test_no_other_report_hides_anything(people: str, by: str) -> None:
    answer = (await ask(people, f"{ASKED}&by={by}", 100)).json()
    assert "suppressed" not in answer
    assert all(n is not None for row in answer["rows"] for n in row["values"].values())


@pytest.mark.parametrize("by", ["", "sex,", ",sex", "sex,sex", "sex,shoe_size", "sex,age_band,grade", "sex, age_band"])
async def test_what_is_not_one_or_two_dimensions_is_refused(people: str, by: str) -> None:
    problem = (await ask(people, f"{ASKED}&by=facet:{by}", 3, 422)).json()
    assert problem["parameter"] == "by"


async def test_the_document_says_what_by_can_be(people: str) -> None:
    document = (await ask(people, "/openapi.json", 3)).json()
    report = document["paths"]["/v1/units/{unit}/report"]["get"]
    (by,) = (parameter for parameter in report["parameters"] if parameter["name"] == "by")
    for accepted in ("child", "none", "level:cell", "facet:sex", "facet:sex,age_band"):
        assert re.search(by["schema"]["pattern"], accepted)
        await ask(people, f"{ASKED}&by={accepted}", 3)
    for refused in ("facet:sex,", "facet", "level:sex", "facet:sex,age_band,grade"):
        assert not re.search(by["schema"]["pattern"], refused)
    content = report["responses"]["200"]["content"]["application/json"]
    named = content["examples"]["by=facet:sex,passed"]["$ref"]
    assert document["components"]["examples"][named.rsplit("/", 1)[1]]["value"] == BY_TWO_FACETS


def test_the_example_is_an_answer_that_the_rule_gives() -> None:
    example = msgspec.json.decode(json.dumps(BY_TWO_FACETS), type=Report)
    assert json.loads(msgspec.json.encode(example)) == BY_TWO_FACETS
    exact = [20, 2, 0, 15, 4, 0, 0, 0, 0]
    rows = [
        msgspec.structs.replace(row, values={"trainings": n}) for row, n in zip(example.rows[:-1], exact, strict=True)
    ]
    report = msgspec.structs.replace(example, rows=rows, suppressed=msgspec.UNSET)
    days = Days(example.first, example.last)
    question = Question("gia-binh", days, "as-was", ("trainings",), "facet", "sex,passed")
    assert suppressed(report, question, Thresholds(3, 0)) == example
