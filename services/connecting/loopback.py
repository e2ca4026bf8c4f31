"""Whether an address is of this machine alone: where everybody is answered, nobody else may come."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping

from projections.bilingual import Bilingual
from services.settings import Address


def hosts_of(address: Address, option: str) -> set[str]:
    """Return the IP addresses of a host; ValueError where there is none, with the option that gives it."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ValueError(
            Bilingual("không có máy này", "there is no such host", f"{option} {address}: ", f": {error}")
        ) from error
    return {str(entry[4][0]).partition("%")[0] for entry in found}


def refuse_others_of_machine(addresses: Mapping[str, Address]) -> None:
    """Raise ValueError where others than this machine would reach an address; each is named by its option."""
    for option, address in addresses.items():
        if not all(ipaddress.ip_address(host).is_loopback for host in hosts_of(address, option)):
            raise ValueError(
                Bilingual(
                    "chế độ open (ai cũng được xem tất cả) chỉ nghe trên máy này: hãy dùng 127.0.0.1 hoặc ::1, "
                    "hoặc đặt TONGHOP_ACCESS=required",
                    "with open access everybody sees everything, so it listens on this machine alone: use 127.0.0.1 "
                    "or ::1, or set TONGHOP_ACCESS=required",
                    before=f"{option} {address}: ",
                )
            )
