"""What units say under load, from one seed: facts of all kinds, things said twice, too early, wrongly, and taken back.

Everything is made so that what becomes of it in the end does not depend on the order in which the bus takes it.
"""

from __future__ import annotations

import datetime as dt
import json
from itertools import count
from random import Random
from typing import Any, Final, NamedTuple

from tests.oracle.telling import (
    ROOT,
    Said,
    admitted,
    departed,
    founded,
    moved,
    restored,
    retracted,
    root,
    say,
    transferred,
)

PROVINCES: Final = tuple(f"p{n}" for n in range(3))
UPPERS: Final = tuple(f"u{n}" for n in range(9))
CELLS: Final = tuple(f"c{n}" for n in range(36))
LATE: Final = tuple(f"late{n}" for n in range(6))
GHOST: Final = "ghost"
"""Late ones are founded long after they are spoken of, the ghost never."""

SINCE: Final = "2020-01-01"
FIRST_DAY: Final = dt.date(2021, 1, 1)
DAYS: Final = 3 * 365
MOVED: Final = (*UPPERS[:3], *CELLS[:3])


class Told(NamedTuple):
    """A message to publish. `wrong`: it can never hold."""

    said: Said
    message_id: str
    wrong: bool = False


class Structure:
    """What the root says about units: the tree first, then what is told late."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def tree(self) -> list[Told]:
        """Say the units that are there from the beginning; the root has more than 32 below it, so it is a large one."""
        said = [root(since=SINCE)]
        said += [founded(unit, ROOT, SINCE, "province") for unit in PROVINCES]
        said += [founded(unit, PROVINCES[n % 3], SINCE, "upper") for n, unit in enumerate(UPPERS)]
        said += [founded(unit, UPPERS[n % 9], SINCE, "cell") for n, unit in enumerate(CELLS)]
        return [told_of(one) for one in said]

    def late(self) -> list[Told]:
        """Say what is told while facts are, in any order: units that are spoken of already, and moves in the past."""
        said = [founded(unit, self._random.choice(UPPERS[3:]), SINCE, "cell") for unit in LATE]
        for n, unit in enumerate(MOVED):
            parents = PROVINCES if unit in UPPERS else UPPERS[3:]
            said.append(moved(unit, self._random.choice(parents), str(_day(self._random)), f"move-{n}"))
        self._random.shuffle(said)
        return [told_of(one) for one in said]


class Clerk:
    """One of several who publish facts, each with ids of its own. What is said again or taken back was said before."""

    def __init__(self, number: int, random: Random) -> None:
        self._random = random
        self._ids = (f"k{number}-{n}" for n in count())
        self._said: list[Said] = []
        self._lasting: list[Said] = []

    def group(self, size: int) -> list[list[Told]]:
        """Make messages in groups: what is in one may be published in any order, after the group before."""
        facts = [self._fact() for _ in range(size)]
        first, second, taken_back = list(facts), [], []
        for _ in range(size if self._said else 0):
            chance = self._random.random()
            if chance < 0.10:
                second.append(self._again())
            elif chance < 0.18:
                second.append(self._retraction())
            elif chance < 0.22:
                early = self._fact()
                first.append(self._retraction(early.said))
                second.append(early)
                taken_back.append(early.said)
            elif chance < 0.30:
                second.append(self._wrong())
            elif chance < 0.32:
                first.append(told_of(retracted(ROOT, next(self._ids), "never", ROOT)))
        self._lasting += [fact.said for fact in facts]
        self._said += [*(fact.said for fact in facts), *taken_back]
        return [first, second]

    def _fact(self) -> Told:
        """Say a fact of any kind, now and then of a unit that is not known yet, or never will be."""
        random, event_id, day = self._random, next(self._ids), str(_day(self._random))
        unit = random.choices((*CELLS, *UPPERS, *LATE, GHOST), (8,) * 36 + (2,) * 9 + (4,) * 6 + (3,))[0]
        facets: dict[str, Any] = {"facets": {"sex": random.choice(("female", "male"))}} if random.random() < 0.7 else {}
        match random.randrange(8):
            case 0 | 1:
                said = admitted(unit, day, event_id, **facets)
            case 2:
                data = {"member": "m-1", "grade": random.choice((30, 40, 90)), "awarded_on": day} | facets
                said = say(unit, event_id, "badge.awarded", unit, data)
            case 3:
                said = say(unit, event_id, "member.confirmed", unit, {"member": "m-1", "decided_on": day} | facets)
            case 4:
                said = say(
                    unit, event_id, "candidate.trained", unit, {"candidate": "q-1", "on": day, "passed": True} | facets
                )
            case 5:
                said = departed(
                    unit, random.choice(("died", "not_confirmed", "not_confirmed")), day, event_id, **facets
                )
            case 6:
                said = restored(unit, day, event_id, **facets)
            case _:
                known_as = {"as": "m-14"} if random.random() < 0.5 else {}
                said = transferred(unit, random.choice((*CELLS, *LATE)), day, event_id, **known_as)
        return told_of(said)

    def _again(self) -> Told:
        """Send something once more, past the deduplication of the bus, as it was or laid out anew."""
        said = self._random.choice(self._said)
        if self._random.random() < 0.5:
            said = Said(said.bus_subject, json.dumps(json.loads(said.body), indent=1, sort_keys=True).encode())
        return Told(said, f"again:{next(self._ids)}")

    def _retraction(self, target: Said | None = None) -> Told:
        """Take a fact back, each at most once."""
        if target is None:
            target = self._lasting.pop(self._random.randrange(len(self._lasting)))
        of = target.bus_subject.split(".")[2]
        by = self._random.choice((of, ROOT)) if of in CELLS else of
        event_id = json.loads(target.body)["id"]
        return told_of(retracted(by, next(self._ids), event_id, of, by))

    def _wrong(self) -> Told:
        """Say what can never hold; an id that is used for something else among it."""
        event_id, unit = next(self._ids), self._random.choice(CELLS)
        match self._random.randrange(5):
            case 0:
                said = Said(f"party.v1.{unit}.member.admitted", b'{"id": "' + event_id.encode())
            case 1:
                said = say(unit, event_id, "member.promoted", unit, {"member": "m-1"})
            case 2:
                said = say(unit, event_id, "badge.awarded", unit, {"member": "m", "grade": 35, "awarded_on": SINCE})
            case 3:
                said = admitted(unit, "2023-02-30", event_id)
            case _:
                taken = self._random.choice(self._said)
                publisher = taken.bus_subject.split(".")[2]
                said = admitted(publisher, "2019-01-01", json.loads(taken.body)["id"])
        return Told(said, f"wrong:{event_id}", wrong=True)


def told_of(said: Said) -> Told:
    """Publish it with the id of the message that the contract gives (section 1)."""
    return Told(said, f"{said.bus_subject.split('.')[2]}:{json.loads(said.body)['id']}")


def _day(random: Random) -> dt.date:
    return FIRST_DAY + dt.timedelta(days=random.randrange(DAYS))
