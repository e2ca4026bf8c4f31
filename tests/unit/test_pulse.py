"""The projector's sign of life: who leads again and again and gets no further does not count as one that advances."""

from __future__ import annotations

import datetime as dt
import time

from nats.aio.client import Client

from projections.rules.counting.state import SIZES, State
from services.projector.pulse import Pulse
from services.settings import Settings


def state_at(position: int) -> State:
    return State("trung-uong", SIZES, position)


async def test_only_what_gets_further_counts_as_advancing() -> None:
    pulse = Pulse(Settings(), Client())
    pulse.leads(state_at(5))
    first = pulse._advanced_at
    assert first is not None
    pulse.leads(state_at(5))
    assert pulse._advanced_at == first
    pulse.leads(state_at(6))
    assert pulse._advanced_at > first


async def test_a_clock_behind_the_buss_makes_no_lag_disappear() -> None:
    pulse = Pulse(Settings(), Client())
    pulse._caught_up_at = time.monotonic() - 100
    now = dt.datetime.now(dt.UTC)
    for as_of, seconds in ((None, 100), (now - dt.timedelta(seconds=40), 40), (now + dt.timedelta(hours=1), 100)):
        pulse._as_of = as_of
        assert seconds <= pulse._behind() < seconds + 10
