"""A question as it can be handed to another process, and how an answer is made of it from one snapshot.

The order is fixed here: position, who may, ETag, and only then the work (issue 12, point 12).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from events.names import harmless
from projections.answers.access.sight import Sight
from projections.answers.report.report_answers import Behind
from projections.store.checkpoint import is_standby
from projections.store.reading.cost import Work
from projections.store.reading.snapshot import Snapshot
from services.api.bodies import SHORTEST, as_json, compressed
from services.api.file_forms import AnswerFile, form_key
from services.api.filing import filed
from services.api.lag import Lag
from services.api.problems import NotReachedProblem
from services.api.sights import About

JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"

GZIPPED: Final = "-gzip"
"""What the ETag of a compressed answer ends in: it is another representation (RFC 9110 §8.8.3.3)."""


class Asked(NamedTuple):
    """A question: ``key`` is all that its answer depends on beside the snapshot, ``behind`` and ``file``.

    ``compute`` and ``as_text`` are functions of a module, or `functools.partial` of one, so that they can be pickled.
    ``figures``: the answer has numbers that may be behind the log, and has a place to say so.
    """

    key: tuple[object, ...]
    compute: Callable[[Snapshot, Sight], Awaitable[msgspec.Struct]]
    work: Work = Work()
    figures: bool = False
    as_text: Callable[[Any], str] | None = None
    file: AnswerFile | None = None
    """The file as which it is written, in place of JSON."""
    about: About = None
    """What it is about, for who may have the answer; None for what every account may have."""
    shows: str | None = None
    """What the audit log calls that which it must have of the answer before it is sent; None where it has nothing."""
    shown_to: Literal["all", "officers"] = "all"
    """To whom it shows that: to officers alone where readers get another answer."""
    at_once: Callable[[Any], Awaitable[tuple[Snapshot, msgspec.Struct] | None]] | None = None
    """Works out the same for whoever sees everything, out of one statement, where that can be done: else None."""
    may: Callable[[Snapshot], Awaitable[Sight]] | None = None
    """Decides what the asker may see; raises a Problem where it is nothing. `Reader.answer` puts it in."""


@dataclass(frozen=True, slots=True)
class Alike:
    """What is computed for all who may have it, whatever they may see of it."""

    compute: Callable[[Snapshot], Awaitable[msgspec.Struct]]

    async def __call__(self, snapshot: Snapshot, _: Sight) -> msgspec.Struct:
        """Compute it."""
        return await self.compute(snapshot)


class Circumstances(NamedTuple):
    """How it is asked: what the answer must reflect, what the asker has already and takes, how far the log is."""

    min_position: int | None
    if_none_match: str | None
    gzip: bool
    lag: Lag | None


class Given(NamedTuple):
    """An answer as it is sent: 200, or 304 without a body. A long body may be in a file, ``spooled`` of ``length``."""

    status: int
    tag: str
    media_type: str | None = None
    body: bytes = b""
    gzipped: bool = False
    spooled: Path | None = None
    length: int = 0
    file_name: str | None = None
    """Under which name a browser keeps it, where it is a file."""
    shows: str | None = None
    """What the audit log must have of it."""
    position: int = 0
    """The position that it reflects."""


class Begun(NamedTuple):
    """What is known of an answer before it is worked out."""

    tag: str
    behind: Behind | None
    sight: Sight
    had: str | None
    """The ETag by which the asker has this very answer."""


async def begin(asked: Asked, how: Circumstances, opened: Snapshot) -> Begun:
    """Hold the snapshot against what is asked of it, and make the ETag.

    Raises a 503 Problem where it is too early, and what `asked.may` raises: who may not have the answer isn't told
    either that it is still the one that he has.
    """
    await require_reached(how.min_position, opened)
    assert asked.may is not None, "nobody has asked who may"  # noqa: S101
    sight = await asked.may(opened)
    behind = how.lag.at(opened.position) if asked.figures and how.lag is not None else None
    tag = etag((*asked.key, form_key(asked.file)), opened, behind, sight)
    return Begun(tag, behind, sight, None if how.if_none_match is None else matched(how.if_none_match, tag))


async def require_reached(min_position: int | None, opened: Snapshot) -> None:
    """Raise NotReachedProblem where a snapshot is short of the position that the answer must reflect."""
    if min_position is not None and opened.position < min_position:
        raise NotReachedProblem(min_position, opened.position, standby=await is_standby(opened.connection))


async def finish(
    asked: Asked, how: Circumstances, opened: Snapshot, begun: Begun, answer: msgspec.Struct | None = None
) -> Given:
    """Work the answer out, unless it is there, and write it; 304 where the asker has any and takes any.

    (`If-None-Match: *`.)
    """
    if answer is None:
        answer = await asked.compute(opened, begun.sight)
    if how.if_none_match is not None and how.if_none_match.strip() == "*":
        return Given(304, f'"{begun.tag}"', position=opened.position)
    if begun.behind is not None:
        answer = msgspec.structs.replace(answer, behind=begun.behind)
    shows = asked.shows if asked.shown_to == "all" or begun.sight.as_officer else None
    if asked.file is not None:
        return (await _filed(asked.file, answer, how, begun))._replace(shows=shows, position=opened.position)
    if asked.as_text is None:
        body, kind = as_json(answer), JSON
    else:
        body, kind = harmless(asked.as_text(answer), lines=True).encode(), TEXT
    return Given(200, f'"{begun.tag}"', kind, body, length=len(body), shows=shows, position=opened.position)


async def _filed(file: AnswerFile, answer: msgspec.Struct, how: Circumstances, begun: Begun) -> Given:
    found = await filed(file, answer, gzip=how.gzip)
    return Given(
        200,
        f'"{begun.tag}{GZIPPED if found.gzipped else ""}"',
        file.media_type,
        found.body,
        gzipped=found.gzipped,
        spooled=found.path,
        length=found.length,
        file_name=file.file_name,
    )


def packed(given: Given, how: Circumstances) -> Given:
    """Compress an answer where the asker takes that and it pays: a few milliseconds of processor for 100 KB."""
    if given.status != 200 or not how.gzip or len(given.body) < SHORTEST:  # noqa: PLR2004 - that it is an answer
        return given
    body = compressed(given.body)
    return given._replace(tag=f'{given.tag[:-1]}{GZIPPED}"', body=body, gzipped=True, length=len(body))


def etag(key: tuple[object, ...], opened: Snapshot, behind: Behind | None, sight: Sight) -> str:
    """Return what identifies an answer: the question, the position, what may be seen, and what it says of being behind.

    It is a strong one: the same tag, the same bytes.
    """
    said = None if behind is None else msgspec.structs.astuple(behind)
    asked = repr((key, opened.generation, opened.repairs, opened.position, said, *sight)).encode()
    return blake2b(asked, digest_size=12).hexdigest()


def matched(if_none_match: str, tag: str) -> str | None:
    """Return the ETag of the header that names this answer, compressed or not; compared weakly (RFC 9110 §13.1.2)."""
    mine = {f'"{tag}"', f'"{tag}{GZIPPED}"'}
    names = (known.strip().removeprefix("W/") for known in if_none_match.split(","))
    return next((name for name in names if name in mine), None)
