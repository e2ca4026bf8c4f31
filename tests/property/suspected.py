"""Logs of few people about whom much is said: twice, too early, in two units that transfers join, taken back again."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.oracle.telling import ROOT, Said, retracted, say
from tests.property.reorganised import reorganised_log
from tests.property.strategies import UNITS

PEOPLE = ("1", "2", "3")
DAYS = (
    *("2019-12-31", "2021-01-31", "2021-02-28", "2022-01-31", "2022-12-31", "2023-01-01", "2023-01-02"),
    *("2023-02-28", "2023-06-30", "2024-01-01", "2024-01-02", "2024-01-03", "2024-02-29", "2025-02-28"),
)
"""The log comes in on 2024-01-02 (`system.messages`): some of them are on the edge of a year, or of a day."""


def suspected_log(random: Random) -> list[Said]:
    """Make a log of reorganisations, and of some thirty facts about three references in four units."""
    log = reorganised_log(random)
    units, ids = random.sample(UNITS[:4], random.randint(2, 4)), []
    for n in range(random.randint(15, 40)):
        unit = random.choice(units)
        publisher = random.choice((unit, ROOT))
        kind, data = _fact(random, units)
        ids.append((publisher, f"p{n}"))
        said = [say(publisher, f"p{n}", kind, unit, data)]
        if random.randrange(6) == 0:
            of, target = random.choice(ids)
            said.append(retracted(of, f"t{n}", target))
        at = random.randint(len(log) // 4, len(log))
        log[at:at] = said
    return log


def _fact(random: Random, units: list[str]) -> tuple[str, dict[str, Any]]:
    def day() -> str:
        return random.choice(DAYS)

    def maybe(name: str, value: Any) -> dict[str, Any]:
        return {name: value} if random.randrange(3) == 0 else {}

    data: dict[str, Any] = {"member": random.choice(PEOPLE)}
    kind = random.choice(
        (
            *["member.admitted"] * 3,
            *["member.confirmed"] * 3,
            *["badge.awarded"] * 2,
            *["member.departed"] * 2,
            *("member.restored", "candidate.trained"),
            *["member.transferred"] * 2,
        )
    )
    match kind:
        case "member.admitted":
            data |= {"decided_on": day()} | maybe("ceremony_on", day()) | maybe("readmission", random.random() < 0.8)
        case "member.confirmed":
            data |= {"decided_on": day()} | maybe("effective_on", day())
        case "badge.awarded":
            data |= {"awarded_on": day(), "grade": random.choice((30, 40, 50))}
        case "member.departed":
            data |= {"on": day(), "reason": random.choice(("died", "expelled", "not_confirmed", "not_confirmed"))}
        case "member.transferred":
            data |= {"on": day(), "to": random.choice(units)}
            data |= {"as": random.choice(PEOPLE)} if random.randrange(4) else {}
        case "candidate.trained":
            data = {"candidate": data["member"], "on": day(), "passed": True}
        case _:
            data |= {"on": day()}
    return kind, data
