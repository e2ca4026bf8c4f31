"""The client for programs without asyncio: the same methods, each of which waits for its answer."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from events.data import Data
from projections.answers.report.report_answers import Report, Said, UnitDay, UnitPage
from projections.bilingual import Bilingual
from services.client.asynchronous import PATIENCE, TIMEOUT, AsyncClient
from services.client.errors import MisuseError
from services.client.saying import Sayable
from services.client.told import EventTold, SendReceipt

Result = TypeVar("Result")


class Client:
    """As `AsyncClient`, for any thread: the work is done by a thread of its own. ``with`` or `close` ends it.

    Every method is documented there, under the same name.
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
        self._client = AsyncClient(
            address,
            token=token,
            credentials=credentials,
            ca=ca,
            timeout=timeout,
            patience=patience,
            inbox_prefix=inbox_prefix,
            plain_text=plain_text,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._beginning = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections and the thread."""
        with self._beginning:
            self._closed, loop, thread = True, self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(_ended(self._client), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def send(self, said: Sayable, *, wait: float = 0.0) -> EventTold:
        """Send one event."""
        return self._run(self._client.send(said, wait=wait))

    def send_many(self, said: Iterable[Sayable], *, wait: float = 0.0, patience: float | None = None) -> SendReceipt:
        """Send events in their order."""
        return self._run(self._client.send_many(said, wait=wait, patience=patience))

    def dry_run(self, said: Iterable[Sayable]) -> SendReceipt:
        """Tell what would become of events, and send nothing."""
        return self._run(self._client.dry_run(said))

    def receipt(self, receipt: str) -> SendReceipt:
        """Tell again what became of what was sent."""
        return self._run(self._client.receipt(receipt))

    def outcomes(self, sent: SendReceipt, *, wait: float = 0.0) -> SendReceipt:
        """Tell again what became of what this client sent."""
        return self._run(self._client.outcomes(sent, wait=wait))

    def look_up(
        self, said: Sequence[Sayable], *, positions: Sequence[int | None] | None = None
    ) -> list[EventTold | None]:
        """Tell what became of events, however they were sent."""
        return self._run(self._client.look_up(said, positions=positions))

    def event(self, publisher: str, id: str) -> Said:  # noqa: A002 - the contract's name for it
        """Give one event whole."""
        return self._run(self._client.event(publisher, id))

    def retract(
        self,
        publisher: str,
        id: str,  # noqa: A002
        reason: str,
        *,
        subject: str | None = None,
        wait: float = 0.0,
    ) -> EventTold:
        """Take an event back."""
        return self._run(self._client.retract(publisher, id, reason, subject=subject, wait=wait))

    def replace(
        self,
        publisher: str,
        id: str,  # noqa: A002
        data: Data,
        reason: str,
        *,
        subject: str | None = None,
        wait: float = 0.0,
    ) -> SendReceipt:
        """Take an event back and say it anew."""
        return self._run(self._client.replace(publisher, id, data, reason, subject=subject, wait=wait))

    def unit(self, unit: str, *, on: dt.date | None = None) -> UnitDay:
        """Give a unit on a day."""
        return self._run(self._client.unit(unit, on=on))

    def units(
        self, q: str | None = None, *, level: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> UnitPage:
        """Search units by name."""
        return self._run(self._client.units(q, level=level, limit=limit, cursor=cursor))

    def report(
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
        """Give the roll-up of a unit."""
        asked = self._client.report(
            unit, from_=from_, to=to, basis=basis, by=by, measures=measures, min_position=min_position, wait=wait
        )
        return self._run(asked)

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            loop = self._begun()
        except BaseException:
            work.close()
            raise
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except BaseException:  # Ctrl-C: what is on its way is given up
            future.cancel()
            raise

    def _begun(self) -> asyncio.AbstractEventLoop:
        with self._beginning:
            if self._closed:
                raise MisuseError(Bilingual("client đã đóng", "the client is closed"))
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="tonghop client", daemon=True)
                self._thread.start()
            if threading.current_thread() is self._thread:
                raise MisuseError(Bilingual("hãy dùng AsyncClient", "use AsyncClient here"))
            return self._loop

    def __repr__(self) -> str:
        return repr(self._client).removeprefix("Async")


async def _ended(client: AsyncClient) -> None:
    await client.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
