"""Whoever tries to learn of others' members by what is suspicious: over the log, by dry runs, by transfers made up."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from projections.store.reading import persons
from tests.attacks.publishing import A, B, event
from tests.integration.test_gate import guarded
from tests.integration.test_sending import CLERK_B, Sender, said
from tests.integration.test_sending import bus as bus  # noqa: PLC0414 - a fixture
from tests.integration.test_sending import log as log  # noqa: PLC0414 - a fixture
from tests.integration.test_sending import sender as sender  # noqa: PLC0414 - a fixture
from tests.integration.test_sending import still as still  # noqa: PLC0414 - a fixture
from tests.integration.test_verify import verified
from tests.oracle.telling import ROOT, admitted, founded, granted, root, transferred
from tests.property.system import System, system_on

YEARS = "from=2019-01-01&to=2023-12-31"
OFFICER, READER, ELSEWHERE = "a-aaaaaaaaaaaaaaaa", "a-bbbbbbbbbbbbbbbb", "a-cccccccccccccccc"
LOG = [
    root(),
    founded("p1", ROOT, "2000-01-01", "province"),
    founded("xa", "p1", "2000-01-01", "grassroots"),
    founded("xb", ROOT, "2000-01-01", "grassroots"),
    admitted("xb", "2020-01-01", "b1", member="7"),
    transferred("xb", "xa", "2021-01-01", "b2", member="7", **{"as": "9"}),
    admitted("xa", "2022-01-01", "a1", member="9"),
    admitted("xa", "2022-02-01", "a2", member="8"),
    admitted("xa", "2022-03-01", "a3", by="p1", member="8"),
    granted("xa", OFFICER[2:], "officer", "g1", by=ROOT),
    granted(ROOT, READER[2:], "reader", "g2"),
    granted("xb", ELSEWHERE[2:], "officer", "g3", by=ROOT),
]


@pytest.fixture
async def system(database: str) -> AsyncIterator[System]:
    async with system_on(database) as opened:
        await opened.deliver(LOG, [(0, len(LOG), False)])
        yield opened


async def ask(client: httpx.AsyncClient, who: str, unit: str, more: str = "") -> httpx.Response:
    path = f"/v1/units/{unit}/findings?{YEARS}&kind=admitted_twice{more}"
    return await client.get(path, headers={"authorization": f"Bearer {who}"})


async def test_findings_are_for_officers_of_the_unit_and_name_nothing_that_they_may_not_read(system: System) -> None:
    async with guarded(system.url) as client:
        for who, unit in ((READER, "xa"), (OFFICER, "p1"), (OFFICER, ROOT), (OFFICER, "xb"), (ELSEWHERE, "xa")):
            refused = await ask(client, who, unit)
            assert (refused.status_code, refused.json()["unit"]) == (403, unit)
            assert "findings" not in refused.json()
        found = (await ask(client, OFFICER, "xa")).json()["findings"]
        hidden = {"publisher": None, "id": None, "position": None, "type": "member.admitted", "day": None}
        own = {"publisher": "xa", "id": "a1", "position": 7, "type": "member.admitted", "day": "2022-01-01"}
        assert [each["events"] for each in found[:1]] == [[hidden, own]]
        assert [event["id"] for event in found[1]["events"]] == ["a2", "a3"]
        whole = (await ask(client, "admin", "xa")).json()["findings"]
        assert [event["id"] for event in whole[0]["events"]] == ["b1", "a1"]
        # Where it was told is where its last event is, and nowhere else.
        assert (await ask(client, ELSEWHERE, "xb")).json()["findings"] == []
        audited = (await client.get("/v1/audit", headers={"authorization": "Bearer admin"})).json()["entries"]
        shown = [each for each in audited if each["what"] == "events_shown" and each["account"] == OFFICER]
        assert [each["unit"] for each in shown] == ["xa"]
        assert shown[0]["detail"]["path"] == "/v1/units/{unit}/findings"


async def test_a_cursor_that_nobody_gave_out_is_refused(system: System) -> None:
    keys: list[Any] = [["2022-01-01", 7, 99, 0], ["1999-01-01", 7, 0, 0], ["2022-01-01", 2**70, 0, 0]]
    keys += [["2022-01-01", 7, 0, "0"], {"day": "2022-01-01"}, 7, "x" * 5_000, ["2022-01-01"] * 1_000]
    async with guarded(system.url) as client:
        for key in keys:
            cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")
            answer = await ask(client, OFFICER, "xa", f"&cursor={cursor}")
            assert (answer.status_code, answer.json()["parameter"]) == (422, "cursor"), key


async def test_another_person_under_the_same_digest_makes_no_finding(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("projections.rules.kinds.fact", "projections.store.reading.persons"):
        monkeypatch.setattr(f"{module}.person_digest", lambda *_: 7)
    monkeypatch.setattr("projections.store.reading.findings.person_digest", lambda *_: 7)
    async with system_on(database) as opened:
        await opened.deliver(LOG, [(0, len(LOG), False)])
        assert await opened.connection.fetchval("SELECT count(DISTINCT person) FROM fact") == 1
        async with guarded(opened.url) as client:
            found = (await ask(client, "admin", ROOT)).json()["findings"]
    assert [[event["id"] for event in each["events"]] for each in found] == [["b1", "a1"], ["a2", "a3"]]


async def test_a_person_of_whom_too_much_is_said_is_looked_at_in_part(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a line as long as nobody's life is cut: neither costs more than its bound."""
    assert persons.MOST_OF_ONE == 1_000
    chain = [transferred("xa", "xa", "2022-05-01", f"c{n}", member=f"k{n}", **{"as": f"k{n + 1}"}) for n in range(70)]
    both = [admitted("xa", "2022-04-01", "k-first", member="k0"), admitted("xa", "2022-06-01", "k-last", member="k70")]
    told = [*LOG, *chain, *both]
    await system.deliver(told, [(0, len(told), False)])
    async with guarded(system.url) as client:
        found = (await ask(client, "admin", "xa")).json()["findings"]
    assert not [each for each in found if {e["id"] for e in each["events"]} == {"k-first", "k-last"}]


