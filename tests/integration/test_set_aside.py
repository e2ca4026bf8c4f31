"""What can't be processed is set aside by one rule: live, in a rebuild, a verification and a restore from the log."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from events.codec import Event
from projections.rules.counting.batch_work import BatchWork
from projections.rules.deciding import decision
from projections.rules.hierarchy.hierarchy import Hierarchy
from projections.rules.kinds import fact, plain_facts, unit_changed
from projections.rules.log.set_aside import PREFIX
from projections.store.generations import schema_of
from projections.store.live.projection import Projection
from projections.store.log.outcome_sql import DECIDED
from tests.integration.test_verify import verified
from tests.oracle.telling import ROOT, Said, admitted, founded, renamed, retracted, root, say
from tests.property.rebuilding import beside, dump_of, quietly
from tests.property.system import SIZES, System, messages, system_on

POISONED = "poisoned"
DETAIL = PREFIX + "ZeroDivisionError: a defect of this program"


def told() -> list[Said]:
    """Tell of a move that no program can decide, in the middle; it is referred to before and after."""
    log = [root(), founded("u1", ROOT, "2010-01-01"), founded("u2", ROOT, "2010-01-01")]
    log += [admitted("u1", "2023-01-05", f"a{n}") for n in range(4)]
    log += [retracted(ROOT, "r0", "bad")]  # waits for it
    log += [renamed("u1", POISONED, "2023-01-01", "bad")]
    log += [retracted(ROOT, "r1", "bad"), renamed("u1", "Đảng ủy một", "2023-02-01", "good")]
    log += [admitted("u2", "2023-01-05", f"b{n}") for n in range(4)]
    return log


@pytest.fixture
def defect(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let a rule raise for one event, when it has spoilt the state."""
    right = unit_changed.decide

    def decide(position: int, event: Event, work: BatchWork) -> Any:
        if getattr(event.data, "name", None) == POISONED:
            work.hierarchy.by_id.pop(event.subject)  # the state is of no use after it
            raise ZeroDivisionError("a defect of this program")
        return right(position, event, work)

    monkeypatch.setattr(unit_changed, "decide", decide)
    return monkeypatch


@pytest.mark.usefixtures("defect")
@pytest.mark.parametrize("folded", [14, 5], ids=["folded all at once", "followed from before it"])
async def test_an_event_that_can_not_be_decided_is_malformed_live_and_rebuilt(database: str, folded: int) -> None:
    log = told()
    async with system_on(database) as system:
        await system.deliver(log, [(0, 3, False), (3, len(log), False)])
        assert await outcomes(system) == expected(log)
        live = await system.dump()
        await system.connection.execute("UPDATE verdict SET detail = 'forgotten' WHERE detail = $1", DETAIL)
        async with beside(system) as generation:
            await generation.open()
            await generation.fold(folded, quietly)
            await generation.count(quietly)
            await generation.follow(len(log))
        rebuilt = await dump_of(system, generation.schema)
        said = f"SELECT detail FROM {generation.schema}.verdict WHERE position = 9"
        assert await system.connection.fetchval(said) == DETAIL
    assert rebuilt == live


async def test_a_fact_that_can_not_be_decided_in_a_rebuild_alone_is_malformed_there(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = decision.subject_at_once

    def subject_at_once(hierarchy: Hierarchy, publisher: str, subject: str, *of: Any) -> Any:
        if subject == "u2":
            raise ZeroDivisionError("a defect of this program")
        return right(hierarchy, publisher, subject, *of)

    def lineage_at_once(*_: Any) -> Any:
        raise ZeroDivisionError("a defect of this program")

    log = [*told(), admitted("u2", "2023-01-05", "last")]
    await deliver(database, log)
    for module in (decision, plain_facts):  # one at a time, and many at once
        monkeypatch.setattr(module, "subject_at_once", subject_at_once)
    monkeypatch.setattr(fact, "lineage_at_once", lineage_at_once)
    found = (await verified(database)).comparison.listed
    said = {each.key["position"]: each.should for each in found if each.table == "verdict"}
    assert said.keys() == {12, 13, 14, 15, 16}
    assert {each["detail"] for each in said.values() if each} == {DETAIL}


async def test_what_live_work_set_aside_stays_so(database: str, defect: pytest.MonkeyPatch) -> None:
    """Its publisher was told so, and may have said it anew since: a program that can decide it by now keeps to that."""
    log = told()
    await deliver(database, log)
    defect.undo()
    found = await verified(database)
    assert found.comparison.listed == []
    assert found.aside == [9]


async def test_what_can_not_be_written_is_set_aside_where_it_fails_alone(database: str) -> None:
    grade = {"member": "m-1", "grade": 30, "awarded_on": "2023-01-05"}
    log = [*told()[:6], say("u1", "badge", "badge.awarded", "u1", grade), *(admitted("u1", "2023-02-05", "last"),)]
    async with system_on(database) as system:
        schema = schema_of(await system.connection.fetchval("SELECT generation FROM checkpoint"))
        await system.connection.execute(f"ALTER TABLE {schema}.fact ADD CONSTRAINT no_badges CHECK (measure <> 3)")
        await deliver(database, log)
        found = await outcomes(system)
        assert found[7][:2] == ("rejected", "malformed")
        assert found[7][2].startswith(PREFIX + "CheckViolationError")
        assert {what for position, (what, *_) in found.items() if position != 7} == {"applied", "counted"}
        await system.connection.execute(f"ALTER TABLE {schema}.fact DROP CONSTRAINT no_badges")
    checked = await verified(database)
    assert (checked.comparison.listed, checked.aside) == ([], [7])


async def deliver(database: str, log: list[Said]) -> None:
    """Carry the log as a restore does, whatever of it fails."""
    projection = await Projection.open(database, root=ROOT, sizes=SIZES)
    try:
        await projection.carry(messages(log), lambda error: not isinstance(error, asyncpg.InterfaceError))
    finally:
        await projection.close()


def expected(log: list[Said]) -> dict[int, tuple[str, str | None, str | None]]:
    holds = {
        position: ("counted" if "admitted" in said.bus_subject else "applied", None, None)
        for position, said in enumerate(log, 1)
    }
    done = ("rejected", "already_done", "the event is rejected already")
    return holds | {8: done, 9: ("rejected", "malformed", DETAIL), 10: done}


async def outcomes(system: System) -> dict[int, tuple[str, str | None, str | None]]:
    rows = await system.connection.fetch(
        f"SELECT position, outcome, reason, detail FROM {DECIDED} AS said ORDER BY position"
    )
    return {position: (*rest,) for position, *rest in rows}
