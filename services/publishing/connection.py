"""The publisher's connection to NATS: it outlives outages for as long as it may, and knows what the server denied."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from nats.errors import Error

from projections.bilingual import Bilingual
from projections.store.address import said
from services.connecting.bus import BusClient, DeniedError, encrypted, options
from services.connecting.failures import Failure, classify, described
from services.connecting.patience import Backoff
from services.publishing import credentials as credentials_file
from services.publishing.credentials import CredentialsError
from services.settings import Settings

LONGEST_PAUSE: Final = 1.0
_RECONNECT: Final = 0.5
PATIENCE: Final = 30.0
"""Seconds for which a bus that takes nothing is tried again."""
AWAY: Final = "bus_away"
FULL: Final = "stream_full"
INTERRUPTED: Final = "interrupted"

_LOST: Final = Bilingual("mất kết nối", "the connection is lost")
_UNREACHABLE: Final = Bilingual("không kết nối được", "it can't be reached")
_ADVICE: Final = {
    AWAY: Bilingual(
        "Hãy xem NATS có chạy không và địa chỉ có đúng không (--nats, TONGHOP_NATS_URL)",
        "See whether NATS runs and whether the address is right (--nats, TONGHOP_NATS_URL)",
    ),
    FULL: Bilingual("Hãy báo quản trị dọn chỗ rồi gửi lại", "Have room made, then send again"),
}


class BusRefusedError(Exception):
    """The bus can't be used as things are, and trying again won't help; the message says what to do."""

    def __init__(self, said: Bilingual, reason: str = "refused_by_bus") -> None:
        super().__init__(said)
        self.reason = reason


class EndedError(BusRefusedError):
    """It was tried for as long as it may be (AWAY, FULL), or its user wants no more (INTERRUPTED)."""


class BusConnection:
    """A connection with what has happened to it.

    `notice` is told of trouble in words for the user, once for each kind of it, and None when it is over. `ended` may
    be set by whoever wants no more: everything that waits here ends with EndedError.
    """

    def __init__(
        self,
        settings: Settings,
        notice: Callable[[Bilingual | None], None],
        *,
        patience: float,
        ended: asyncio.Event | None = None,
    ) -> None:
        self.address = said(settings.nats_url)
        self.client = BusClient(encrypted=encrypted(settings))
        self._settings = settings
        self.denied: set[str] = set()
        self.inbox_denied = False
        self.refused: Bilingual | None = None
        self.losses = 0
        """How often the connection was lost: what was on its way before that may never be answered."""
        self.ended = ended or asyncio.Event()
        self.news = asyncio.Event()
        """Set with whatever may end a wait for an answer: a denial, a lost connection. Who waits clears it, looks
        for what it waits for, and only then waits."""
        self._patience = patience
        self._notice = notice
        self._troubles: set[Bilingual] = set()
        self._backoff = Backoff(longest=LONGEST_PAUSE)
        self._since: float | None = None
        self._last_error: Bilingual | None = None

    async def connected(self) -> None:
        """Wait for a connection; raises BusRefusedError where there will be none, EndedError after too long."""
        while not (self._usable() and self.client.is_connected):
            await self.pause(_LOST)

    async def pause(self, why: Bilingual, reason: str = AWAY) -> None:
        """Say why, and wait before something is tried again; raises EndedError."""
        self.trouble(why)
        if self._since is not None and time.monotonic() - self._since >= self._patience:
            last, advice = why.with_detail(self._last_error), _ADVICE[reason]
            said = Bilingual(f"{last.vietnamese}. {advice.vietnamese}", f"{last.english}. {advice.english}")
            raise EndedError(said.within(f"{self.address}: "), reason)
        await self.wait_a_little(self._patience)

    async def wait_a_little(self, at_most: float = math.inf) -> None:
        """Wait before something is tried again, longer each time until all is well; raises EndedError."""
        await self.unless_ended(asyncio.sleep(max(0.0, min(self._backoff.next(), at_most))))

    def check_wanted(self) -> None:
        """Raise EndedError where the user wants no more."""
        if self.ended.is_set():
            raise EndedError(Bilingual("đã dừng theo yêu cầu", "interrupted"), INTERRUPTED)

    async def unless_ended(self, awaitable: Any) -> Any:
        """Wait for something; raises EndedError as soon as nobody wants it any more."""
        doing, ending = asyncio.ensure_future(awaitable), asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait({doing, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                self.check_wanted()
            return await doing
        finally:
            doing.cancel()
            ending.cancel()

    async def settle(self, pending: Iterable[asyncio.Future[Any]], within: float) -> None:
        """Wait until all are done, `within` seconds are over, or there is news that may make waiting pointless."""
        left = {future for future in pending if not future.done()}
        if left:
            # That all are done is waited for in a task of its own: ending it leaves them as they are.
            waits = {asyncio.ensure_future(one) for one in (asyncio.wait(left), self.news.wait(), self.ended.wait())}
            try:
                await asyncio.wait(waits, timeout=within, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    def trouble(self, why: Bilingual) -> None:
        """Tell the user what is wrong, each thing once until all is well again."""
        if self._since is None:
            self._since = time.monotonic()
        if why not in self._troubles:
            self._troubles.add(why)
            ever = math.isinf(self._patience)
            limit = f"{self._patience:g} s (--patience)"
            tried = Bilingual("không hạn chế", "for ever") if ever else Bilingual.of(limit)
            self._notice(
                Bilingual(
                    f"Bus {self.address}: {why.vietnamese}. Thử lại: {tried.vietnamese}",
                    f"Bus {self.address}: {why.english}. Trying again: {tried.english}",
                )
            )

    def well(self) -> None:
        """Take note that the bus does what it is asked."""
        self._since = self._last_error = None
        self._backoff.reset()
        if self._troubles:
            self._troubles.clear()
            self._notice(None)

    def _usable(self) -> bool:
        if self.refused is not None:
            raise BusRefusedError(self.refused)
        if self.inbox_denied:
            raise BusRefusedError(
                Bilingual(
                    "máy chủ không cho nhận trả lời, hãy đặt --inbox-prefix",
                    "the server denies us replies, set --inbox-prefix",
                )
            )
        if self.client.is_closed:
            raise BusRefusedError(
                Bilingual(
                    f"{self.address}: máy chủ đã đóng kết nối", f"{self.address}: the server closed the connection"
                ).with_detail(str(self.client.last_error or ""))
            )
        return True

    async def on_error(self, error: Exception) -> None:
        """Take note of what the server tells apart from any request: a denial is only ever told so."""
        if isinstance(error, DeniedError):
            if error.what == "publish":
                self.denied.add(error.subject)
            else:
                self.inbox_denied = True
        elif classify(error) is Failure.REFUSED:
            self.refused = self._refusal(error)
        else:
            self._last_error = described(error)
            return
        self.news.set()

    def _refusal(self, error: BaseException) -> Bilingual:
        return Bilingual(
            f"{self.address}: không được vào máy chủ, hãy xem --credentials, mật khẩu hoặc chứng thư TLS",
            f"{self.address}: the server is closed to us, look at --credentials, the password, or the TLS certificate",
        ).with_detail(described(error))

    async def on_disconnect(self) -> None:
        """Wake those who wait for acknowledgements that may never come now."""
        self.losses += 1
        self.news.set()

    async def open(self, inbox_prefix: str) -> None:
        """Connect, trying for as long as it may take; raises BusRefusedError, EndedError, SettingsError."""
        connecting = asyncio.ensure_future(
            self.client.connect(
                **options(self._settings),
                error_cb=self.on_error,
                disconnected_cb=self.on_disconnect,
                max_reconnect_attempts=-1,
                reconnect_time_wait=_RECONNECT,
                inbox_prefix=inbox_prefix,
                name="tonghop publish",
            )
        )
        try:
            while not connecting.done():
                await self.settle({connecting}, _RECONNECT)
                if connecting.done():
                    break
                if self.refused is not None:
                    raise BusRefusedError(self.refused)
                await self.pause(_UNREACHABLE)
            await connecting
        except (OSError, Error) as error:
            raise BusRefusedError(self._refusal(error)) from error
        finally:
            if not connecting.done():
                connecting.cancel()
                await asyncio.gather(connecting, return_exceptions=True)
        self.well()


@asynccontextmanager
async def connect(
    url: str,
    *,
    notice: Callable[[Bilingual | None], None],
    credentials: str | None = None,
    inbox_prefix: str | None = None,
    patience: float = PATIENCE,
    ended: asyncio.Event | None = None,
) -> AsyncIterator[BusConnection]:
    """Connect to one or several addresses with commas between them, for `patience` seconds.

    `notice` is told of trouble as `BusConnection` says.

    Answers come to `inbox_prefix`, by itself that of the credential.
    Raises BusRefusedError where the server does not let us in or the credentials file is of no use, EndedError where
    nobody answers in time, or `ended` was set, SettingsError where a setting of the environment can't be used.
    """
    settings = replace(Settings.from_environment(), nats_url=url)
    if credentials:
        settings = replace(settings, nats_credentials=Path(credentials))
    bus = BusConnection(settings, notice, patience=patience, ended=ended)
    try:
        if settings.nats_credentials is not None:
            inbox_prefix = inbox_prefix or credentials_file.inbox_prefix(
                credentials_file.usable(settings.nats_credentials)
            )
    except CredentialsError as error:
        raise BusRefusedError(Bilingual.of(error)) from error
    try:
        await bus.open(inbox_prefix or credentials_file.INBOX)
        yield bus
    finally:
        with suppress(Error, OSError):
            await bus.client.close()
