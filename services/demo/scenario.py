"""The whole demonstration in its parts: Gia Bình, a country in small and its reform; the other documents; what came."""

from services.demo.afterwards import afterwards
from services.demo.country import rest_of_the_country
from services.demo.documents import documents
from services.demo.generator import events as gia_binh
from services.demo.mishaps import mishaps
from services.demo.reform import reform
from services.demo.saying import CloudEvent
from services.demo.units import established
from services.demo.years import facts


def scenario() -> list[CloudEvent]:
    """Give all events in the order in which they are published; always the same ones."""
    return [event for part in parts() for event in part]


def parts() -> tuple[list[CloudEvent], ...]:
    """Give the events in the parts in which the demonstration grew: a log that has the first goes on with the next.

    A part only adds to the end of the log, so that the documents are told after the reform, though they are older.
    """
    return country_and_reform(), documents(), afterwards()


def country_and_reform() -> list[CloudEvent]:
    """Give Gia Bình's own events, then the other units, and everything else by the time at which it was told."""
    told = sorted([*facts(), *reform(), *mishaps()], key=lambda event: (event["time"], event["id"]))
    return [*gia_binh(), *(established(unit) for unit in rest_of_the_country()), *told]
