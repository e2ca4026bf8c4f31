"""The addresses of a service: whether they are free, said before anything is started."""

import socket
from contextlib import suppress

import psutil

from services.embedded.process import ServerError
from services.settings import Address


def claim(address: Address, option: str) -> Address:
    """Check that one could listen there, and give the address with its port (another than 0).

    Raises ServerError that names the address, who has it where that can be seen, and the option that changes it.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(address)
            attempt.listen()
        except (OSError, OverflowError) as error:
            raise ServerError(
                f"Không mở được {address} / can't listen there: {error}{_holder(address.port)}. "
                f"Stop what uses it, or choose another address with {option} HOST:PORT"
            ) from error
        return address._replace(port=attempt.getsockname()[1])


def _holder(port: int) -> str:
    with suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f", by {psutil.Process(connection.pid).name()} with pid {connection.pid}"
    return ""
