"""A log as brief as can be that holds all that can stand in one: what is stopped at every step is told this log."""

from __future__ import annotations

from typing import Final

from projections.rules.counting.state import Sizes
from tests.oracle.telling import (
    ROOT,
    Said,
    admitted,
    assigned,
    declared,
    departed,
    dissolved,
    founded,
    granted,
    moved,
    releveled,
    renamed,
    restored,
    retracted,
    revoked,
    root,
    say,
    transferred,
)

SIZES: Final = Sizes(large=3, vast=5)
DAY, LATER = "2023-01-05", "2023-02-07"
ACCOUNT: Final = "0123456789abcdef"
FEMALE: Final = {"sex": "female"}

BEFORE: Final[tuple[Said, ...]] = (
    root(),
    founded("u1", ROOT, "2010-01-01"),
    founded("u2", ROOT, "2010-01-01"),
    founded("u3", ROOT, "2010-01-01"),
    founded("e0", "u3", "2010-01-01", "cell"),
    *(founded(cell, "u1", "2010-01-01", "cell") for cell in ("c0", "c1", "c2", "c3", "c4", "c5")),
    founded("d0", "u2", "2010-01-01", "cell"),
    founded("empty", "u2", "2010-01-01", "cell"),
    *(admitted(cell, day, f"{day}-{cell}", facets=FEMALE) for cell in ("c0", "c1", "c2") for day in (DAY, LATER)),
    *(admitted("c2", f"2022-{month:02}-15", f"y-{month}") for month in range(1, 12)),
    admitted("d0", DAY, "d", facets=FEMALE),
    admitted("late", DAY, "waits"),
    assigned("u1", "admissions", (DAY, LATER), (7, None), "goal", by=ROOT),
    declared("u1", "members", DAY, 16, "figure"),
    renamed("u1", "Đảng ủy một", LATER, "name"),
    granted("u1", ACCOUNT, "officer", "role", until=LATER, by=ROOT),
)
"""What stands already: structure, facts, plans, a role, one event that waits."""

NEW: Final[tuple[Said, ...]] = (
    # unit u2 becomes large, and vast; u3 stays small; facts, plans and roles of all kinds
    *(founded(cell, "u2", "2010-01-01", "cell") for cell in ("d1", "d2", "d3")),
    admitted("c0", DAY, "n1", facets=FEMALE),
    admitted("d1", LATER, "n2"),
    admitted("e0", DAY, "n6"),
    transferred("c0", "d0", LATER, "over", **{"as": "d0-14"}),
    departed("c0", "not_confirmed", LATER, "out", facets=FEMALE),
    restored("d1", LATER, "in-again"),
    assigned("u2", "confirmations", (DAY, LATER), (1, 9), "goal-2", by=ROOT),
    declared("u2", "members", LATER, 5, "figure-2"),
    granted("u2", ACCOUNT, "reader", "role-2"),
    revoked("u1", ACCOUNT, "officer", "role-3", by="u1"),
    # said twice, too early, wrongly; a move, a name and a level told late
    admitted("c0", DAY, "n1", facets=FEMALE),
    admitted("d0", DAY, "n3", by="c0"),
    admitted("later", DAY, "n4"),
    say("c0", "wrong", "member.admitted", "c0", {"member": "m-1"}),
    moved("c2", "u2", "2022-03-10", "told-late"),
    moved("e0", "u1", "2023-01-01", "from-a-small-unit"),
    releveled("d0", "section", "2021-01-01", "level"),
    renamed("u2", "Đảng ủy hai", DAY, "name-2"),
    admitted("c2", "2022-02-01", "n5"),
    # what waited is let go; taken back are facts, plans, a name, a role, a unit and what is not said yet; one ends
    founded("late", "u2", "2011-01-01", "cell"),
    retracted("c1", "back-1", f"{DAY}-c1"),
    retracted(ROOT, "back-2", "goal"),
    retracted(ROOT, "back-3", "name"),
    retracted("u1", "back-6", "role-3"),
    retracted(ROOT, "back-4", "found-empty"),
    retracted("c0", "back-5", "unsaid-yet"),
    admitted("c0", DAY, "unsaid-yet"),
    dissolved("c1", "2023-03-01", "c0"),
    moved("u2", "u1", "2022-02-10", "vast"),
    # by itself: of a small unit and a vast one, and left to be summed up when nothing else comes
    admitted("e0", "2022-05-05", "n7"),
)
"""What is told while it is stopped; it is given in parts of eight."""

PART: Final = 8
LOG: Final = (*BEFORE, *NEW)
