"""What has to be decided in stream order within one chunk of a rebuild, with plain facts in between."""

from __future__ import annotations

import pytest

from projections.store.live.projection import Projection
from projections.store.log.outcome_sql import DECIDED
from projections.store.rebuilding.making import decoded_chunk
from services.settings import Settings
from services.verification.rebuilding import rebuild
from tests.integration.test_verify import ACCOUNT, DAY, LATER, SIZES, quietly
from tests.oracle.telling import ROOT, Said, admitted, founded, granted, moved, retracted, root, say
from tests.property.system import messages
from tests.servers import connect

TARGET = {"measure": "admissions", "from": DAY, "to": LATER, "at_least": 7, "resolution": "NQ"}
OUTCOMES = f"SELECT outcome, reason FROM {DECIDED} AS said WHERE id = $1 ORDER BY position DESC LIMIT 1"


def apart(*groups: tuple[Said, ...]) -> list[Said]:
    """Tell of a tree, then of these groups with plain facts between them."""
    told = [root(), *(founded(unit, ROOT, "2010-01-01", event_id=f"f-{unit}") for unit in ("u1", "gone"))]
    for number, group in enumerate(groups):
        told += [*(admitted("u1", DAY, f"plain-{number}-{n}") for n in range(5)), *group]
    return [*told, admitted("u1", LATER, "plain-last")]


CASES = {
    "a retraction before its event": (
        ((retracted("u1", "r", "late"),), (admitted("u1", LATER, "late"),)),
        {"late": ("retracted", None), "r": ("applied", None)},
    ),
    "two retractions of one event": (
        ((admitted("u1", LATER, "a"),), (retracted("u1", "r", "a"),), (retracted("u1", "again", "a"),)),
        {"a": ("retracted", None), "again": ("rejected", "already_done")},
    ),
    "a plan said twice": (
        ((say(ROOT, "p", "target.assigned", "u1", TARGET),) * 2,),
        {"p": ("duplicate", None)},
    ),
    "a unit that a plan of the same chunk is about": (
        (
            (say(ROOT, "p", "target.assigned", "gone", TARGET), moved("u1", ROOT, LATER, "m")),
            (retracted(ROOT, "r", "f-gone"),),
        ),
        {"r": ("rejected", "in_use")},
    ),
    "a role that is given before its publisher is above": (
        (
            (granted("gone", ACCOUNT, "reader", "early", by="u1"), moved("gone", "u1", LATER, "m")),
            (granted("gone", ACCOUNT, "reader", "now", by="u1"), moved("gone", ROOT, LATER, "m2")),
            (granted("gone", ACCOUNT, "reader", "late", by="u1"),),
        ),
        {"early": ("rejected", "not_authorised"), "now": ("applied", None), "late": ("rejected", "not_authorised")},
    ),
    "a role that is taken back before it is given": (
        ((retracted("u1", "r", "late"),), (granted("u1", ACCOUNT, "reader", "late"),)),
        {"late": ("retracted", None), "r": ("applied", None)},
    ),
    "a unit over which a role of the same chunk is held": (
        ((granted("gone", ACCOUNT, "reader", "a"),), (retracted(ROOT, "r", "f-gone"),)),
        {"r": ("rejected", "in_use")},
    ),
    "a unit over which a role is held no more": (
        (
            (granted("gone", ACCOUNT, "reader", "a"),),
            (retracted("gone", "b", "a"),),
            (retracted(ROOT, "r", "f-gone"),),
        ),
        {"a": ("retracted", None), "r": ("applied", None)},
    ),
    "a unit that a fact of the same chunk is about": (
        ((admitted("gone", DAY, "a"),), (retracted(ROOT, "r", "f-gone"),)),
        {"r": ("rejected", "in_use")},
    ),
    "a unit that is taken back before facts about it": (
        ((retracted(ROOT, "r", "f-gone"),), (admitted("gone", DAY, "a"),)),
        {"r": ("applied", None), "a": ("parked", "unknown_unit")},
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_what_is_decided_in_one_chunk_is_what_was_decided_live(
    database: str, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.setattr(decoded_chunk, "GAP", 2)
    groups, outcomes = CASES[case]
    live = await Projection.open(database, root=ROOT, sizes=SIZES)
    await live.apply(messages(apart(*groups)))
    await live.close()
    connection = await connect(database)
    try:
        for event_id, expected in outcomes.items():
            assert tuple(await connection.fetchrow(OUTCOMES, event_id)) == expected
    finally:
        await connection.close()
    done = await rebuild(Settings(database_url=database), quietly, sizes=SIZES)
    assert not done.comparison, done.comparison
