"""What became of some people of the demonstration afterwards: not confirmed, restored, known by another reference.

All of it is synthetic. These are what version 2 of the contract added; nobody of it has anything to do with a document.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from services.demo.country import rest_of_the_country
from services.demo.generator import FIRST_DAY
from services.demo.generator import events as gia_binh
from services.demo.mergers import above, cell_on
from services.demo.saying import CloudEvent, Saying, year_later
from services.demo.years import LAST_DAY, facts

NOT_CONFIRMED: Final = 6
"""Of those whom Gia Bình admitted in 2023."""
TRANSFERRED: Final = 12
"""Of those who were confirmed elsewhere in the country, and whose reference in the other cell is told."""

_SEED: Final = 20260101
_PUT_OUT: Final = frozenset({"struck_off", "expelled"})


def afterwards() -> list[CloudEvent]:
    """Give these facts by the time at which they were told; always the same ones."""
    say = Saying(_SEED, "demo-after")
    district, country = gia_binh(), facts()
    told = [*_not_confirmed(say, district), *_restored(say, [*district, *country]), *_transferred(say, country)]
    return sorted(told, key=lambda event: (event["time"], event["id"]))


def _not_confirmed(say: Saying, district: list[CloudEvent]) -> Iterator[CloudEvent]:
    """Whom a cell does not take as a full member after the year of probation leaves the Party."""
    admitted = [
        event
        for event in district
        if event["type"] == "member.admitted" and event["data"]["ceremony_on"] >= str(FIRST_DAY)
    ]
    for event in say.random.sample(admitted, NOT_CONFIRMED):
        ceremony = dt.date.fromisoformat(event["data"]["ceremony_on"])
        on = year_later(ceremony) + say.days(10, 45)
        yield _of_the_same(say, "member.departed", event, on, reason="not_confirmed")


def _restored(say: Saying, before: list[CloudEvent]) -> Iterator[CloudEvent]:
    """Who was put out, and whose complaint was right, is a member again; the cell knows them as before."""
    for event in before:
        if event["type"] == "member.departed" and event["data"]["reason"] in _PUT_OUT:
            left = dt.date.fromisoformat(event["data"]["on"])
            on = left + say.days(90, 330)
            if left.year % 2 == 0 and on <= LAST_DAY:
                yield _of_the_same(say, "member.restored", event, on)


def _transferred(say: Saying, country: list[CloudEvent]) -> Iterator[CloudEvent]:
    """Go to another cell of the country, which keeps the member under a reference of its own book."""
    cells = [unit.id for unit in rest_of_the_country() if unit.level == "cell"]
    confirmed = [event for event in country if event["type"] == "member.confirmed"]
    for number, event in enumerate(say.random.sample(confirmed, TRANSFERRED), start=1):
        on = min(dt.date.fromisoformat(event["data"]["decided_on"]) + say.days(60, 400), LAST_DAY)
        cell = cell_on(event["subject"], on)
        to = cell_on(say.random.choice([other for other in cells if cell_on(other, on) != cell]), on)
        yield _of_the_same(say, "member.transferred", event, on, to=to, **{"as": f"{on.year}-{number:03}"})


def _of_the_same(say: Saying, type_: str, event: CloudEvent, on: dt.date, **said: Any) -> CloudEvent:
    """Say a fact of the person of another fact: they are still with its cell, or with what has taken it over."""
    cell, data = cell_on(event["subject"], on), event["data"]
    facts_of = {"member": data["member"], "on": on, **said}
    return say.fact(type_, cell, on, facts_of, facets=data.get("facets", {}), by=(cell, above(cell, on)))
