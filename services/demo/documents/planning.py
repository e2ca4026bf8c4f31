"""Saying a target and declared figures as events, by the unit that a document quotes."""

from collections.abc import Mapping
from typing import Any

from services.demo.saying import CloudEvent, structure


def assigned(
    series: str,
    subject: str,
    measure: str,
    period: tuple[str, str],
    at_least: int,
    *,
    resolution: str,
    told: str,
    at_most: int | None = None,
    by: str | None = None,
) -> CloudEvent:
    """Say that a target is set for a period, its deadline last; by the unit itself unless another one says so."""
    first, last = period
    data: dict[str, Any] = {"measure": measure, "from": first, "to": last, "at_least": at_least}
    if at_most is not None:
        data["at_most"] = at_most
    id_ = f"{series}-target-{measure}-{last}"
    time = f"{told}T09:00:00+07:00"
    return structure(by or subject, id_, "target.assigned", subject, time=time, data=data | {"resolution": resolution})


def declared(
    series: str, subject: str, on: str, values: Mapping[str, int], notes: Mapping[str, str] | None = None
) -> list[CloudEvent]:
    """Say what a unit declares of itself for a day: stocks, with a note where there is one, told on that day."""
    return [
        structure(
            subject,
            f"{series}-{figure}-{on}",
            "figure.declared",
            subject,
            time=f"{on}T09:30:00+07:00",
            data={"figure": figure, "on": on, "value": value} | _note(figure, notes or {}),
        )
        for figure, value in values.items()
    ]


def _note(figure: str, notes: Mapping[str, str]) -> dict[str, str]:
    return {"note": notes[figure]} if figure in notes else {}
