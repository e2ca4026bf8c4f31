"""The one retry policy, by a clock of its own: pauses grow and differ, and end where the caller's patience does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from services.connecting.failures import PASSES_OR_IS_REPAIRED
from services.connecting.patience import Backoff, Clock, OutOfPatienceError, patiently
from services.settings import SettingsError


@dataclass
class Time:
    """A clock that stands still but for who sleeps."""

    at: float = 0.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, self.sleep)


def failing(*errors: BaseException) -> Iterator[BaseException | None]:
    yield from errors
    while True:
        yield None


async def tried(errors: Iterator[BaseException | None]) -> str:
    if (error := next(errors)) is not None:
        raise error
    return "done"


def test_pauses_double_up_to_the_longest_and_begin_anew() -> None:
    backoff = Backoff(first=0.2, longest=1.0, chance=lambda: 0.0)
    assert [backoff.next() for _ in range(5)] == [0.2, 0.4, 0.8, 1.0, 1.0]
    backoff.reset()
    assert backoff.next() == 0.2


def test_a_part_of_each_pause_is_left_to_chance() -> None:
    longest, shortest = (Backoff(first=1.0, chance=lambda chance=chance: chance).next() for chance in (0.0, 1.0))
    assert (longest, shortest) == (1.0, 0.75)


def test_it_never_overflows() -> None:
    backoff = Backoff()
    assert max(backoff.next() for _ in range(5_000)) <= 10.0


async def test_it_tries_until_it_succeeds_and_tells_each_failure() -> None:
    time, told = Time(), []
    errors = failing(ConnectionRefusedError(), TimeoutError())
    done = await patiently(
        lambda: tried(errors),
        patience=60,
        waiting=lambda error, pause: told.append((type(error), pause)),
        backoff=Backoff(chance=lambda: 0.0),
        clock=time.clock,
    )
    assert done == "done"
    assert told == [(ConnectionRefusedError, 0.2), (TimeoutError, 0.4)]
    assert time.slept == [0.2, 0.4]


async def test_patience_ends_and_the_last_error_is_said() -> None:
    time = Time()
    with pytest.raises(OutOfPatienceError, match="30 s: refused") as ended:
        await patiently(
            lambda: tried(failing(ConnectionRefusedError("refused"))),
            patience=30,
            waiting=lambda *_: None,
            clock=time.clock,
        )
    assert isinstance(ended.value.last, ConnectionRefusedError)
    assert time.at <= 30


async def test_what_no_waiting_mends_is_raised_at_once() -> None:
    time = Time()
    with pytest.raises(SettingsError):
        await patiently(
            lambda: tried(failing(SettingsError("x"))), patience=math.inf, waiting=lambda *_: None, clock=time.clock
        )
    assert not time.slept


async def test_who_stays_waits_for_somebody_to_mend_it() -> None:
    errors = failing(PermissionError(), SettingsError("x"))
    time = Time()
    done = await patiently(
        lambda: tried(errors),
        patience=math.inf,
        waiting=lambda *_: None,
        kinds=PASSES_OR_IS_REPAIRED,
        clock=time.clock,
    )
    assert done == "done"
