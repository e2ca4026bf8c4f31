"""The fold: a batch of messages, in stream order, becomes one set of changes (contract §2).

Pure but for the state that it is given and carries forward: no I/O, no clock, no randomness. The same fold serves live
work, restarts and rebuilds.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Final

from events.catalogue import CATALOGUE
from events.codec import Event, Refusal, same_content
from events.subjects import PREFIX
from events.vocabulary import Outcome, Reason
from projections.rules.counting.batch_changes import Changes, LedgerRow, Rejects, Verdict
from projections.rules.counting.batch_work import BatchWork
from projections.rules.counting.state import Recorded, State
from projections.rules.deciding.decision import Key
from projections.rules.deciding.parking import Parked
from projections.rules.kinds import fact
from projections.rules.kinds.attempt import attempt
from projections.rules.kinds.kind import Ruling
from projections.rules.kinds.plain_facts import PlainFacts, count_at_once
from projections.rules.log.hash_chain import Link, extend
from projections.rules.log.kept_message import kept_headers
from projections.rules.log.message import Message
from projections.rules.log.set_aside import UndecidableError

EventKey = tuple[str, str]
_COUNTED: Final = Outcome.COUNTED
_became = attrgetter("type", "outcome", "reason")


class Fold:
    """A batch that is decided piece by piece, which follows ``state.position`` without a gap; ``last`` is its end.

    ``recorded`` holds the first message under every key that the batch or a waiting retraction names, as far as the log
    has one before the batch; it is extended. ``references`` counts the facts, plans and events of access that hold and
    refer to a unit, for every unit whose establishment a retraction names (`BatchWork`); what it lacks has none. The
    state is carried forward, and nobody else's from the first piece until the changes are taken.
    """

    def __init__(
        self, state: State, last: int, recorded: dict[EventKey, Recorded], references: Mapping[str, int]
    ) -> None:
        self._state = state
        self._after = state.position
        self._last = last
        self._recorded = recorded
        self._rows: dict[int, LedgerRow] = {}
        self._verdicts: dict[int, Verdict] = {}
        self._tally: dict[tuple[str, str, str], int] = {}
        self._rejects: dict[tuple[str, str], tuple[int, int]] = {}
        self._work = BatchWork(state, recorded, references)
        self._links: list[Link] = []
        self._link = Link(state.position, state.chain_hash) if state.chain_hash is not None else None

    def take_at_once(self, facts: PlainFacts, after: int, last: int, apart: Collection[int]) -> list[int]:
        """Count the plain facts after a position up to another that hold, all at once, and make no rows for them.

        Returns the positions of those that are to be taken as messages: those ``apart``, that something else refers to,
        and those that something is the matter with.
        """
        counted = count_at_once(facts, after, last, apart, self._work)
        for type_, n in counted.types.items():
            self._add_tally(type_, Outcome.COUNTED, None, n)
        return counted.left

    def take(self, messages: Sequence[Message], decoded: Sequence[Event | Refusal]) -> None:
        """Decide the next messages, and whatever they let go.

        Raises UndecidableError where deciding one raises; the state is of no use then.
        """
        if self._link is not None:
            found = extend(self._link, messages)
            self._link = found[-1]
            self._links += [link for link in found if link.lasts]
        place = 0
        while (place := self._take_facts(messages, decoded, place)) < len(messages):
            try:
                self._decide(messages[place], decoded[place])
            except Exception as error:
                raise UndecidableError(messages[place].position) from error
            place += 1

    def _take_facts(self, messages: Sequence[Message], decoded: Sequence[Event | Refusal], first: int) -> int:
        """Count facts one after the other as long as nothing is the matter with them; return the place of what is next.

        Nearly all of the log: just what `_decide` does with them, without what it takes for anything else.
        """
        work, recorded, rows, awaited = self._work, self._recorded, self._rows, self._state.parking.awaited
        place = first
        for message, event in zip(messages[first:], decoded[first:], strict=True):
            if isinstance(event, Refusal):
                break
            position, published_at, bus_subject, headers, body = message
            publisher, id_, type_ = event.publisher, event.id, event.type
            key = (publisher, id_)
            if key in recorded or key in awaited or not fact.apply_at_once(position, event, work):
                break
            kept = b"" if headers is None else kept_headers(publisher, id_, headers, body)
            rows[position] = LedgerRow(
                position, published_at, None, kept, publisher, id_, type_, event.subject, body, _COUNTED, position
            )
            recorded[key] = Recorded(position, publisher, id_, type_, _COUNTED, bus_subject, body, event)
            place += 1
        return place

    def _decide(self, message: Message, event: Event | Refusal) -> None:
        self._work.now = message.position
        row = self._row(message, event)
        self._rows[message.position] = row
        key = (event.publisher, event.id) if event.publisher is not None and event.id is not None else None
        prior = self._recorded.get(key) if key is not None else None
        if prior is not None:
            row.first, row.first_position = False, prior.position
            if same_content(prior.body, message.body):
                row.outcome = Outcome.DUPLICATE
            else:
                row.outcome, row.reason, row.field = Outcome.REJECTED, Reason.ID_CONFLICT, "id"
                row.detail = f"the id was used at position {prior.position} for something else"
                self._add_reject(row.publisher, row.reason, row.position)
            return
        entry = None
        if key is not None:
            entry = Recorded(message.position, key[0], key[1], event.type, "", message.bus_subject, message.body)
            self._recorded[key] = entry
        if isinstance(event, Refusal):
            ruling = Ruling(Outcome.REJECTED, event.reason, event.field, event.detail)
        else:
            if entry is not None:
                entry.event = event
            ruling = attempt(message.position, event, self._work)
        row.outcome, row.reason, row.field, row.detail = ruling.outcome, ruling.reason, ruling.field, ruling.detail
        row.held_at = message.position if ruling.holds else None
        if ruling.outcome == Outcome.REJECTED:
            self._add_reject(row.publisher, ruling.reason, row.position)
        if entry is not None:
            entry.outcome = ruling.outcome
        self._follow_up(ruling, key)

    def row_at(self, position: int) -> LedgerRow:
        """Return the row of a message that was taken, as it stands so far."""
        return self._rows[position]

    def changes(self, as_of: dt.datetime | None) -> Changes:
        """Close the batch, whose last message the bus took at ``as_of``."""
        links = self._links
        if self._link is not None:
            self._state.chain_hash = self._link.hash
            if not self._link.lasts:
                links.append(self._link)
        self._state.position = self._last
        done = self._work.finish()
        for said, n in Counter(map(_became, self._rows.values())).items():
            self._add_tally(*said, n)
        return Changes(
            edition=self._state.edition,
            after=self._after,
            position=self._last,
            as_of=as_of,
            ledger=list(self._rows.values()),
            links=links,
            verdicts=list(self._verdicts.values()),
            steps=done.steps,
            former=done.former,
            structure=done.structure,
            plans_made=done.plans_made,
            plans_unmade=done.plans_unmade,
            grants_made=done.grants_made,
            grants_unmade=done.grants_unmade,
            tally={key: n for key, n in self._tally.items() if n},
            rejects=[Rejects(*key, *counted) for key, counted in sorted(self._rejects.items())],
            parked={no: counts for no, counts in done.parked.items() if counts != (0, 0)},
            large=done.large,
            vast=done.vast,
            bent=sorted(done.bent),
            terms=[term for part in sorted(done.bent) for term in self._state.past.terms(part)],
        )

    def _follow_up(self, ruling: Ruling, key: EventKey | None) -> None:
        """Look again at what waits for the news, the lowest position first, until nothing more can be decided."""
        parking = self._state.parking
        if not len(parking) and not ruling.retracts:
            return
        self._settle_retracted(ruling)
        news: set[Key] = {*ruling.news, *([key] if key is not None else [])}
        candidates = parking.waiting_for(news)
        candidates.discard(self._work.now)
        while candidates:
            position = min(candidates)
            candidates.discard(position)
            waited = self._work.unpark(position)
            if waited is None:
                continue
            again = attempt(position, waited.event, self._work)
            if again.waits:
                self._still_parked(waited, again)
                continue
            self._settle(position, waited, again)
            self._settle_retracted(again)
            own = (waited.event.publisher, waited.event.id)
            candidates |= parking.waiting_for({*again.news, own})

    def _still_parked(self, waited: Parked, again: Ruling) -> None:
        if (waited.waits.reason, waited.waits.field, waited.waits.detail) != (again.reason, again.field, again.detail):
            self._settle(waited.position, waited, again)

    def _settle(self, position: int, waited: Parked, ruling: Ruling) -> None:
        self._change(position, waited.event.type, (Outcome.PARKED, waited.waits.reason), ruling, None)
        if ruling.outcome == Outcome.REJECTED:
            self._add_reject(waited.event.publisher, ruling.reason, position)
        entry = self._recorded.get((waited.event.publisher, waited.event.id))
        if entry is not None:
            entry.outcome = ruling.outcome

    def _settle_retracted(self, ruling: Ruling) -> None:
        for target, was, by in ruling.retracts:
            self._change(target.position, target.type, was, Ruling(Outcome.RETRACTED), by)

    def _change(
        self, position: int, type_: str | None, was: tuple[str, str | None], ruling: Ruling, by: int | None
    ) -> None:
        retracted_at = self._work.now if by is not None else None
        rejected_at = self._work.now if ruling.outcome == Outcome.REJECTED else None
        row = self._rows.get(position)
        if row is None:
            self._add_tally(type_, was[0], was[1], -1)
            self._add_tally(type_, ruling.outcome, ruling.reason, 1)
            before = self._verdicts.get(position)
            held_at = self._work.now if ruling.holds else (before.held_at if before is not None else None)
            said = (ruling.outcome, ruling.reason, ruling.field, ruling.detail)
            self._verdicts[position] = Verdict(position, *said, held_at, rejected_at, retracted_at, by)
            return
        row.outcome, row.reason, row.field, row.detail = ruling.outcome, ruling.reason, ruling.field, ruling.detail
        if ruling.holds:
            row.held_at = self._work.now
        row.rejected_at = rejected_at
        if by is not None:
            row.retracted_at, row.retracted_by = retracted_at, by

    def _add_tally(self, type_: str | None, outcome: str, reason: str | None, n: int) -> None:
        key = (type_ if type_ is not None and type_ in CATALOGUE else "", outcome, reason or "")
        self._tally[key] = self._tally.get(key, 0) + n

    def _add_reject(self, publisher: str | None, reason: str | None, position: int) -> None:
        key = (publisher or "", reason or "")
        n, last = self._rejects.get(key, (0, 0))
        self._rejects[key] = (n + 1, max(last, position))

    @staticmethod
    def _row(message: Message, event: Event | Refusal) -> LedgerRow:
        publisher, id_, type_ = event.publisher, event.id, event.type
        bus_subject: bytes | None = None
        headers = message.headers
        if publisher is None or type_ not in CATALOGUE or message.bus_subject != f"{PREFIX}.{publisher}.{type_}":
            bus_subject = message.bus_subject.encode("utf-8", "surrogateescape")
        if headers is not None and publisher is not None and id_ is not None:
            headers = kept_headers(publisher, id_, headers, message.body)
        elif headers is None:
            headers = b""
        names = (publisher, id_, type_, event.subject)
        return LedgerRow(message.position, message.published_at, bus_subject, headers, *names, message.body)
