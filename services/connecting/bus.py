"""Connections to NATS: encrypted where that is asked for, and telling at once what the server denies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

import nats.errors
import structlog
from nats.aio.msg import Msg

from events.subjects import PREFIX
from projections.bilingual import Bilingual
from projections.store.address import said
from services.connecting import tls
from services.connecting.nats_internals import EncryptedClient
from services.settings import Settings, SettingsError

ENCRYPTED: Final = frozenset({"tls", "wss"})
CONNECT_WITHIN: Final = 5
PING_EVERY: Final = 3
UNANSWERED: Final = 2
"""Seconds between two questions to a server whether it is there, and how many it may leave unanswered: one that is
frozen, or cut off, is left for another after less than ten seconds (the client's own way takes minutes)."""
_MOST_KINDS: Final = 1_000

SHUT_OUT: Final = "shut-out."
"""Where the subjects of a unit that is shut out lead: nobody may publish there (docs/decisions/0024)."""
_denied = re.compile(r'permissions violation for (publish|subscription) to "([^"]+)"', re.IGNORECASE).search

_log = structlog.get_logger("tonghop.bus")


class DeniedError(nats.errors.Error):
    """The server does not allow this user what was asked for; trying again changes nothing."""

    def __init__(self, what: str, subject: str) -> None:
        sends = what == "publish"
        super().__init__(
            Bilingual(
                f"NATS không cho phép {'gửi' if sends else 'nhận'} {subject}: hãy dùng người dùng có quyền đó",
                f"NATS denies this user to {'publish' if sends else 'subscribe'} {subject}: use one that is allowed it",
                after=" (TONGHOP_NATS_URL, TONGHOP_NATS_CREDENTIALS, deploy/nats/accounts.conf)",
            )
        )
        self.what = what
        self.subject = subject


class UnreachableError(nats.errors.NoServersError):
    """No server of the address could be used; the message has the address and what happened last."""

    def __str__(self) -> str:
        return str(self.args[0])


def denial(error: BaseException) -> DeniedError | None:
    """Read what the server denies out of an error as nats-py tells it; None where it is something else."""
    if isinstance(error, DeniedError):
        return error
    found = _denied(str(error))
    if found is None:
        return None
    subject: str = found[2]
    if subject.startswith(SHUT_OUT):  # told is where the server would have led it, not where the client sent it
        subject = f"{PREFIX}.{subject.removeprefix(SHUT_OUT)}"
    return DeniedError(found[1].lower(), subject)


class BusClient(EncryptedClient):
    """A client of NATS that sends nothing in plain text where TLS is asked for, and fails a denied request at once.

    The server tells a denial apart from the request, which nats-py leaves to run into its timeout.
    """

    def __init__(self, *, encrypted: bool = False) -> None:
        super().__init__(encrypted=encrypted)
        self._waiting: dict[asyncio.Future[Any], str] = {}
        self.denied: list[DeniedError] = []
        """What the server has denied on this connection, the latest last; bounded."""

    async def connect(  # type: ignore[override]
        self, servers: str | list[str], *, error_cb: Callable[[Exception], Awaitable[None]], **options: Any
    ) -> None:
        """Connect as nats-py does; `error_cb` is told all errors, denials as DeniedError."""

        async def hear(error: Exception) -> None:
            refused = denial(error)
            if refused is not None:
                self._deny(refused)
            await error_cb(refused or error)

        await super().connect(servers, error_cb=hear, **options)

    async def request(
        self,
        subject: str,
        payload: bytes = b"",
        timeout: float = 0.5,  # noqa: ASYNC109 - as the client has it
        old_style: bool = False,
        headers: dict[str, Any] | None = None,
    ) -> Msg:
        """Ask as nats-py does. Raises DeniedError as soon as the server says so."""
        asked = asyncio.ensure_future(super().request(subject, payload, timeout, old_style, headers))
        denied: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[denied] = subject
        try:
            await asyncio.wait({asked, denied}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise denied.result()
            return await asked
        finally:
            del self._waiting[denied]
            asked.cancel()

    def _deny(self, refused: DeniedError) -> None:
        self.denied = [*self.denied[-15:], refused]
        for waiting, subject in self._waiting.items():
            if not waiting.done() and (refused.what == "subscription" or refused.subject.lower() == subject.lower()):
                waiting.set_result(refused)


def encrypted(settings: Settings) -> bool:
    """Tell whether the settings ask for TLS to the bus: by the address, or by an authority or a certificate."""
    schemes = {url.partition("://")[0] for url in settings.nats_url.split(",")}
    return bool(schemes & ENCRYPTED) or settings.nats_ca is not None or settings.nats_cert is not None


def options(settings: Settings) -> dict[str, Any]:
    """Give what nats-py's `connect` takes: the addresses, how a dead server is found out, TLS, and who this process is.

    Raises SettingsError.
    """
    found: dict[str, Any] = {
        "servers": addresses(settings),
        "ping_interval": PING_EVERY,
        "max_outstanding_pings": UNANSWERED,
    }
    if encrypted(settings):
        found["tls"] = tls.bus_context(settings)
    if settings.nats_credentials is not None:
        found["user_credentials"] = str(settings.nats_credentials)
    return found


def addresses(settings: Settings) -> list[str]:
    """Give the addresses of the bus, with the password out of its file. Raises SettingsError."""
    urls = settings.nats_url.split(",")
    if settings.nats_password_file is None:
        return urls
    try:
        password = settings.nats_password_file.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SettingsError(f"TONGHOP_NATS_PASSWORD_FILE: {settings.nats_password_file}: {error.strerror}") from error
    return [_with_password(url, password) for url in urls]


def _with_password(url: str, password: str) -> str:
    scheme, _, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    if not at or ":" in user:
        raise SettingsError(
            Bilingual(
                "TONGHOP_NATS_URL phải có tên người dùng, không có mật khẩu, ví dụ",
                "TONGHOP_NATS_URL must name a user and no password, like",
                before="TONGHOP_NATS_PASSWORD_FILE: ",
                after=f" {scheme}://USER@{host}",
            )
        )
    if any(sign in password for sign in "@/?#[]%"):
        raise SettingsError(
            Bilingual(
                "nats-py không giải mã địa chỉ, mật khẩu không được có",
                "the password of a bus can't hold any of",
                before="TONGHOP_NATS_PASSWORD_FILE: ",
                after=" @ / ? # [ ] %",
            )
        )
    return f"{scheme}://{user}:{password}@{host}"


async def connect_once(settings: Settings, name: str) -> BusClient:
    """Connect under a name, at once or not at all, and never again; what fails is raised, and told by the caller.

    Raises UnreachableError where nobody answers, its cause is what happened last; what nats-py raises; SettingsError.
    """
    return await reach(
        settings,
        name,
        allow_reconnect=False,
        max_reconnect_attempts=1,  # of the first connection
        reconnect_time_wait=0.05,
    )


async def reach(settings: Settings, name: str, **how: Any) -> BusClient:
    """Connect for one piece of work; `how` are options of nats-py. Denials are logged, all else is raised.

    Raises as connect_once does.
    """
    last: list[Exception] = []

    async def remember(error: Exception) -> None:
        if isinstance(error, DeniedError):
            _log.error("denied by the bus", subject=error.subject, error=Bilingual.of(error))
        last[:] = [error]

    client = BusClient(encrypted=encrypted(settings))
    try:
        await client.connect(**options(settings), name=name, error_cb=remember, connect_timeout=CONNECT_WITHIN, **how)
    except nats.errors.NoServersError:
        if not last:
            raise
        raise UnreachableError(Bilingual.of(last[-1]).within(f"{said(settings.nats_url)}: ")) from last[-1]
    return client


class Listener:
    """What a process that stays does with the errors of its connection: it logs them, each once until it changes."""

    def __init__(self, log: Any = _log) -> None:
        self._log = log
        self._said: set[str] = set()

    def forget(self) -> None:
        """Take what comes from now on for news again."""
        self._said.clear()

    async def __call__(self, error: Exception) -> None:
        """Log a denial as an error, all else as a warning."""
        words = str(error) or type(error).__name__
        if words in self._said or len(self._said) > _MOST_KINDS:
            return
        self._said.add(words)
        refused = error if isinstance(error, DeniedError) else denial(error)
        if refused is not None:
            self._log.error("denied by the bus", subject=refused.subject, error=Bilingual.of(refused))
        else:
            self._log.warning("bus", error=words)
