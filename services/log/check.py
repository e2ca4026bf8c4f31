"""Whether the stream is the log that the figures were made from; anything else would mix two logs in one figure.

A stream that was set back and went on may end like the ledger, message for message. It can't have the bus's times of
the messages that it has taken anew: the head and some positions before it are held to the ledger whole, time included.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from projections.rules.log.message import Message
from projections.store.checkpoint import position_of
from projections.store.log import hash_chain
from projections.store.log.kept_log import messages_at
from services.log.errors import ForeignLogError

_ADVICE = (
    "Nothing was changed. If the stream was lost or cut, `tonghop restore --from-ledger` brings it back; "
    "if both were lost, `tonghop restore --backup DIR`; if this database belongs to another service, point "
    "TONGHOP_DATABASE_URL at the right one; if the log is meant to begin anew, begin with an empty database."
)
_SET_BACK: Final = (
    "the stream was set back (restored from a copy that is older than the figures) and has gone on, or was altered"
)
_REPLACED: Final = "\ufffd"
"""What the server says in JSON for bytes of a subject that are no UTF-8: they can't be compared."""
_PARTS: Final = {"bus_subject": "subject", "headers": "headers", "body": "body", "published_at": "time"}


async def check_log(jetstream: JetStreamContext, stream: str, connection: asyncpg.Connection) -> None:
    """Raise ForeignLogError where the stream is not the log of the figures.

    It ends before the checkpoint, or begins after it, or has something else than the ledger at the checkpoint or at one
    of the positions that `places` names; or the ledger there is not what the chain covers.
    """
    position = await position_of(connection)
    state = (await jetstream.stream_info(stream)).state
    if state.last_seq < position:
        raise ForeignLogError(
            f"The stream {stream} ends at {state.last_seq}, behind the checkpoint of the figures at {position}: "
            f"it was made anew or cut. {_ADVICE}"
        )
    if state.messages and state.first_seq > position + 1:
        raise ForeignLogError(
            f"The stream {stream} begins at {state.first_seq}, the figures stand at {position}: "
            f"messages between are missing. {_ADVICE}"
        )
    if position == 0:
        return
    at = [place for place in places(position) if place >= state.first_seq]
    kept = await messages_at(connection, at)
    found = await asyncio.gather(*(_message(jetstream, stream, place) for place in at))
    for place, message in zip(at, found, strict=True):
        _require_same(stream, place, position, kept, message)
    await _require_chained(connection, position)


def places(position: int) -> list[int]:
    """Name the positions that are looked at, the last first: the head, and ever wider apart down to the first."""
    steps = [0, *(1 << n for n in range(position.bit_length())), position]
    return list(dict.fromkeys(max(1, position - step) for step in steps))


async def _message(jetstream: JetStreamContext, stream: str, position: int) -> Message | None:
    try:
        found = await jetstream.get_msg(stream, position)
    except NotFoundError:
        return None
    if found.time is None or found.subject is None:
        return None
    headers = base64.b64decode(found.hdrs) if found.hdrs else None
    return Message(position, found.time, found.subject, headers, found.data or b"")


def _require_same(stream: str, place: int, position: int, kept: Mapping[int, Message], found: Message | None) -> None:
    ours = kept.get(place)
    if ours is None:
        raise ForeignLogError(f"The ledger has no message at {place}, and the figures stand at {position}. {_ADVICE}")
    if found is None:
        raise ForeignLogError(f"The stream {stream} has no message at {place}: it is another stream. {_ADVICE}")
    parts = [part for part in _PARTS if part != "bus_subject" or _REPLACED not in found.bus_subject]
    other = [_PARTS[part] for part in parts if _part(ours, part) != _part(found, part)]
    if not other:
        return
    if "body" in other:
        why = "it is another stream"
        why += f", or {_SET_BACK}" if place != position else ""
    else:
        why = f"{_SET_BACK} ({', '.join(other)} differ)"
    raise ForeignLogError(f"The stream {stream} has another message at {place} than the ledger: {why}. {_ADVICE}")


def _part(message: Message, name: str) -> Any:
    return getattr(message, name) or b""  # no headers are empty headers


async def _require_chained(connection: asyncpg.Connection, position: int) -> None:
    """Hold the last messages of the ledger to the chain: else what the stream is held to may have been altered."""
    last, kept = await hash_chain.head(connection)
    if last != position or kept is None:
        return  # carried on by another projector meanwhile, or not chained yet
    before = await hash_chain.last_link(connection, position - 1, lasting=True)
    if await hash_chain.hash_at(connection, position, before) != kept:
        raise ForeignLogError(
            f"The ledger's messages {before.position + 1} to {position} are not those that its chain covers: "
            f"`tonghop verify --chain` names them. {_ADVICE}"
        )
