"""The demonstration on real servers: a service that has its older part gets what is new, and nothing twice."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from rich.console import Console

from services.cli.client import get
from services.cli.commands.demonstration import run
from services.demo.documents.questions import QUESTIONS
from services.demo.saying import CloudEvent
from services.demo.scenario import country_and_reform, parts
from services.publishing.connection import connect
from services.publishing.flow import Flow
from services.publishing.outcomes import Patience
from services.settings import Settings
from tests.fault.cluster import running_cluster


async def publish(settings: Settings, log: list[CloudEvent]) -> None:
    lines = io.BytesIO(b"\n".join(json.dumps(event, ensure_ascii=False).encode() for event in log))
    async with connect(settings.nats_url, notice=print) as bus:
        flow = Flow(bus, batches=True, patience=Patience(60), tell=lambda _: None, sent=lambda _: None, notice=print)
        assert await flow.run(lines) is None


@pytest.fixture
async def settings() -> AsyncIterator[Settings]:
    """Run a service that has the older part."""
    async with running_cluster() as cluster:
        settings = replace(cluster.settings, api_url=cluster.api)
        await publish(settings, country_and_reform())
        yield settings


async def shown(settings: Settings) -> str:
    out = io.StringIO()
    await run(settings, Console(file=out, width=200))
    return out.getvalue()


@pytest.mark.long
async def test_a_service_that_has_the_older_part_gets_the_others_once(settings: Settings) -> None:
    first, again = await shown(settings), await shown(settings)
    assert "đã áp dụng (applied): 140, đã tính (counted): 387\n" in first
    assert "Số liệu minh họa:" not in again
    assert first.endswith(again)
    _, status = get(settings.api_url, "v1", "status", token=None)
    assert status["position"] == sum(map(len, parts()))
    for title, commands in QUESTIONS.items():
        assert title in again
        assert all(f"tonghop {command} --api {settings.api_url}\n" in again for command in commands)
