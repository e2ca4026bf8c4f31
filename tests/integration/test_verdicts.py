"""What became of an event, told with what took it back, what a parked one waits for, and what to do about it."""

from typing import Any

import asyncpg
import pytest
from rich.console import Console

from projections.answers.report.report_answers import TakenBack
from projections.store.reading.outcomes import event
from projections.store.reading.snapshot import snapshot
from services.cli.views import single_events
from tests.fault.projecting import bench
from tests.oracle.telling import admitted, founded, retracted, root

HISTORY: dict[str, Any] = {
    "founded": {"since": "2020-01-01"},
    "dissolved": {"since": "2025-07-01"},
    "successors": [{"unit": {"id": "xa-moi", "name": "Xã mới"}, "child": None, "since": "2025-07-01", "said": []}],
}


def parked(reason: str, field: str, **data: Any) -> dict[str, Any]:
    return {
        "position": 7,
        "outcome": "parked",
        "reason": reason,
        "field": field,
        "publisher": "huyen",
        "id": "e-7",
        "type": "member.admitted",
        "subject": "xa-cu",
        "event": {"data": data},
    }


async def test_what_took_an_event_back_is_named_with_its_reason(party: str, database: str) -> None:
    async with bench(party, database) as on, asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
        with on.projector():
            await on.publish(root(), founded("u1", "trung-uong", "2020-01-01"), admitted("u1", "2023-01-05", "e1"))
            await on.publish(retracted("trung-uong", "r1", "e1", of="u1", subject="u1"))
            await on.settled()
        async with snapshot(pool) as opened:
            said, by = await event(opened, "u1", "e1"), await event(opened, "trung-uong", "r1")
    assert said is not None
    assert by is not None
    assert isinstance(said.taken_back, TakenBack)
    assert (said.outcome, said.taken_back.publisher, said.taken_back.id) == ("retracted", "trung-uong", "r1")
    assert said.taken_back.reason
    assert said.taken_back.position == by.position
    assert by.taken_back is None


def test_advice_names_the_day_of_a_dissolution_and_the_successor(monkeypatch: pytest.MonkeyPatch) -> None:
    said = parked("inactive_unit", "subject", decided_on="2025-08-01")
    assert single_events.units_asked_for([said, said]) == ["xa-cu"]
    for language, day in (("vi", "01/07/2025"), ("en", "2025-07-01")):
        monkeypatch.setenv("TONGHOP_LANG", language)
        told = single_events.advice(said, {"xa-cu": HISTORY})
        for word in ("xa-cu", day, "xa-moi"):
            assert word in told
    monkeypatch.setenv("TONGHOP_LANG", "vi")
    alone = single_events.advice(said, {"xa-cu": HISTORY | {"successors": []}})
    assert "không có đơn vị tiếp nhận" in alone
    before = single_events.advice(said, {"xa-cu": HISTORY | {"dissolved": None}})
    assert "thành lập ngày 01/01/2020" in before
    assert single_events.advice(said, {})


def test_each_reason_says_what_is_waited_for_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_LANG", "vi")
    rows = [
        (parked("unknown_unit", "data.to", to="xa-la"), "xa-la"),
        (parked("not_authorised", "source"), "huyen"),
        (parked("unknown_event", "data.id", source="/units/xa-cu", id="e-1"), "xa-cu e-1"),
        (parked("inactive_unit", "subject"), "xa-cu"),
    ]
    console = Console(record=True, width=400)
    answer = {"outcomes": [row for row, _ in rows], "next": None, "position": 9}
    console.print(single_events.parked(answer, {"xa-cu": HISTORY}))
    shown = console.export_text()
    for row, word in rows:
        assert word in single_events.waits_for(row)
        assert single_events.advice(row, {"xa-cu": HISTORY}) in shown
