"""What the API publishes, as the bus's user `gateway`: an event, or many at a time, each acknowledged by the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import nats.errors
import nats.js.errors
from nats.js import JetStreamContext

from events.subjects import MESSAGE_ID_HEADER
from projections.bilingual import Bilingual
from services.connecting.bus import DeniedError
from services.connecting.failures import described
from services.connecting.lasting import LastingConnection
from services.publishing.connection import AWAY, FULL, BusConnection
from services.publishing.flight import Flights
from services.publishing.lines import Line
from services.publishing.owning import Owns
from services.publishing.sending import NO_ROOM, ChunkOutcome, Sender
from services.settings import Settings
from services.tracing import spans

ACKNOWLEDGED_WITHIN: Final = 5.0
"""Seconds for each of two attempts."""
REFUSED: Final = "refused_by_bus"
_NOT_GATEWAY: Final = Bilingual(
    "API không được gửi lên bus: hãy đặt TONGHOP_GATEWAY_NATS_URL với TONGHOP_GATEWAY_PASSWORD_FILE hoặc "
    "TONGHOP_GATEWAY_CREDENTIALS",
    "the API may not publish on the bus: set TONGHOP_GATEWAY_NATS_URL with TONGHOP_GATEWAY_PASSWORD_FILE or "
    "TONGHOP_GATEWAY_CREDENTIALS",
)
PATIENCE: Final = 3.0
"""Seconds for which a bus that takes nothing is tried again, for all that send together."""


class NotPublishedError(Exception):
    """An event is not known to be in the log; `reason` is AWAY, FULL or REFUSED. To publish it again is harmless."""

    def __init__(self, reason: str, said: Bilingual) -> None:
        super().__init__(said)
        self.reason = reason


class _Bus(BusConnection):
    """A connection that is used by many at a time and outlives whatever the server says: that may pass."""

    async def on_error(self, error: Exception) -> None:
        """Take note of what concerns those who send now, and of nothing for good."""
        await super().on_error(error)
        self.refused = None


class Gateway:
    """The connection of one process. `open` and `close` are called once each."""

    def __init__(self, settings: Settings) -> None:
        settings = settings.as_gateway()
        self._bus = _Bus(settings, lambda _: None, patience=PATIENCE)
        self._flights = Flights(self._bus)
        self._connection = LastingConnection(
            settings,
            "tonghop api, publishing",
            self._bus.client,
            on_error=self._bus.on_error,
            on_disconnect=self._bus.on_disconnect,
        )
        self.open = self._connection.open

    async def close(self) -> None:
        """End the connection; what waits for it is told so."""
        self._bus.ended.set()
        await self._connection.close()

    async def send(self, lines: Sequence[Line], owning: Owns, *, whole: bool = False) -> ChunkOutcome:
        """Put at most CHUNK events into the log, in order, and answer for each; many may at a time.

        They go as one atomic batch; where the bus takes none they go one by one, or not at all if they are to be sent
        as a ``whole``. Waits PATIENCE for a bus that is away or full; raises nothing.
        """
        # What was denied may be allowed now; what still is, the server says anew.
        self._bus.denied.difference_update([line.subject for line in lines])
        return await Sender(self._bus, batches=True, owning=owning, flights=self._flights).send(lines, whole=whole)

    async def publish(self, line: Line) -> int:
        """Put an event into the log and return its position, also where it stands there already by its header.

        What is not acknowledged is sent once more: the header, and the ledger's key, make it one event. Raises
        NotPublishedError.
        """
        if not self._bus.client.is_connected:
            raise NotPublishedError(AWAY, Bilingual("bus không kết nối được", "the bus can't be reached"))
        with spans.span("publish", "producer") as told:
            position = await self._publish(line)
            told.note({"tonghop.position": position})
            return position

    async def _publish(self, line: Line) -> int:
        jetstream = self._connection.client.jetstream(timeout=ACKNOWLEDGED_WITHIN)
        try:
            return await _publish(jetstream, line)
        except (nats.errors.TimeoutError, nats.errors.ConnectionClosedError, nats.js.errors.NoStreamResponseError):
            pass
        try:
            return await _publish(jetstream, line)
        except (nats.errors.Error, OSError) as error:
            raise NotPublishedError(
                AWAY, Bilingual("bus không xác nhận", "the bus does not acknowledge").with_detail(described(error))
            ) from error


async def _publish(jetstream: JetStreamContext, line: Line) -> int:
    headers = {MESSAGE_ID_HEADER: line.message_id, **spans.carried()}
    try:
        ack = await jetstream.publish(line.subject, line.body, headers=headers)
    except DeniedError as denied:
        raise NotPublishedError(REFUSED, _NOT_GATEWAY.with_detail(denied.subject)) from denied
    except nats.js.errors.APIError as refused:
        full = refused.err_code in NO_ROOM
        raise NotPublishedError(FULL if full else REFUSED, Bilingual.of(str(refused.description))) from refused
    return int(ack.seq)
