"""When system and oracle disagree: the smallest log on which they still do, told so that a person can follow it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence

from tests.oracle.telling import Said
from tests.property.system import Batch

Disagreement = Callable[[list[Said], Sequence[Batch]], Awaitable[str | None]]
"""Deliver the log in these batches; say in what system and oracle differ, or None."""


async def hold(log: list[Said], batches: Sequence[Batch], disagreement: Disagreement) -> None:
    """Fail where there is a disagreement, with the smallest log that shows one, whole or message by message."""
    found = await disagreement(log, batches)
    if found is None:
        return
    for cut in (_whole, _one_by_one):
        if await disagreement(log, cut(log)) is not None:
            log, batches = await _smallest(log, cut, disagreement)
            found = await disagreement(log, batches)
            break
    raise AssertionError(f"{found}\nin batches {batches} of\n" + "\n".join(map(story, range(1, len(log) + 1), log)))


async def _smallest(
    log: list[Said], cut: Callable[[list[Said]], list[Batch]], disagreement: Disagreement
) -> tuple[list[Said], list[Batch]]:
    """Leave out one message after the other, until each that is left is needed."""
    again = True
    while again:
        again = False
        for n in reversed(range(len(log))):
            without = log[:n] + log[n + 1 :]
            if without and await disagreement(without, cut(without)) is not None:
                log, again = without, True
    return log, cut(log)


def _whole(log: list[Said]) -> list[Batch]:
    return [(0, len(log), False)]


def _one_by_one(log: list[Said]) -> list[Batch]:
    return [(n, n + 1, False) for n in range(len(log))]


def story(position: int, said: Said) -> str:
    """Tell a message in one line: position, publisher, id, type, subject, data."""
    try:
        event = json.loads(said.body)
        data = json.dumps(event["data"], ensure_ascii=False)
        return f"{position:3} {said.bus_subject.split('.')[2]} {event['id']} {event['type']} {event['subject']} {data}"
    except (ValueError, TypeError, LookupError):
        return f"{position:3} {said.bus_subject} {said.body[:80]!r}"
