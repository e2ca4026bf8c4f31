"""Who asks, for a fair share each: an address, a network of IPv6, or the one that a trusted proxy names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from starlette.types import Scope

NOBODY: Final = "unknown"
"""Who asks over something that has no address, a Unix socket for example."""

HOUSEHOLD: Final = 64
"""Bits of an IPv6 address that are one asker: a single connection is given all that is below them."""

_FOR: Final = re.compile(r'(?:^|[;,\s])for=("[^"]*"|[^;,\s]+)', re.IGNORECASE)
_PORT: Final = re.compile(r"^\[(?P<six>[^\]]+)\](?::\d+)?$|^(?P<four>[^:]+):\d+$")


class Clients:
    """Tells who asks; ``trusted`` are addresses and networks whose word on it is taken, with commas between them."""

    def __init__(self, trusted: str = "") -> None:
        self._trusted = [ip_network(each) for each in trusted.split(",") if each]

    def of(self, scope: Scope) -> str:
        """Name the asker: the nearest one that isn't a trusted proxy.

        What stands further left in the headers was written by anybody, and is not believed.
        """
        peer = scope.get("client")
        address = _address(peer[0]) if peer else None
        if address is None:
            return NOBODY
        if self._trusts(address):
            for named in reversed(list(_forwarded(scope["headers"]))):
                before = _address(named)
                if before is None:
                    break
                address = before
                if not self._trusts(address):
                    break
        return _share(address)

    def is_proxy(self, address: str) -> bool:
        """Tell whether an address is of a trusted proxy, which asks for many."""
        found = _address(address)
        return found is not None and self._trusts(found)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def share_of(address: str) -> str:
    """Name the asker at an address, as `Clients.of` does where no proxy stands between."""
    found = _address(address)
    return NOBODY if found is None else _share(found)


def _share(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, HOUSEHOLD), strict=False))
    return str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    text = text.strip().strip('"')
    if found := _PORT.match(text):
        text = found["six"] or found["four"]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[str]:
    """Yield the addresses that requests came from, hop by hop, the nearest last; `Forwarded` goes before the other."""
    standard = [value.decode("latin-1") for name, value in headers if name == b"forwarded"]
    if standard:
        return _FOR.findall(",".join(standard))
    usual = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    return ",".join(usual).split(",") if usual else ()
