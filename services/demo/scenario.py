"""The whole demonstration: Gia Bình up to its report, then a country in small, and the reform of 01/07/2025."""

from services.demo.country import rest_of_the_country
from services.demo.generator import events as gia_binh
from services.demo.mishaps import mishaps
from services.demo.places import established
from services.demo.reform import reform
from services.demo.saying import CloudEvent
from services.demo.years import facts


def scenario() -> list[CloudEvent]:
    """Give all events in the order in which they are published; always the same ones.

    Gia Bình's own come first, so that a log that has them goes on; then the other units, and everything else by the
    time at which it was told.
    """
    told = sorted([*facts(), *reform(), *mishaps()], key=lambda event: (event["time"], event["id"]))
    return [*gia_binh(), *(established(place) for place in rest_of_the_country()), *told]
