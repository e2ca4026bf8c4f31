"""A brute-force reading of the contract: what becomes of each event (section 2), and every answer from those that hold.

Nothing is kept but the messages and their outcomes: each decision and each answer looks at all of them again. Nothing
is shared with the system under test but the codec, which says whether a single message is well formed.
"""

from __future__ import annotations

import datetime as dt

from tests.oracle.figures import Question, Report, events_under, report, splits
from tests.oracle.hierarchy import LAST_KNOWN, Hierarchy
from tests.oracle.ledger import Entry, read, same_content, statement, statements
from tests.oracle.wording import ACCESS, FACTS, RETRACTION, STRUCTURE, Event, day_of, named_units

Verdict = tuple[str, str | None]
"""An outcome and its reason."""


class Oracle:
    """Feed it the log in stream order, then ask. Outcomes and figures are those as known after the last message fed."""

    structure: type[Hierarchy] = Hierarchy

    def __init__(self, root: str = "trung-uong", levels: int = 64, links: int = 256) -> None:
        self.root = root
        self.levels = levels
        self.links = links
        self.entries: list[Entry] = []
        self._messages: list[tuple[int, str, bytes]] = []

    def feed(self, position: int, bus_subject: str, body: bytes) -> None:
        """Take the next message; positions rise."""
        self._messages.append((position, bus_subject, body))
        entry = read(position, bus_subject, body, self.root)
        first = self._first(entry.key)
        self.entries.append(entry)
        if first is not None:
            if same_content(first.body, body):
                entry.outcome = "duplicate"
            else:
                entry.outcome, entry.reason = "rejected", "id_conflict"
            entry.key = None
            return
        if entry.event is None:
            entry.outcome, entry.reason = "rejected", entry.refused
        else:
            self._carry_out(entry, self._decide(entry))
        self._let_go()

    def _first(self, key: tuple[str, str] | None) -> Entry | None:
        for e in self.entries:
            if key is not None and e.key == key:
                return e
        return None

    def _let_go(self) -> None:
        """Carry out what is parked and can be decided now, always the first in the stream, until nothing more can."""
        again = True
        while again:
            again = False
            for e in self.entries:
                if e.outcome != "parked":
                    continue
                verdict = self._decide(e)
                if verdict[0] != "parked":
                    self._carry_out(e, verdict)
                    again = True
                    break
                e.reason = verdict[1]

    def _carry_out(self, entry: Entry, verdict: Verdict) -> None:
        entry.outcome, entry.reason = verdict
        assert entry.event is not None
        if entry.outcome == "applied" and entry.event["type"] == RETRACTION:
            target = self._target(entry.event)
            assert target is not None
            target.outcome, target.reason = "retracted", None

    # What an event waits for, or why it can't hold.

    def _decide(self, entry: Entry) -> Verdict:
        event = entry.event
        assert event is not None
        kind = event["type"]
        h = self.hierarchy()
        if kind == RETRACTION:
            return self._decide_retraction(entry, event, h)
        if kind in ACCESS:
            return ("applied", None) if self._may_grant(entry.publisher, event, h) else ("rejected", "not_authorised")
        founded_again = kind == "unit.established" and h.is_known(event["subject"])
        if founded_again or (kind == "unit.dissolved" and h.dissolution(event["subject"]) is not None):
            return "rejected", "already_done"
        reason = self._waits_for(entry, event, h)
        if reason is not None:
            return "parked", reason
        if kind in STRUCTURE:
            against = self._against_the_tree(self.structure([*h.statements, statement(entry)]))
            if against is not None:
                return "rejected", against
        return ("counted" if kind in FACTS else "applied"), None

    def _waits_for(self, entry: Entry, event: Event, h: Hierarchy) -> str | None:
        founding = event["type"] == "unit.established"
        by_itself = founding and event["subject"] == self.root and entry.publisher == self.root
        others = [
            u for u in named_units(event) if not (founding and u == event["subject"] and u != event["data"]["parent"])
        ]
        needed = others if by_itself else [*others, entry.publisher]
        if any(not h.is_known(u) for u in needed):
            return "unknown_unit"
        day = day_of(event)
        if any(not h.is_active(u, day) for u in others):
            return "inactive_unit"
        if not by_itself and not self._may_say(entry.publisher, event, day, h):
            return "not_authorised"
        return None

    def _may_say(self, publisher: str, event: Event, day: dt.date, h: Hierarchy) -> bool:
        unit = event["subject"]
        itself = event["type"] not in STRUCTURE
        if event["type"] == "unit.established":
            if event["data"]["parent"] is None:
                return False
            unit, itself = event["data"]["parent"], True
        if itself and publisher == unit:
            return True
        return publisher in h.ancestors(unit, day) or publisher in h.ancestors(unit, LAST_KNOWN)

    def _may_grant(self, publisher: str, event: Event, h: Hierarchy) -> bool:
        """Whether a unit may say who holds a role over the subject: as known now, whatever the time says."""
        unit = event["subject"]
        if not h.is_known(unit) or not h.is_known(publisher):
            return False
        return publisher == unit or publisher in h.ancestors(unit, LAST_KNOWN)

    def _decide_retraction(self, entry: Entry, event: Event, h: Hierarchy) -> Verdict:
        target = self._target(event)
        if target is None:
            return "parked", "unknown_event"
        if target.event is None or target.outcome in ("rejected", "retracted") or target.event["type"] == RETRACTION:
            return "rejected", "already_done"
        by, of = entry.publisher, target.publisher
        if by != of:
            if not h.is_known(by) or not h.is_known(of):
                return "parked", "unknown_unit"
            if by not in h.ancestors(of, day_of(target.event)) and by not in h.ancestors(of, LAST_KNOWN):
                return "parked", "not_authorised"
        reason = self._stands_fast(target, target.event)
        return ("applied", None) if reason is None else ("rejected", reason)

    def _stands_fast(self, target: Entry, event: Event) -> str | None:
        """Tell why what holds can't be taken back, None where it can."""
        if not target.holds or event["type"] not in STRUCTURE:
            return None
        if event["type"] == "unit.established" and self._is_referred_to(target):
            return "in_use"
        return self._against_the_tree(self.structure(statements([e for e in self.entries if e is not target])))

    def _against_the_tree(self, then: Hierarchy) -> str | None:
        """Tell why a hierarchy that would be can't be."""
        if then.has_cycle():
            return "cycle"
        return "too_deep" if then.too_deep(self.levels, self.links) else None

    def _is_referred_to(self, establishment: Entry) -> bool:
        assert establishment.event is not None
        for e in self.entries:
            if e is establishment or not e.holds or e.event is None or e.event["type"] == RETRACTION:
                continue
            if establishment.event["subject"] in named_units(e.event):
                return True
        return False

    def _target(self, retraction: Event) -> Entry | None:
        data = retraction["data"]
        return self._first((data["source"].removeprefix("/units/"), data["id"]))

    # What can be asked.

    def hierarchy(self) -> Hierarchy:
        return self.structure(statements(self.entries))

    def outcome(self, position: int) -> Verdict:
        """Tell the outcome and the reason of one message; raises LookupError for a position that wasn't fed."""
        for e in self.entries:
            if e.position == position:
                return e.outcome, e.reason
        raise LookupError(position)

    def outcomes(self) -> list[tuple[int, str, str | None]]:
        return [(e.position, e.outcome, e.reason) for e in self.entries]

    def held(self) -> list[int]:
        """List the positions of the events that hold, rising."""
        return [e.position for e in self.entries if e.holds]

    def standing(self) -> dict[tuple[str, str, str], tuple[int, bool, str | None]]:
        """Read what stands for each unit, account and role: at which position, whether it is given, until which day."""
        found = {}
        for e in self.entries:
            if e.holds and e.event is not None and e.event["type"] in ACCESS:
                data = e.event["data"]
                key = (e.event["subject"], data["account"], data["role"])
                found[key] = (e.position, e.event["type"] == "access.granted", data.get("until"))
        return found

    def roles(self, on: dt.date) -> list[tuple[str, str, str]]:
        """List the roles that are held on a day, as (unit, account, role)."""
        return sorted(
            key
            for key, (_, is_given, until) in self.standing().items()
            if is_given and (until is None or on <= dt.date.fromisoformat(until))
        )

    def parent(self, unit: str, day: dt.date) -> str | None:
        return self.hierarchy().parent(unit, day)

    def ancestors(self, unit: str, day: dt.date) -> list[str]:
        """List the units above on a day, root first, as the API shows them."""
        return self.hierarchy().ancestors(unit, day)[::-1]

    def parked(self, unit: str) -> list[int]:
        """Positions of the parked events whose subject is known and is the unit or, as last known, below it."""
        h = self.hierarchy()
        found = []
        for e in self.entries:
            if e.outcome == "parked" and e.event is not None and h.is_known(e.event["subject"]):
                subject = e.event["subject"]
                if subject == unit or unit in h.ancestors(subject, LAST_KNOWN):
                    found.append(e.position)
        return found

    def parked_of_report(self, unit: str, first: dt.date, last: dt.date) -> list[int]:
        """Those, and facts of the days whose subject was at or below the unit on their day (section 9)."""
        h = self.hierarchy()
        found = set(self.parked(unit))
        for e in self.entries:
            if e.outcome == "parked" and e.event is not None and e.event["type"] in FACTS:
                day = day_of(e.event)
                if first <= day <= last and h.is_known(e.event["subject"]):
                    found |= {e.position} if unit in h.ancestors(e.event["subject"], day) else set()
        return sorted(found)

    def report(self, question: Question) -> Report:
        """Answer a report (section 5); raises LookupError for an unknown unit."""
        return report(question, self._counted(), self.hierarchy())

    def splits(self, question: Question, dimensions: tuple[str, ...]) -> dict[tuple[str, str, str, str], int]:
        """Split a report (section 9): how many by row, measure, dimension and code."""
        return splits(question, dimensions, self._counted(), self.hierarchy())

    def report_at(self, position: int, question: Question) -> Report:
        """Answer it as known when the log stood at this position."""
        return self.at(position).report(question)

    def at(self, position: int) -> Oracle:
        """Give an oracle that knows no more of the log than up to this position."""
        then = Oracle(self.root, self.levels, self.links)
        for message in self._messages:
            if message[0] <= position:
                then.feed(*message)
        return then

    def events(self, question: Question) -> list[int]:
        """Positions of the events under the question's first measure, rising."""
        return events_under(question, self._counted(), self.hierarchy())

    def _counted(self) -> list[tuple[int, Event]]:
        return [(e.position, e.event) for e in self.entries if e.outcome == "counted" and e.event is not None]
