"""The conformance vectors hold for the real service, over HTTP, and are those that the oracle makes now."""

from __future__ import annotations

import json
from typing import Any

import httpx
import nats
import pytest

from events.catalogue import ACCESS_TYPES, CATALOGUE
from events.subjects import MESSAGE_ID_HEADER
from services.client import UnsendableEventError
from services.client.saying import line_of
from services.embedded.postgres import PostgresServer
from services.publishing.lines import Line
from tests.conformance.__main__ import FOLDER, stale
from tests.conformance.bodies import body_of
from tests.integration.whole_service import ADMIN, Service, whole_service
from tests.oracle.telling import ROOT

NAMES = {"authorization": f"Bearer {ADMIN}"}


def vectors(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


def test_they_are_current() -> None:
    assert stale(deep=False) == [], "python -m tests.conformance writes them"


def test_every_type_of_event_is_in_them() -> None:
    taken = {json.loads(each["body"])["type"] for each in vectors("bodies.jsonl") if each["refused"] is None}
    assert taken == set(CATALOGUE) - ACCESS_TYPES
    sent = {json.loads(body)["type"] for each in vectors("outcomes.jsonl") for body in each.get("send", ())}
    assert set(CATALOGUE) <= sent


@pytest.mark.long
def test_they_are_current_to_their_end() -> None:
    assert stale() == [], "python -m tests.conformance writes them"


def test_the_client_refuses_what_the_door_does() -> None:
    for vector in vectors("bodies.jsonl"):
        refused = vector["refused"]
        if refused is None or refused["field"] != "data.parent":  # which unit is the root, the service alone knows
            assert _frozen(body_of(vector)) == (vector["bus"] if refused is None else refused), vector["name"]


def _frozen(body: bytes) -> dict[str, Any]:
    try:
        line = line_of(body)
    except UnsendableEventError as unsendable:
        return {"reason": unsendable.reason, "field": unsendable.field}
    digest = line.message_id.rpartition(":")[2]
    return {"subject": line.subject, MESSAGE_ID_HEADER: line.message_id, "digest": digest}


async def test_they_hold_for_the_service(postgres: PostgresServer) -> None:
    async with (
        whole_service(postgres, ROOT) as service,
        httpx.AsyncClient(base_url=service.http, headers=NAMES, timeout=60) as client,
    ):
        await _bodies(client)
        for vector in vectors("outcomes.jsonl"):
            if "ask" in vector:
                assert (await client.get(vector["ask"])).json()["total"] == vector["total"], vector["name"]
            elif vector.get("over") == "bus":
                await _over_the_bus(service, client, vector)
            else:
                await _sent(client, vector)
            for event in vector.get("then", ()):
                told = (await client.get(f"/v1/events/{event['publisher']}/{event['id']}")).json()
                assert {name: told[name] for name in event} == event, vector["name"]


async def _bodies(client: httpx.AsyncClient) -> None:
    wanted = vectors("bodies.jsonl")
    lines = b"\n".join(body_of(vector) for vector in wanted)
    kind = {"content-type": "application/x-ndjson"}
    items = (await client.post("/v1/events?dry_run=true", content=lines, headers=kind)).json()["items"]
    assert len(items) == len(wanted)
    for vector, item in zip(wanted, items, strict=True):
        found = {"reason": item["reason"], "field": item["field"]} if item["status"] == "refused" else None
        if vector["refused"] is None and item["reason"] == "id_conflict":
            found = None  # with another of these
        assert found == vector["refused"], vector["name"]


async def _sent(client: httpx.AsyncClient, vector: dict[str, Any]) -> None:
    body = f"[{','.join(vector['send'])}]"
    headers = {"content-type": "application/cloudevents-batch+json", "prefer": "wait=10"}
    answer = (await client.post("/v1/events", content=body.encode(), headers=headers)).json()
    for item, wanted in zip(answer["items"], vector["items"], strict=True):
        told = {name: item.get(name) for name in wanted}
        if wanted["status"] == "refused" and wanted["reason"] != "id_conflict":
            told |= {"publisher": wanted["publisher"], "id": wanted["id"]}  # null where it can't be read
        assert told == wanted, vector["name"]


async def _over_the_bus(service: Service, client: httpx.AsyncClient, vector: dict[str, Any]) -> None:
    bus = await nats.connect(service.bus)
    try:
        for body, wanted in zip(vector["send"], vector["items"], strict=True):
            event = json.loads(body)
            publisher = event["source"].removeprefix("/units/")
            line = Line(0, publisher, event["id"], f"party.v1.{publisher}.{event['type']}", "", body.encode())
            position = (await bus.jetstream().publish(line.subject, line.body)).seq
            query = f"min_position={position}&wait=10"
            told = (await client.get(f"/v1/events/{publisher}/{event['id']}?{query}")).json()
            assert (told["outcome"], told["reason"]) == (wanted["outcome"], wanted["reason"]), vector["name"]
    finally:
        await bus.close()
