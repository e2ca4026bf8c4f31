"""The addresses of a service: whether they are fit and free, said before anything is started."""

import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import psutil

from projections.bilingual import Bilingual
from services.connecting.loopback import hosts_of, refuse_others_of_machine
from services.embedded.process import ServerError
from services.settings import OPEN, Address

_FIRST: Final = 10_000
_FIRST_OF_SYSTEM: Final = 32_768
_TRIES: Final = 20


def refuse_the_unfit(addresses: Mapping[str, Address], access: str) -> None:
    """Raise ValueError where an address is given twice, or with open access is not of this machine alone.

    `addresses` are named by what each was asked for by. Whoever reaches one that is open may read everything and speak
    as any unit.
    """
    if access == OPEN:
        refuse_others_of_machine(addresses)
    given: dict[tuple[str, int], str] = {}
    for option, address in addresses.items():
        for host in hosts_of(address, option):
            other = given.setdefault((host, address.port), option)
            if address.port and other != option:
                raise ValueError(
                    Bilingual(
                        f"{other} và {option} cùng một địa chỉ {address}: hãy cho mỗi bên một cổng riêng",
                        f"{other} and {option} are the same address {address}: give each its own port",
                    )
                )


def claim(address: Address, option: str) -> Address:
    """Check that one could listen there, and give the address with its port (another than 0).

    Raises ServerError that names the address, who has it where that can be seen, and the option that changes it.
    """
    return claim_all({option: address})[0]


def claim_all(addresses: Mapping[str, Address]) -> list[Address]:
    """Check that one could listen at all of them at once, in the same way; in the order in which they are given."""
    with ExitStack() as held:
        return [_claim(held, address, option) for option, address in addresses.items()]


def _claim(held: ExitStack, address: Address, option: str) -> Address:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    if not address.port:
        for port in _kept_from_connections():
            attempt = held.enter_context(socket.socket(family, socket.SOCK_STREAM))
            with suppress(OSError):
                attempt.bind((address.host, port))
                attempt.listen()
                return address._replace(port=port)
    attempt = held.enter_context(socket.socket(family, socket.SOCK_STREAM))
    attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        attempt.bind(address)
        attempt.listen()
    except (OSError, OverflowError) as error:
        raise ServerError(
            Bilingual(
                f"Không nghe được ở {address}: {error}{_holder(address.port)}. "
                f"Hãy dừng chương trình đang dùng nó, hoặc chọn địa chỉ khác bằng {option} HOST:PORT",
                f"Can't listen at {address}: {error}{_holder(address.port)}. "
                f"Stop what uses it, or choose another address with {option} HOST:PORT",
            )
        ) from error
    return address._replace(port=attempt.getsockname()[1])


def _kept_from_connections() -> Iterator[int]:
    """Yield a few ports that the system gives to nobody by itself: what is claimed now is free when a server wants it.

    Others, which it gives to any connection, are taken meanwhile now and then.
    """
    first = _FIRST_OF_SYSTEM
    with suppress(OSError, ValueError, IndexError):
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    if first > _FIRST:
        for _ in range(_TRIES):
            yield _FIRST + secrets.randbelow(first - _FIRST)


def _holder(port: int) -> str:
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f" ({psutil.Process(connection.pid).name()}, pid {connection.pid})"
    return ""