async def test_a_spoiled_digest_is_found_and_repaired(system: System) -> None:
    connection = system.connection
    right = await connection.fetch("SELECT position, person FROM fact ORDER BY position, measure")
    await connection.execute("UPDATE fact SET person = person + 1 WHERE position = 7")
    found = await verified(system.url)
    assert [(each.table, each.key["position"]) for each in found.comparison.listed] == [("fact", 7)]
    assert (await verified(system.url, repair=True)).repaired is not None
    assert await connection.fetch("SELECT position, person FROM fact ORDER BY position, measure") == right


def confirmed(unit: str, id_: str, member: str, on: str, subject: str | None = None) -> dict[str, Any]:
    return event(unit, id_, "member.confirmed", {"member": member, "decided_on": on}, subject)


def admission(unit: str, id_: str, member: str, on: str, subject: str | None = None) -> dict[str, Any]:
    return event(unit, id_, "member.admitted", {"member": member, "decided_on": on}, subject)


def kinds(item: dict[str, Any]) -> list[str]:
    return [each["kind"] for each in item.get("suspicious", ()) if each["kind"] not in {"old", "future"}]


async def test_a_dry_run_tells_of_the_log_and_of_what_stands_before_it(sender: Sender) -> None:
    first = (await sender.sent([admission(B, "1", "m", "2023-05-01")]))[0]
    items = await sender.tried(
        [
            admission(B, "2", "m", "2023-06-01"),
            confirmed(B, "3", "m", "2023-07-01"),
            admission(B, "4", "new", "2023-06-01"),
            admission(B, "5", "new", "2023-06-02"),
            admission("nowhere", "6", "new", "2023-06-02"),
            admission(B, "7", "later", "2099-01-01"),
        ],
        CLERK_B,
    )
    told = [kinds(item) for item in items]
    assert told == [
        ["admitted_twice", "confirmed_early"],
        ["confirmed_early"],
        ["admitted_twice"],
        ["admitted_twice"],
        [],
        [],
    ]
    assert [each["kind"] for each in items[5]["suspicious"]] == ["future"]
    twice = items[0]["suspicious"][0]
    assert twice["events"][0] == {
        "publisher": B,
        "id": "1",
        "position": first["position"],
        "type": "member.admitted",
        "day": "2023-05-01",
    }
    assert (twice["events"][1]["id"], twice["events"][1]["position"]) == ("2", None)
    audited = (await sender.ask("audit?what=events_shown")).json()["entries"]
    assert [(each["unit"], each["detail"]["named"]) for each in audited] == [(B, 1)]
    # What takes one back first makes nothing of it.
    retraction = event(B, "r", "event.retracted", {"source": f"/units/{B}", "id": "1", "reason": "nhầm"})
    assert kinds((await sender.tried([retraction, admission(B, "2", "m", "2023-06-01")], CLERK_B))[1]) == []


async def test_a_receipt_tells_once_the_outcome_is_known(sender: Sender) -> None:
    await sender.sent([admission(B, "1", "m", "2023-05-01")])
    answer = await sender.post([admission(B, "2", "m", "2023-06-01")], CLERK_B, prefer="wait=10")
    assert kinds(answer.json()["items"][0]) == ["admitted_twice"]
    path = answer.headers["location"].removeprefix("/v1/")
    again = (await sender.ask(path, CLERK_B)).json()["items"][0]
    assert kinds(again) == ["admitted_twice"]
    await sender.correct(B, "1", "retraction", reason="nhầm")
    assert kinds((await sender.ask(path, CLERK_B)).json()["items"][0]) == []


async def test_a_transfer_that_is_only_tried_joins_nobody_elsewhere(sender: Sender) -> None:
    """A clerk who made transfers up would learn of every member of any unit, by one reference after the other."""
    await sender.sent([admission(A, "1", "2023-014", "2022-05-01")])
    made_up = [
        event(B, "t", "member.transferred", {"member": "x", "to": A, "on": "2023-01-01", "as": "2023-014"}),
        admission(B, "2", "x", "2023-06-01"),
    ]
    assert [kinds(item) for item in await sender.tried(made_up, CLERK_B)] == [[], []]
    assert [kinds(item) for item in await sender.tried(made_up)] == [[], ["admitted_twice"]]
    # Said for good it stands in the log, for both units to see; and still A's event is not named to B's clerk.
    answer = await sender.post(made_up, CLERK_B, prefer="wait=10")
    (twice,) = [each for each in answer.json()["items"][1]["suspicious"] if each["kind"] == "admitted_twice"]
    assert [each["id"] for each in twice["events"]] == [None, "2"]
    assert "2022" not in json.dumps(twice["events"][0]) + twice["detail"]
    assert said(answer.json()["items"], "outcome") == [("counted",), ("counted",)]
