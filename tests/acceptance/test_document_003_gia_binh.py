"""Gia Bình, 28/11/2023: the three published figures come out of single events, through the public interface."""

import datetime as dt
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from events.subjects import build_bus_subject
from projections.rules.log.message import Message
from projections.store.live.projection import Projection
from services.api.app import create_app
from services.demo.generator import events
from services.settings import Settings

PERIOD = {"from": "2023-01-01", "to": "2023-11-28"}
PUBLISHED = {"admissions": 89, "confirmations": 99, "badges": 396}
BATCH = 400


def messages() -> list[Message]:
    start = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
    return [
        Message(
            position,
            start + dt.timedelta(seconds=position),
            build_bus_subject(event["source"].removeprefix("/units/"), event["type"]),
            None,
            json.dumps(event, ensure_ascii=False).encode(),
        )
        for position, event in enumerate(events(), 1)
    ]


@pytest.fixture
async def api(database: str, party: str) -> AsyncIterator[httpx.AsyncClient]:
    """Ask the API over a database that the projection has brought to the end of the demonstration."""
    log = messages()
    projection = await Projection.open(database, root="trung-uong")
    try:
        for first in range(0, len(log), BATCH):
            await projection.apply(log[first : first + BATCH])
    finally:
        await projection.close()
    app = create_app(replace(Settings(access="open"), database_url=database, nats_url=party))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


async def get(api: httpx.AsyncClient, path: str, **query: str) -> dict[str, Any]:
    response = await api.get(path, params=query)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_the_published_figures(api: httpx.AsyncClient) -> None:
    report = await get(api, "/v1/units/gia-binh/report", **PERIOD)
    assert report["unit"] == {"id": "gia-binh", "name": "Huyện ủy Gia Bình", "level": "upper"}
    assert report["total"] == PUBLISHED
    assert report["position"] == len(events())
    assert report["parked"] == 0
    assert len(report["rows"]) == 15
    assert report["rows"][-1]["own"]
    for measure, total in PUBLISHED.items():
        assert sum(row["values"][measure] for row in report["rows"]) == total


@pytest.mark.parametrize("unit", ["bac-ninh", "trung-uong"])
async def test_they_are_the_same_at_every_level_above(api: httpx.AsyncClient, unit: str) -> None:
    report = await get(api, f"/v1/units/{unit}/report", **PERIOD)
    assert report["total"] == PUBLISHED


@pytest.mark.parametrize(
    "by", ["month", "year", "level:cell", "level:grassroots", "facet:sex", "facet:grade", "facet:sex,grade"]
)
async def test_every_breakdown_sums_to_them(api: httpx.AsyncClient, by: str) -> None:
    report = await get(api, "/v1/units/gia-binh/report", by=by, **PERIOD)
    assert report["total"] == PUBLISHED
    hidden = report.get("suppressed", {"cells": dict.fromkeys(PUBLISHED, 0)})["cells"]
    for measure, total in PUBLISHED.items():
        # A hidden cell is null and counts as nothing: the last row has what the hidden ones come to.
        assert sum(row["values"][measure] or 0 for row in report["rows"]) == total
        assert sum(row["values"][measure] is None for row in report["rows"]) == hidden[measure]


@pytest.mark.parametrize("by", ["facet:grade", "facet:sex,grade"])
async def test_small_cells_are_hidden_as_known_then_too(api: httpx.AsyncClient, by: str) -> None:
    now = await get(api, "/v1/units/gia-binh/report", by=by, **PERIOD)
    assert now["suppressed"]["smallest"] == 3
    assert await get(api, "/v1/units/gia-binh/report", by=by, position=str(len(events())), **PERIOD) == now
    then = await get(api, "/v1/units/gia-binh/report", by=by, position=str(len(events()) // 2), **PERIOD)
    shown = [n for row in then["rows"][:-1] for n in row["values"].values() if "unknown" not in _codes(row)]
    assert None in shown
    assert not any(n in {1, 2} for n in shown)


def _codes(row: dict[str, Any]) -> list[str]:
    return list(row["codes"].values()) if "codes" in row else [row["code"]]


async def test_under_each_figure_are_as_many_events(api: httpx.AsyncClient) -> None:
    for measure, total in PUBLISHED.items():
        page = await get(api, "/v1/units/gia-binh/events", measure=measure, limit="1000", **PERIOD)
        assert len(page["events"]) == total


async def test_the_period_matters(api: httpx.AsyncClient) -> None:
    longer = await get(api, "/v1/units/gia-binh/report", **(PERIOD | {"to": "2023-12-31"}))
    assert longer["total"]["admissions"] > PUBLISHED["admissions"]
    earlier = await get(api, "/v1/units/gia-binh/report", **(PERIOD | {"from": "2022-01-01"}))
    assert earlier["total"]["badges"] > PUBLISHED["badges"]


async def test_the_paragraph_as_it_was_published(api: httpx.AsyncClient) -> None:
    said = await get(api, "/v1/units/gia-binh/statement", **PERIOD)
    assert said["text"] == (
        "Từ đầu năm 2023 đến ngày 28/11/2023, Đảng bộ huyện Gia Bình kết nạp 89 đảng viên mới;"
        " chuyển đảng chính thức cho 99 đảng viên dự bị; trao tặng Huy hiệu Đảng cho 396 đảng viên."
    )
    numbers = {number["what"]: number["value"] for clause in said["clauses"] for number in clause["numbers"]}
    assert numbers == PUBLISHED
    assert said["position"] == len(events())


async def test_no_target_is_given_so_there_is_no_percentage_of_one(api: httpx.AsyncClient) -> None:
    answer = await get(api, "/v1/units/gia-binh/indicators", on=PERIOD["to"])
    assert answer["targets"] == []
    assert answer["targets_reason"]
    assert not [rate for rate in answer["rates"] if rate["rate"].endswith("_of_target")]
    refused = await api.get("/v1/units/gia-binh/statement", params=PERIOD | {"say": "admissions:target"})
    assert refused.status_code == 422
    assert refused.json()["clause"] == "admissions:target"
