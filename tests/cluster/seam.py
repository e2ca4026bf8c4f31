"""What the tests need of a cluster on loopback: its machines, who leads, and where everybody is found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol


class Machine(Protocol):
    """One machine; what is done to it is done to all of its processes."""

    @property
    def name(self) -> str:
        """`nats-1`, `postgres-3`: its kind and its number."""

    async def kill(self) -> None:
        """End it with SIGKILL."""

    async def stop(self) -> None:
        """Freeze it with SIGSTOP."""

    async def resume(self) -> None:
        """Let it go on."""

    async def start(self) -> None:
        """Start it; nothing is waited for."""

    async def restart(self) -> None:
        """End it as an operator would, wait for its end, and start it."""

    async def cut(self) -> None:
        """Let nothing through, to it or from it."""

    async def mend(self) -> None:
        """Let everything through again."""


class Cluster(Protocol):
    """All machines together."""

    @property
    def roles(self) -> Mapping[str, Machine]:
        """All machines by their names."""

    @property
    def api_urls(self) -> list[str]:
        """Where the APIs answer."""

    @property
    def admin_token(self) -> str:
        """The token of `admin`."""

    async def stream_leader(self) -> str | None:
        """Name the machine; None where nobody leads."""

    async def primary(self) -> str | None:
        """Name the machine; None where nobody is."""

    async def etcd_leader(self) -> str | None:
        """Name the machine; None where nobody leads."""

    async def leading_projector(self) -> str | None:
        """Name the machine; None where nobody leads."""

    async def whole(self) -> str | None:
        """Say what is missing; None where everybody is there and has its part."""

    def environ(self, user: str) -> dict[str, str]:
        """Give the settings of a command that signs in on the bus as this user, and owns the database."""


@asynccontextmanager
async def running_cluster(disks: Mapping[str, Path]) -> AsyncIterator[Cluster]:
    """Bring up all machines in a folder of their own, some of them on other disks, and leave nothing behind."""
    raise NotImplementedError
    yield
