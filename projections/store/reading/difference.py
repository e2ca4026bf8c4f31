"""Explaining a difference: of bases by the units that moved, of two positions by what the log said in between."""

from __future__ import annotations

import asyncio

from projections.answers.past.difference import ContributionTally, EventEffect, Moment, between, by_unit, explained
from projections.answers.past.difference_answers import Contribution, Difference
from projections.answers.past.units_then import Units
from projections.answers.report.report_question import Basis, Question, QuestionPart
from projections.store.reading.as_known_then import report_then
from projections.store.reading.as_now import terms_of
from projections.store.reading.find_unit import find, names_on
from projections.store.reading.past import Past, facts_gained, facts_held, facts_in, past, sources_at
from projections.store.reading.report import report
from projections.store.reading.snapshot import Snapshot
from projections.store.reading.sums import add_up
from projections.store.reading.units_below import children


async def difference_of_bases(snapshot: Snapshot, question: Question, against: Basis, limit: int) -> Difference:
    """Explain the total on one basis by that on the other: the units that moved in or out. Raises UnknownUnitError.

    A unit that is dissolved as last known keeps its own facts only: all its children of those days moved out.
    """
    one = await report(snapshot, question._replace(by="none"))
    other = await report(snapshot, question._replace(by="none", basis=against))
    tally = ContributionTally(question.measures)
    if question.basis != against:
        sign = 1 if against == "as-now" else -1
        moved = await _moved(snapshot, question)
        last = question.days.last
        names = await names_on(snapshot, {(part.place.no, last) for part in moved})
        rows = [part._replace(row=row, sign=1) for row, part in enumerate(moved)]
        figures = await add_up(snapshot, rows, question.measures, len(rows))
        for row, part in enumerate(moved):
            came = sign * part.sign
            tally.add(
                Contribution(
                    change="moved_in" if came > 0 else "moved_out",
                    unit=names[part.place.no, last],
                    first=part.days.first,
                    last=part.days.last,
                    values={measure: came * n for measure, n in figures[row].items()},
                )
            )
    return explained(tally, limit, one, other)


async def difference_of_positions(
    snapshot: Snapshot, question: Question, position: int, against: int, limit: int, *, by_event: bool = True
) -> Difference:
    """Explain the total as known at one position by that at a later one. Raises UnknownUnitError.

    Without ``by_event`` what was counted and what was retracted is summed by unit, and no such event is named.

    As slow as two reports as known then, and for as long: the caller lets such questions queue up.
    """
    question = question._replace(by="none", detail="")
    known = await past(snapshot, position)
    one = await report_then(snapshot, position, question, known)
    other = await report_then(snapshot, against, question, known)
    units = Units(known.ids, known.statements(position))
    lost, gained = [], await facts_gained(snapshot, position, against, question)
    moments = _moments(known, position, against)
    kept = await facts_held(snapshot, position, question, set(known.ids)) if moments else []
    told = await sources_at(
        snapshot, {row[key] for row in known.retracted_facts for key in ("position", "retracted_by")}
    )
    for row in known.retracted_facts:
        counted = facts_in(row, known, question)
        event, retraction = told[row["position"]], told[row["retracted_by"]]
        if row["held_at"] <= position and row["retracted_at"] <= against:
            lost.append(EventEffect((event, retraction), counted))
        elif row["held_at"] <= position:
            kept += counted
        elif row["held_at"] <= against < row["retracted_at"]:
            gained.append(EventEffect((event,), counted))
    if not by_event:
        asked = {(fact.unit, question.days.last) for effect in (*lost, *gained) for fact in effect.counted}
        names = {no: name for (no, _), name in (await names_on(snapshot, asked)).items()}
        lost, gained = by_unit(lost, names), by_unit(gained, names)
    statements = await sources_at(snapshot, {p for moment in moments for p in moment.events})
    tally = await asyncio.to_thread(
        between, units, question, lost=lost, moments=moments, kept=kept, gained=gained, sources=statements
    )
    return explained(tally, limit, one, other)


def _moments(known: Past, after: int, until: int) -> list[Moment]:
    """Return what began or ceased to hold after one position and up to another, moment by moment."""
    moments: dict[int, Moment] = {}

    def at(position: int) -> Moment:
        return moments.setdefault(position, Moment([], [], set()))

    for said in known.said:
        if said.held_at == said.retracted_at:
            continue
        if after < said.held_at <= until:
            at(said.held_at).said.append(said.statement)
            at(said.held_at).events.add(said.statement.position)
        if said.retracted_at is not None and after < said.retracted_at <= until:
            at(said.retracted_at).unsaid.append(said.statement)
            at(said.retracted_at).events.update({said.statement.position, said.retracted_by or 0})
    return [moments[position] for position in sorted(moments)]


async def _moved(snapshot: Snapshot, question: Question) -> list[QuestionPart]:
    """Return what makes the as-now figures out of the as-was ones."""
    place = (await find(snapshot, question.unit, question.days.last)).place
    if place.dissolved is None:
        return (await terms_of(snapshot, [place.no], question.days)).get(place.no, [])
    stays = await children(snapshot, place, question.days)
    return [QuestionPart(0, stay.place, stay.days, sign=-1) for stay in stays]
