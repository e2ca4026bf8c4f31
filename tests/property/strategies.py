"""Logs for the property tests: small trees, few days, everything that the contract names, told in any order.

Most of a log is right, so that figures arise at all; the rest is wrong in each of the ways of section 2. Days lie at
the ends of months and years, and there are few of them, so that changes and facts fall on one day. A log is made from
one number: Hypothesis varies an example by copying its parts, and logs made in that way are much alike.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.oracle.telling import (
    ROOT,
    Said,
    dissolved,
    founded,
    granted,
    moved,
    releveled,
    renamed,
    retracted,
    revoked,
    root,
    say,
)
from tests.oracle.wording import ACCESS, CODES, FACETS, LEVELS, MEASURES, ROLES

DAYS = (
    "2019-12-31",
    "2020-01-01",
    "2020-02-29",
    "2020-03-01",
    "2020-12-31",
    "2022-12-31",
    "2023-01-01",
    "2023-01-31",
    "2023-02-01",
    "2023-12-31",
    "2024-01-01",
)
UNITS = tuple(f"u{n}" for n in range(1, 12))
STRANGER = "nobody"

FACTS = (
    "member.admitted",
    "member.confirmed",
    "badge.awarded",
    "member.departed",
    "member.transferred",
    "candidate.introduced",
    "candidate.trained",
    "member.restored",
)
ACTIONS = (
    ["fact"] * 24
    + ["founded"] * 2
    + ["moved"] * 4
    + ["dissolved"] * 2
    + ["releveled", "renamed"]
    + ["target", "declaration"]
    + ["granted", "granted", "revoked"]
    + ["retracted"] * 4
    + ["again", "conflict", "garbage"]
)

ACCOUNTS = ("0123456789abcdef", "zyxwvutsrqponmlk")
"""Few, as are the roles that most are given, so that one word on access follows another about the same."""

LATE_DAYS = DAYS[4:] * 3 + DAYS
EARLY_DAYS = DAYS[:2] * 12 + DAYS

T = TypeVar("T")


class Teller:
    """Tells one log in a natural order, choosing everything at random; `log` is what it has told."""

    def __init__(self, random: Random, units: Sequence[str]) -> None:
        self.random = random
        self.units = units
        self.log: list[Said] = [root(event_id="e0", since="2019-12-31")]
        self.tell_tree()

    def one(self, values: Sequence[T]) -> T:
        return self.random.choice(values)

    def one_in(self, n: int) -> bool:
        """Choose true once in n times."""
        return self.random.randrange(n) == 0

    def day(self) -> str:
        return self.one(LATE_DAYS)

    def new_id(self) -> str:
        return f"e{len(self.log)}"

    def any_unit(self) -> str:
        """Choose a unit, now and then one that nobody knows."""
        if self.one_in(30):
            return STRANGER
        return self.one((*self.units, ROOT))

    def publisher_for(self, unit: str) -> str:
        """Choose who says it: mostly the unit itself or the root, else anybody."""
        return self.one((ROOT, ROOT, unit, unit, unit, self.any_unit()))

    def publisher_above(self) -> str:
        return self.any_unit() if self.one_in(4) else ROOT

    def tell_tree(self) -> None:
        since_of = {ROOT: "2019-12-31"}
        for unit in self.units:
            parent = self.one(list(since_of)[-4:])
            by = self.one((ROOT, ROOT, parent))
            since = max(self.one(EARLY_DAYS), since_of[parent])
            since_of[unit] = since
            level = self.one(LEVELS)
            self.log.append(founded(unit, parent, since, level, by=by, event_id=self.new_id()))

    def fact(self) -> Said:
        kind = self.one(FACTS)
        unit, day = self.any_unit(), self.day()
        data: dict[str, Any] = {"member": "m-1"}
        if kind == "member.admitted":
            data |= {"decided_on": day} | self.perhaps("readmission", self.one_in(2))
        elif kind == "member.confirmed":
            data |= {"decided_on": day} | self.perhaps("effective_on", self.day())
        elif kind == "badge.awarded":
            data |= {"awarded_on": day, "grade": int(self.one(CODES["grade"]))}
            data |= self.perhaps("early", self.one_in(2)) | self.perhaps("posthumous", self.one_in(2))
        elif kind == "member.departed":
            data |= {"on": day, "reason": self.one(CODES["reason"])}
        elif kind == "member.transferred":
            data |= {"on": day, "to": self.any_unit()} | self.perhaps("as", self.one(("m-1", "2023-014")))
        elif kind == "member.restored":
            data |= {"on": day}
        elif kind == "candidate.introduced":
            data = {"candidate": "c-1", "on": day}
        else:
            data = {"candidate": "c-1", "on": day, "passed": self.one_in(2)}
        data |= self.perhaps("facets", self.facets())
        return say(self.publisher_for(unit), self.new_id(), kind, unit, data)

    def perhaps(self, name: str, value: Any) -> dict[str, Any]:
        return {name: value} if self.one_in(2) else {}

    def facets(self) -> dict[str, str]:
        return {name: self.one(CODES[name]) for name in FACETS if self.one_in(3)}

    def founded(self) -> Said:
        """Found a unit, mostly one that is there already or was until it was taken back."""
        unit, parent = self.one((*UNITS, ROOT)), self.any_unit()
        level = self.one(LEVELS)
        return founded(unit, parent, self.one(EARLY_DAYS), level, by=self.publisher_above(), event_id=self.new_id())

    def moved(self) -> Said:
        unit, parent = self.any_unit(), self.any_unit()
        return moved(unit, parent, self.day(), self.new_id(), by=self.publisher_above())

    def dissolved(self) -> Said:
        unit, successor = self.any_unit(), self.any_unit() if self.one_in(2) else None
        return dissolved(unit, self.day(), successor, self.new_id(), by=self.publisher_above())

    def releveled(self) -> Said:
        return releveled(self.any_unit(), self.one(LEVELS), self.day(), self.new_id(), by=self.publisher_above())

    def renamed(self) -> Said:
        name = self.one(("Đảng ủy xã Nhân Thắng", "Chi bộ 4"))
        return renamed(self.any_unit(), name, self.day(), self.new_id(), by=self.publisher_above())

    def target(self) -> Said:
        unit, first, last = self.any_unit(), *sorted((self.day(), self.day()))
        measure = self.one(MEASURES)
        data = {"measure": measure, "from": first, "to": last, "at_least": 3, "resolution": "NQ 1"}
        return say(self.publisher_for(unit), self.new_id(), "target.assigned", unit, data)

    def declaration(self) -> Said:
        unit, first, last = self.any_unit(), *sorted((self.day(), self.day()))
        period = {"figure": "badges", "from": first, "to": last, "value": 4}
        data = period if self.one_in(2) else {"figure": "members", "on": last, "value": 16}
        return say(self.publisher_for(unit), self.new_id(), "figure.declared", unit, data)

    def access(self) -> tuple[str, str, str]:
        """Choose a unit, an account and a role: one of the root alone is now and then said of another unit."""
        unit = self.any_unit()
        role = self.one(("reader", "reader", "keeper", self.one(ROLES)))
        return ROOT if role == "operator" and not self.one_in(4) else unit, self.one(ACCOUNTS), role

    def granted(self) -> Said:
        unit, account, role = self.access()
        until = self.day() if self.one_in(3) else None
        return granted(unit, account, role, self.new_id(), until=until, by=self.publisher_for(unit))

    def revoked(self) -> Said:
        """Take a role back, mostly one that was given."""
        given = [said for said in self.log if said.bus_subject.endswith(ACCESS[0])]
        if not given or self.one_in(4):
            unit, account, role = self.access()
        else:
            event = json.loads(self.one(given).body)
            unit, account, role = event["subject"], event["data"]["account"].removeprefix("a-"), event["data"]["role"]
        return revoked(unit, account, role, self.new_id(), by=self.publisher_for(unit))

    def retracted(self) -> Said:
        """Take back something said before, now and then something that never was."""
        return self.taking_back(self.one(self.log))

    def taking_back(self, target: Said) -> Said:
        """Take this back, mostly as its publisher or the root."""
        of = target.bus_subject.split(".")[2]
        event_id = "never" if self.one_in(12) else _id_of(target)
        by = self.one((of, of, ROOT, self.any_unit()))
        return retracted(by, self.new_id(), event_id, of, self.any_unit())

    def again(self) -> Said:
        """Send something once more, as it was or laid out anew."""
        said = self.one(self.log)
        if self.one_in(2) or _id_of(said) == "none":
            return said
        return Said(said.bus_subject, json.dumps(json.loads(said.body), sort_keys=True, indent=1).encode())

    def conflict(self) -> Said:
        """Say something else under an id that is taken by the same publisher."""
        said = self.one(self.log)
        publisher = said.bus_subject.split(".")[2]
        other = {"member": "m-2", "decided_on": self.day()}
        return say(publisher, _id_of(said), "member.admitted", publisher, other)

    def garbage(self) -> Said:
        return self.one(_garbage(self.new_id()))


def _id_of(said: Said) -> str:
    try:
        return str(json.loads(said.body)["id"])
    except (ValueError, TypeError, LookupError):
        return "none"


def _garbage(event_id: str) -> list[Said]:
    """Messages that can never hold, one for each way of it."""
    right = {"member": "m-1", "decided_on": "2023-01-01"}

    def wrong(kind: str = "member.admitted", data: Any = right, **attributes: Any) -> Said:
        return say("u1", event_id, kind, "u1", data, **attributes)

    return [
        Said("party.v1.u1.member.admitted", b"{"),
        Said("party.v1.u1.member.admitted", b"\xff\x00"),
        Said("party.v1.u1.member.admitted", b"[1]"),
        Said("party.v1.u1.member.admitted", b'{"id": "' + event_id.encode() + b'", "data": ' + b"[" * 99),
        Said("party.v1.U1.member.admitted", wrong().body),
        Said("party.v1.u1.member.confirmed", wrong().body),
        Said("party.v1.u1", wrong().body),
        wrong(data={**right, "note": " " * 17_000}),
        wrong(data={**right, "colour": "red"}),
        wrong(data={**right, "decided_on": "2023-02-30"}),
        wrong(data={**right, "member": None}),
        wrong(data=[]),
        wrong(kind="member.promoted"),
        wrong(source="/units/u2"),
        wrong(id=""),
        wrong(subject="U 1"),
        wrong(subject=None),
        wrong(kind="unit.established", data={"parent": None, "name": "x", "level": "cell", "since": "2020-01-01"}),
    ]


def log_of(random: Random) -> list[Said]:
    """Make a log of 20 to 60 messages: the tree, then anything; a few are told sooner or later."""
    teller = Teller(random, UNITS[: random.randint(3, len(UNITS))])
    for _ in range(random.randint(15, 50)):
        teller.log.append(getattr(teller, random.choice(ACTIONS))())
    log = teller.log
    for _ in range(random.choice((0, 2, 6, 12))):
        log.insert(random.randrange(len(log)), log.pop(random.randrange(len(log))))
    return log


logs = st.integers(0, 2**32 - 1).map(lambda seed: log_of(Random(seed)))


@st.composite
def cuttings(draw: st.DrawFn, length: int) -> list[tuple[int, int, bool]]:
    """Draw how a log of this length is delivered, as batches (first, end, reopen): indices into it, `end` exclusive.

    A batch may begin before the end of the one before, which is redelivery, but leaves no gap; before it the projection
    is closed and opened again where `reopen` says so.
    """
    ends = sorted({*draw(st.lists(st.integers(1, length), max_size=8)), length})
    batches = []
    done = 0
    for end in ends:
        first = max(0, done - draw(st.sampled_from((0, 0, 1, 3, length))))
        batches.append((first, end, draw(st.booleans())))
        done = end
    return batches


def shufflings(log: list[Said]) -> st.SearchStrategy[list[Said]]:
    """Draw the log with each run of facts that follow one another in another order (section 3, law 1).

    A fact whose id is used again stays where it is: of two that say different things the first stands.
    """
    keys = Counter(_key(said) for said in log)

    def shuffled(random: Random) -> list[Said]:
        found: list[Said] = []
        run: list[Said] = []
        for said in [*log, None]:
            if said is not None and said.bus_subject.split(".", 3)[-1] in FACTS and keys[_key(said)] == 1:
                run.append(said)
                continue
            random.shuffle(run)
            found += run if said is None else [*run, said]
            run = []
        return found

    return st.randoms(use_true_random=True).map(shuffled)


def _key(said: Said) -> tuple[str, str]:
    return said.bus_subject.split(".")[2], _id_of(said)
