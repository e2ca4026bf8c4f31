"""`tonghop pack` and `unpack`: from files, or a leaf's store, into a signed file; out of it to the service."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from services.bus_credentials import files, hub
from services.bus_credentials.files import KeysError
from services.bus_credentials.signing import claims_of
from services.cli.access import AskedService
from services.cli.errors import CommandError
from services.language import chosen, either
from services.packing import pack, whose
from services.packing.pack import Pack, PackError
from services.publishing import credentials
from services.publishing.credentials import CredentialsError
from services.publishing.lines import Line, Unpublishable, read_line, read_lines
from services.settings import Settings

AT_ONCE: Final = 1_000
"""Events of one request (contract, section 8)."""
_WAITED: Final = 10
_SHOWN: Final = 10
GOOD: Final = frozenset({"counted", "applied", "duplicate", "retracted"})
"""What an event that was taken may have become, for all to be well."""


class FromLeaf(NamedTuple):
    """What waits at a leaf: the events, and how many messages are none."""

    lines: list[Line]
    none: int


def from_files(names: Sequence[Path]) -> list[Line]:
    """Read events. Raises CommandError where a file can't be read, or a line of one is no event that can be sent."""
    found: list[Line] = []
    wrong: list[str] = []
    for name in names:
        try:
            with name.open("rb", buffering=0) as opened:
                for line in read_lines(opened):
                    if isinstance(line, Unpublishable):
                        wrong.append(f"{name}:{line.number}: {line.field or ''} {line.detail}")
                    else:
                        found.append(line)
                    if len(found) > pack.MOST_EVENTS or len(wrong) > _SHOWN:
                        break
        except OSError as error:
            raise CommandError(
                either(f"Không đọc được tệp {name}: {error.strerror}", f"Can't read {name}: {error.strerror}")
            ) from error
    if wrong:
        said = "\n".join(wrong[:_SHOWN])
        raise CommandError(either(f"Chưa đóng gói gì; hãy sửa:\n{said}", f"Nothing was packed; mend:\n{said}"))
    return found


def from_leaf(settings: Settings) -> FromLeaf:
    """Read what waits at the leaf that the settings name; it stays there. Raises what nats-py raises, GapError."""
    return asyncio.run(_from_leaf(settings))


async def _from_leaf(settings: Settings) -> FromLeaf:
    from services.forwarding.store import opened  # noqa: PLC0415 - a unit has no leaf

    lines: list[Line] = []
    none = 0
    async with opened(settings) as store:
        waiting = await store.waiting()
        for first in range(waiting.first, waiting.last + 1, AT_ONCE):
            for message in await store.read(first, min(waiting.last, first + AT_ONCE - 1)):
                line = read_line(message.position, message.body)
                if isinstance(line, Line) and line.subject == message.bus_subject:
                    lines.append(line)
                else:
                    none += 1
            if len(lines) > pack.MOST_EVENTS:
                break
    return FromLeaf(lines, none)


def write(lines: Sequence[Line], credential: Path, out: Path | None, *, below: bool) -> tuple[Path, int]:
    """Write a pack of events, and say where and how many; CommandError."""
    try:
        jwt, seed = credentials.jwt_and_seed(credential)
        unit = str(claims_of(jwt).get("name"))
        others = sorted({line.publisher for line in lines} - {unit})
        if others and not below:
            raise CommandError(
                either(
                    f"Thẻ này là của {unit}, mà có sự kiện của {', '.join(others[:_SHOWN])}. Chỉ thẻ của trạm "
                    "(--below) ký được cho đơn vị khác.",
                    f"This credential is of {unit}, and there are events of {', '.join(others[:_SHOWN])}. Only that of "
                    "a leaf (--below) can sign for other units.",
                )
            )
        if not lines:
            raise CommandError(either("Không có sự kiện nào.", "There are no events."))
        text = pack.made(lines, jwt, seed)
    except (CredentialsError, PackError) as error:
        raise CommandError(chosen(error)) from error
    target = out or Path(f"{unit}.pack")
    try:
        files.fill(target, os.O_EXCL, text)
    except OSError as error:
        raise CommandError(
            either(f"Không ghi được {target}: {error.strerror}", f"Can't write {target}: {error.strerror}")
        ) from error
    return target, len(lines)


def checked(file: Path, of_the_hub: Path) -> Pack:
    """Read a pack, and hold it to its signature and to what the hub says now; CommandError."""
    try:
        found = pack.read(file)
        whose.check(found, hub.read(of_the_hub))
    except PackError as error:
        raise CommandError(f"{file}: {chosen(error)}") from error
    except KeysError as error:
        raise CommandError(chosen(error)) from error
    return found


def sent(found: Pack, service: AskedService) -> Iterator[list[dict[str, Any]]]:
    """Send the events in their order, a thousand at a time; give what became of each, with its line; CommandError."""
    for at in range(0, len(found.lines), AT_ONCE):
        chunk = found.lines[at : at + AT_ONCE]
        items = service.sent(_WAITED, b"\n".join(line.body for line in chunk))["items"]
        yield [{"line": chunk[item["index"]].number, **_told(item)} for item in items]


def write_result(file: Path, found: Pack, items: Sequence[dict[str, Any]]) -> None:
    """Write what came of a pack, to be carried back: a head, and a line for each event; CommandError."""
    head = {"tonghop_result": 1, "unit": found.head.unit, "pack": found.head.sha256, "events": found.head.events}
    text = b"\n".join(msgspec.json.encode(each) for each in (head, *items)).decode()
    try:
        files.write(file, text + "\n")
    except KeysError as error:
        raise CommandError(chosen(error)) from error


def _told(item: dict[str, Any]) -> dict[str, Any]:
    kept = ("publisher", "id", "status", "position", "outcome", "reason", "field", "detail")
    return {name: item[name] for name in kept if item.get(name) is not None}
