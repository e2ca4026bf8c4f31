"""Where a service is, what is shown to it, and whether that may be: nothing secret is ever in an address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from projections.bilingual import Bilingual
from projections.store.address import said
from services.client.errors import MisuseError, UnsafeAddressError

_BUS: Final = frozenset({"nats", "tls", "ws", "wss"})
_LOOPBACK: Final = re.compile(r"127\.[0-9.]+|localhost|::1").fullmatch
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}").fullmatch


class Secret:
    """A token that shows itself to nobody who prints, logs or pickles what holds it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def shown_to_the_service(self) -> str:
        """Return it, for the one header that it is for."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a token is not copied about")


def is_bus(address: str) -> bool:
    """Tell whether an address is of the bus. Raises MisuseError where it is none at all."""
    schemes = {each.strip().partition("://")[0].lower() for each in address.split(",")}
    if schemes <= _BUS:
        return True
    if "," in address or not schemes <= {"http", "https"}:
        raise _wrong(address)
    return False


def web_address(address: str, *, secret: bool, plain_text: bool) -> str:
    """Check an HTTP address, and return it without a slash at its end.

    Raises MisuseError, and UnsafeAddressError where a token would go in plain text to another machine and
    ``plain_text`` doesn't allow it.
    """
    try:
        parts = urlsplit(address.strip())
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise _wrong(address) from None
    if not good or parts.query or parts.fragment or parts.username is not None or parts.password is not None:
        raise _wrong(address)
    if secret and parts.scheme != "https" and not plain_text and not _LOOPBACK(parts.hostname or ""):
        raise UnsafeAddressError(
            Bilingual(
                f"{said(address)}: token chỉ được gửi qua https://, hoặc trên chính máy này",
                f"{said(address)}: a token goes over https:// alone, or to this machine",
            )
        )
    return address.strip().rstrip("/")


def is_loopback(address: str) -> bool:
    """Tell whether an address is on this machine: no proxy of the environment stands before it."""
    return bool(_LOOPBACK(urlsplit(address).hostname or ""))


def secret_of(token: str | Path | None) -> Secret | None:
    """Take a token as it is given, or out of a file. Raises MisuseError, which doesn't show it."""
    if token is None:
        return None
    if isinstance(token, Path):
        try:
            token = token.read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "ASCII"
            raise MisuseError(
                Bilingual("không đọc được token", "the token can't be read", after=f": {token}: {why}")
            ) from None
    if not _TOKEN(token.strip()):
        raise MisuseError(Bilingual("token không phải một từ", "the token is not one word"))
    return Secret(token.strip())


def _wrong(address: str) -> MisuseError:
    return MisuseError(
        Bilingual(
            "không phải địa chỉ dịch vụ (http://, https://, nats:// hoặc tls://, không có mật khẩu trong địa chỉ HTTP)",
            "not the address of a service (http://, https://, nats:// or tls://; no password in one of HTTP)",
            before=f"{re.split('[?#]', said(address))[0]!r}: ",
        )
    )
