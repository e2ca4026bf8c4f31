"""Who may say which plan of whom, and on which day that is judged (section 2): logs, and what becomes of the last."""

from __future__ import annotations

from tests.oracle.telling import ROOT, Said, assigned, declared, dissolved, founded, moved, retracted, root

TREE = (
    root(),
    founded("tinh", ROOT, "2000-01-01"),
    founded("huyen", "tinh", "2010-01-01"),
    founded("xa", "huyen", "2020-01-01"),
    founded("ban", "tinh", "2000-01-01"),
)
MOVE = moved("xa", "ban", "2023-06-01", "move")
AND_ON = moved("xa", "tinh", "2024-01-01", "on")
END = dissolved("xa", "2023-01-01")
HOLDS = ("applied", None)
STRANGER, ENDED = ("parked", "not_authorised"), ("parked", "inactive_unit")


def target(first: str, last: str, by: str = "xa") -> Said:
    return assigned("xa", "admissions", (first, last), (1, None), "plan", by=by)


def total(first: str, last: str, by: str = "xa") -> Said:
    return declared("xa", "admissions", (first, last), 0, "plan", by=by)


def stock(day: str, by: str = "xa") -> Said:
    return declared("xa", "members", day, 1, "plan", by=by)


CASES: dict[str, tuple[list[Said], tuple[str, str | None]]] = {
    "a target of a unit founded on its first day": ([target("2020-01-01", "2020-12-31")], HOLDS),
    "a target of a unit founded in its period": ([target("2019-12-31", "2020-12-31")], ENDED),
    "a target of a unit that ends in its period": ([END, target("2022-12-31", "2023-12-31")], HOLDS),
    "a target of a unit that ends on its first day": ([END, target("2023-01-01", "2023-12-31")], ENDED),
    "a total of a unit founded on its last day": ([total("2019-01-01", "2020-01-01")], HOLDS),
    "a total of a unit founded after its last day": ([total("2019-01-01", "2019-12-31")], ENDED),
    "a total of a unit that ends the day after": ([END, total("2022-01-01", "2022-12-31")], HOLDS),
    "a total of a unit that ends on its last day": ([END, total("2022-01-01", "2023-01-01")], ENDED),
    "a stock on the day of foundation": ([stock("2020-01-01")], HOLDS),
    "a stock on the day before": ([stock("2019-12-31")], ENDED),
    "a stock on the day of dissolution": ([END, stock("2023-01-01")], ENDED),
    "a target by a unit above": ([target("2021-01-01", "2021-12-31", by="tinh")], HOLDS),
    "a target by a unit beside": ([target("2021-01-01", "2021-12-31", by="ban")], STRANGER),
    "a stock by a unit beside": ([stock("2021-01-01", by="ban")], STRANGER),
    "a target by the unit above on its first day": ([MOVE, target("2023-05-31", "2023-12-31", by="huyen")], HOLDS),
    "a target by the one above until then": ([MOVE, target("2023-06-01", "2023-12-31", by="huyen")], STRANGER),
    "a target by the unit above as last known": ([MOVE, target("2021-01-01", "2021-12-31", by="ban")], HOLDS),
    "a target by a unit above in between": ([MOVE, AND_ON, target("2023-01-01", "2024-12-31", by="ban")], STRANGER),
    "a total by the unit above on its last day": ([MOVE, total("2023-01-01", "2023-05-31", by="huyen")], HOLDS),
    "a total by the one above on its first day": ([MOVE, total("2023-01-01", "2023-06-01", by="huyen")], STRANGER),
    "a total by a unit above in between": ([MOVE, AND_ON, total("2023-01-01", "2024-01-01", by="ban")], STRANGER),
    "a total by a unit above on its last day alone": (
        [MOVE, AND_ON, total("2023-01-01", "2023-12-31", by="ban")],
        HOLDS,
    ),
    "a stock by the unit above on its day": ([MOVE, stock("2023-05-31", by="huyen")], HOLDS),
    "a stock by the unit above until the day": ([MOVE, stock("2023-06-01", by="huyen")], STRANGER),
    "a foundation that a target refers to": (
        [target("2021-01-01", "2021-12-31"), retracted(ROOT, "back", "found-xa")],
        ("rejected", "in_use"),
    ),
    "a foundation that a declared figure refers to": (
        [stock("2021-01-01"), retracted(ROOT, "back", "found-xa")],
        ("rejected", "in_use"),
    ),
    "a foundation that a target referred to": (
        [target("2021-01-01", "2021-12-31"), retracted("xa", "r", "plan"), retracted(ROOT, "back", "found-xa")],
        HOLDS,
    ),
    "a plan taken back by the unit above on its day": (
        [MOVE, total("2023-01-01", "2023-05-31"), retracted("huyen", "back", "plan", of="xa")],
        HOLDS,
    ),
    "a plan taken back by the one above on its first day": (
        [MOVE, total("2023-01-01", "2023-06-01"), retracted("huyen", "back", "plan", of="xa")],
        STRANGER,
    ),
    "a plan taken back a second time": (
        [stock("2021-01-01"), retracted("xa", "r", "plan"), retracted("xa", "back", "plan")],
        ("rejected", "already_done"),
    ),
}
