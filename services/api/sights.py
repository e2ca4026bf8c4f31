"""What the asker may see of a question, decided in the snapshot that answers it (contract, section 7)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple, TypeAlias

from projections.answers.access.needs import ROLES, Need
from projections.answers.access.readable import AccessQuestion, Grant, may
from projections.answers.access.sight import EVERYTHING, Holder, Sight
from projections.answers.report.report_question import Basis
from projections.rules.counting.periods import Days
from projections.store.reading.access import concerned, held, name_of, root_of
from projections.store.reading.find_unit import UnknownUnitError
from projections.store.reading.snapshot import Snapshot
from services.access.asker import Asker
from services.api.problems import forbidden, no_event


class OfUnit(NamedTuple):
    """A question about a unit; ``days``: those asked for as-was, None where the last known hierarchy decides."""

    unit: str
    days: Days | None = None
    listed: bool = False
    """It is answered by a list in which something may be for others."""
    days_before: Days | None = None
    """Other days asked for as-was, which are compared with these."""


class OfRoot(NamedTuple):
    """A question about the service as a whole."""


class OfEvent(NamedTuple):
    """A question about one event, by its key."""

    publisher: str
    id: str


class OfList(NamedTuple):
    """A list of what the asker may see, whatever that is."""


About: TypeAlias = OfUnit | OfRoot | OfEvent | OfList | None
"""What a question is about; None for what every account may have."""


async def sight_of(snapshot: Snapshot, *, asker: Asker, need: Need, about: About, today: dt.date) -> Sight:
    """Decide what the asker may see of an answer.

    Raises UnknownUnitError, and a 403 Problem where it is nothing: whatever is refused, nothing but the name of the
    unit that was asked about is told.
    """
    if need in {Need.OPEN, Need.ANY_ACCOUNT} or sees_everything(asker):
        return EVERYTHING
    asks = _Asks(snapshot, asker, today)
    match about:
        case OfUnit(unit, days, listed, days_before):
            sight = await asks.about_unit(unit, days, need, days_before)
            return sight._replace(confined=asks.holder) if listed else sight
        case OfRoot():
            return await asks.about_service(need)
        case OfEvent(publisher, id_):
            return await asks.about_event(publisher, id_)
        case OfList():
            return await asks.about_all(need)
        case None:
            raise LookupError(f"a route that needs {need} says of no question what it is about")


class _Asks:
    """An asker, in one snapshot, on one day."""

    def __init__(self, snapshot: Snapshot, asker: Asker, today: dt.date) -> None:
        self.holder = _holder(asker, today)
        self._snapshot = snapshot

    async def about_unit(self, unit: str, days: Days | None, need: Need, days_before: Days | None = None) -> Sight:
        """Decide on figures of a unit, or on anything else there that takes a role."""
        asked = {need, Need.SINGLE_EVENTS} if need is Need.FIGURES else {need}
        found = await self._allowed(unit, days, *asked, days_before=days_before)
        if found is None:
            raise UnknownUnitError(unit)
        if need not in found:
            raise forbidden(need, unit, await name_of(self._snapshot, unit))
        return Sight(as_officer=Need.SINGLE_EVENTS in found or need is not Need.FIGURES)

    async def about_service(self, need: Need) -> Sight:
        """Decide on what is of no unit, by the role at the root."""
        root = await root_of(self._snapshot)
        if not await self._allowed(root, None, need):
            raise forbidden(need, root, await name_of(self._snapshot, root))
        return EVERYTHING

    async def about_all(self, need: Need) -> Sight:
        """Decide to what a list is confined: the rejects of all are for operators, else nobody has all of one."""
        if need is Need.OPERATING and await self._allowed(await root_of(self._snapshot), None, need):
            return EVERYTHING
        return Sight(confined=self.holder)

    async def about_event(self, publisher: str, event_id: str) -> Sight:
        """Decide on one event; that there is none is told to those alone who may see what the publisher says."""
        sender = await self._allowed(publisher, None, Need.SENDING, Need.SINGLE_EVENTS)
        if sender is None:
            sender = await self._allowed(await root_of(self._snapshot), None, Need.SINGLE_EVENTS) or set()
        event = await concerned(self._snapshot, publisher, event_id)
        if event is not None:
            need = Need.KEEPING if event.of_access else Need.SINGLE_EVENTS
            for unit, days in event.units:
                if need in (await self._allowed(unit, days, need) or ()):
                    return EVERYTHING
            if Need.SENDING in sender and not event.of_access:
                return EVERYTHING
        if sender:
            raise no_event(publisher, event_id)
        raise forbidden(Need.SINGLE_EVENTS, publisher, await name_of(self._snapshot, publisher))

    async def _allowed(
        self, unit: str, days: Days | None, *needs: Need, days_before: Days | None = None
    ) -> set[Need] | None:
        """Return which of the needs are met at a unit, None where it isn't known."""
        account = self.holder.account
        found = await held(self._snapshot, account or "", unit)
        if found is None:
            return None
        grants = None if account is None else found.grants
        today = self.holder.today
        return {
            need
            for need in needs
            if may(found.lineage, grants, self.holder.only, AccessQuestion(ROLES[need], days, today, days_before))
        }


def unit_of(about: About) -> str | None:
    """Return the unit for which the audit log has an answer, None where it is for none."""
    match about:
        case OfUnit():
            return about.unit
        case OfEvent():
            return about.publisher
        case _:
            return None


def sees_everything(asker: Asker) -> bool:
    """Tell whether nothing needs to be looked up for the asker."""
    return asker.holds_everything and asker.only is None


def holder_of(asker: Asker, today: dt.date) -> Holder | None:
    """Return to whom lists are confined for an asker; None where nothing is hidden from him."""
    return None if sees_everything(asker) else _holder(asker, today)


def _holder(asker: Asker, today: dt.date) -> Holder:
    return Holder(None if asker.holds_everything else asker.account, today, limits_of(asker))


def limits_of(asker: Asker) -> tuple[Grant, ...] | None:
    """Return what a token of the asker is limited to, as the rule takes it; None where it isn't limited."""
    return None if asker.only is None else tuple(Grant(role, unit) for role, unit in asker.only)


def days_of(days: Days, basis: Basis) -> Days | None:
    """Return the days by which a question about a unit is judged: on as-now the last known hierarchy alone decides."""
    return days if basis == "as-was" else None
