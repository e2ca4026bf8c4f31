"""The client for asyncio: events to the service and back what became of them, over HTTP or over the bus."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from events.data import Data
from events.identifiers import is_event_id
from projections.answers.report.report_answers import Report, Said, UnitDay, UnitPage
from projections.bilingual import Bilingual
from projections.store.address import said as without_passwords
from services.client.address import is_bus, secret_of
from services.client.answers import is_receipt_id, read_sent
from services.client.correcting import Correction, corrected
from services.client.delivering import Delivery, unsent_error
from services.client.errors import (
    AnsweredError,
    AwayError,
    MisuseError,
    RefusedEventError,
)
from services.client.over_bus import OverBus
from services.client.over_http import OverHttp, unsent
from services.client.saying import Sayable, lines_of, require_unit
from services.client.told import REFUSED, UNSENT, EventTold, SendReceipt
from services.settings import SettingsError
from services.tracing.switching import follow_the_caller

MOST: Final = 1_000
"""Events of a request; more are sent in so many at a time, one after another."""
PATIENCE: Final = 30.0
TIMEOUT: Final = 30.0


class AsyncClient:
    """One service, as one account (HTTP) or one unit (the bus); ``async with`` or `close` ends its connections.

    ``address``: ``https://…`` with a ``token`` (or the `Path` of a file that holds it), or ``tls://…``, ``nats://…``
    with the ``credentials`` file of a unit. ``ca``: a PEM file with authorities to trust (over HTTP beside those of
    the system). A token is sent to just this address, over TLS, or in plain text to this machine; to another one with
    ``plain_text`` alone. Redirects are not followed.

    ``timeout``: seconds for one request, whatever the other side does. ``patience``: seconds for which a service that
    is away, full or too busy is tried again, with growing pauses that differ from client to client. All that sends may
    be repeated for ever: the key of an event is its publisher and its id.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str | Path | None = None,
        credentials: Path | str | None = None,
        ca: Path | str | None = None,
        timeout: float = TIMEOUT,
        patience: float = PATIENCE,
        inbox_prefix: str | None = None,
        plain_text: bool = False,
    ) -> None:
        if not timeout > 0 or not patience >= 0:
            raise MisuseError(Bilingual("timeout > 0, patience >= 0", "timeout > 0, patience >= 0"))
        try:
            follow_the_caller()
        except SettingsError as error:
            raise MisuseError(Bilingual.of(error)) from error
        authorities = None if ca is None else Path(ca)
        http: OverHttp | None = None
        bus: OverBus | None = None
        if is_bus(address):
            if token is not None:
                raise MisuseError(
                    Bilingual("bus dùng credentials=, không dùng token=", "the bus takes credentials=, not token=")
                )
            creds = None if credentials is None else Path(credentials)
            bus = OverBus(address, creds=creds, ca=authorities, timeout=timeout, inbox_prefix=inbox_prefix)
        else:
            if credentials is not None:
                raise MisuseError(
                    Bilingual("HTTP dùng token=, không dùng credentials=", "HTTP takes token=, not credentials=")
                )
            secret = secret_of(token)
            http = OverHttp(address, token=secret, ca=authorities, timeout=timeout, plain_text=plain_text)
        self._delivery = Delivery(http, bus, patience)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connections."""
        await self._delivery.close()

    async def send(self, said: Sayable, *, wait: float = 0.0) -> EventTold:
        """Send one event, and wait up to ``wait`` seconds for its outcome.

        It is in the log when this returns. Raises RefusedEventError, AwayError (send it again), and see `send_many`.
        """
        receipt = await self.send_many([said], wait=wait)
        (told,) = receipt.items
        if told.status == REFUSED:
            raise RefusedEventError(told)
        if told.status == UNSENT:
            raise unsent_error([told])
        return told

    async def send_many(
        self, said: Iterable[Sayable], *, wait: float = 0.0, patience: float | None = None
    ) -> SendReceipt:
        """Send events in their order, a thousand at a time, and wait up to ``wait`` seconds for the outcomes of all.

        What is told has an item for each; those that are ``unsent`` in the end are to be sent again. Raises
        UnsendableEventError before anything is sent, AwayError where nothing could be sent at all, AnsweredError where
        the service says no as a whole, StrangeAnswerError where its answer can't be believed.
        """
        lines = lines_of(said)
        until = time.monotonic() + wait
        found, receipts, behind = list[EventTold](), list[str](), None
        for at in range(0, len(lines), MOST):
            part = lines[at : at + MOST]
            left = max(0.0, until - time.monotonic()) if at + MOST >= len(lines) else 0.0
            try:
                sent = await self._delivery.send(part, left, patience)
            except (AwayError, AnsweredError):
                if not any(item.status != UNSENT for item in found):
                    raise
                found += [unsent(line, "away") for line in lines[at:]]  # what is known of the others is worth more
                break
            found += sent.items
            receipts += sent.receipts
            behind = sent.behind or behind
        told = SendReceipt(tuple(found), tuple(receipts), behind)
        if lines and all(item.status == UNSENT for item in told.items):
            raise unsent_error(told.items)
        return await self._delivery.decided(told, until) if wait else told

    async def dry_run(self, said: Iterable[Sayable]) -> SendReceipt:
        """Tell what would become of events, and send nothing. Over HTTP alone. Raises as `send_many`.

        Each thousand is tried by itself, as if those of the other thousands weren't there.
        """
        http, lines = self._delivery.over_http("dry_run"), lines_of(said)
        found = list[EventTold]()
        for at in range(0, len(lines), MOST):
            part = lines[at : at + MOST]
            found += (await self._delivery.patiently(lambda part=part: http.send(part, dry_run=True))).items  # type: ignore[misc]
        return SendReceipt(tuple(found))

    async def receipt(self, receipt: str) -> SendReceipt:
        """Tell again what became of what was sent, with today's outcomes. Over HTTP alone; NoSuchError."""
        if not is_receipt_id(receipt):
            raise MisuseError(Bilingual("không phải biên nhận", "is no receipt", before=f"{receipt!r}: "))
        http = self._delivery.over_http("receipt")
        return read_sent(await self._delivery.patiently(lambda: http.ask("GET", "v1", "receipts", receipt)), None)

    async def outcomes(self, sent: SendReceipt, *, wait: float = 0.0) -> SendReceipt:
        """Tell again what became of what this client sent, waiting up to ``wait`` seconds until all is decided."""
        return await self._delivery.decided(sent, time.monotonic() + wait)

    async def look_up(
        self, said: Sequence[Sayable], *, positions: Sequence[int | None] | None = None
    ) -> list[EventTold | None]:
        """Tell what became of events, however they were sent; None for one that the log, as far as read, hasn't.

        One whose key has other content is told as refused (``id_conflict``). Takes the right to send them, and nothing
        else. ``positions``: where the log acknowledged them, as far as that is known.
        """
        lines = lines_of(said)
        found = list[EventTold | None]()
        for at in range(0, len(lines), MOST):
            part = lines[at : at + MOST]
            found += await self._delivery.looked_up(part, None if positions is None else positions[at : at + MOST])
        return found

    async def event(self, publisher: str, id: str) -> Said:  # noqa: A002 - the contract's name for it
        """Give one event whole, with its outcome and what took it back. Over HTTP alone; NoSuchError, MayNotError."""
        _require_key(publisher, id)
        return await self._delivery.read(Said, "v1", "events", publisher, id)

    async def retract(
        self,
        publisher: str,
        id: str,  # noqa: A002
        reason: str,
        *,
        subject: str | None = None,
        wait: float = 0.0,
    ) -> EventTold:
        """Take an event back, as its publisher. There is one retraction of an event, however often it is asked for.

        ``subject`` is needed over the bus, where the event's is another unit than its publisher. Raises as `send`, and
        NoSuchError, MayNotError, StandsNoMoreError where there is nothing to take back.
        """
        _require_key(publisher, id)
        wanted = Correction(publisher, id, reason, None, subject)
        return (await corrected(self._delivery, wanted, wait)).items[0]

    async def replace(
        self,
        publisher: str,
        id: str,  # noqa: A002
        data: Data,
        reason: str,
        *,
        subject: str | None = None,
        wait: float = 0.0,
    ) -> SendReceipt:
        """Take an event back and say it anew with other data, both or neither; two items are told.

        Its new id follows from the old one. Raises as `retract`.
        """
        _require_key(publisher, id)
        return await corrected(self._delivery, Correction(publisher, id, reason, data, subject), wait)

    async def unit(self, unit: str, *, on: dt.date | None = None) -> UnitDay:
        """Give a unit on a day, today where none is given. Over HTTP alone; NoSuchError."""
        require_unit(unit)
        return await self._delivery.read(UnitDay, "v1", "units", unit, on=on)

    async def units(
        self, q: str | None = None, *, level: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> UnitPage:
        """Search units by name, with and without Vietnamese diacritics; `next` is the cursor of what comes after."""
        return await self._delivery.read(UnitPage, "v1", "units", q=q, level=level, limit=limit, cursor=cursor)

    async def report(
        self,
        unit: str,
        *,
        from_: dt.date | None = None,
        to: dt.date | None = None,
        basis: str | None = None,
        by: str | None = None,
        measures: Iterable[str] | None = None,
        min_position: int | None = None,
        wait: float | None = None,
    ) -> Report:
        """Give the roll-up of a unit (contract §5). With ``min_position`` it reflects what was sent up to there.

        Over HTTP alone. Raises NoSuchError, MayNotError, BadRequestError, AwayError where it isn't there in ``wait``
        seconds.
        """
        require_unit(unit)
        wanted = None if measures is None else ",".join(measures)
        asked = {"from": from_, "to": to, "basis": basis, "by": by, "measures": wanted}
        return await self._delivery.read(
            Report, "v1", "units", unit, "report", **asked, min_position=min_position, wait=wait, longer=wait or 0.0
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({without_passwords(self._delivery.address)!r})"


def _require_key(publisher: str, id_: str) -> None:
    require_unit(publisher)
    if not is_event_id(id_):
        raise MisuseError(Bilingual("không phải mã sự kiện", "is not an event's id", before=f"{id_!r}: "))
