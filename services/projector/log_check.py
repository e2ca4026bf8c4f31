"""Whether the stream is the log that the figures were made from; anything else would mix two logs in one figure."""

from __future__ import annotations

import asyncpg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from services.projector.errors import RefusedError

_ADVICE = (
    "Nothing was changed. If the stream was lost or cut, `tonghop restore --from-ledger` brings it back; "
    "if both were lost, `tonghop restore --backup DIR`; if this database belongs to another service, point "
    "TONGHOP_DATABASE_URL at the right one; if the log is meant to begin anew, begin with an empty database."
)


async def check_log(jetstream: JetStreamContext, stream: str, connection: asyncpg.Connection) -> None:
    """Raise RefusedError where the stream ends before the checkpoint, begins after it, or has another message at it."""
    position = await connection.fetchval("SELECT position FROM checkpoint")
    state = (await jetstream.stream_info(stream)).state
    if state.last_seq < position:
        raise RefusedError(
            f"The stream {stream} ends at {state.last_seq}, behind the checkpoint of the figures at {position}: "
            f"it was made anew or cut. {_ADVICE}"
        )
    if state.messages and state.first_seq > position + 1:
        raise RefusedError(
            f"The stream {stream} begins at {state.first_seq}, the figures stand at {position}: "
            f"messages between are missing. {_ADVICE}"
        )
    if position == 0:
        return
    body = await connection.fetchval("SELECT body FROM ledger WHERE position = $1", position)
    try:
        message = await jetstream.get_msg(stream, position)
    except NotFoundError:
        message = None
    if message is None or (message.data or b"") != body:
        raise RefusedError(
            f"The stream {stream} has another message at {position} than the ledger: it is another stream. {_ADVICE}"
        )
