"""Where everything of a cluster on loopback lies, and at which ports: chosen once, and kept with the data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from projections.bilingual import Bilingual
from services.embedded.process import ServerError
from services.settings import Address
from services.up.ports import claim_all

HOST: Final = "127.0.0.1"
NATS, ETCD, POSTGRES, PROJECTOR, API = "nats", "etcd", "postgres", "projector", "api"
_MANY: Final = {NATS: 3, POSTGRES: 3, PROJECTOR: 2, API: 2}
_OF_ROLE: Final = {
    # What ends in `behind` is the server's own; the others come to it by the port of its relay, which can be cut.
    NATS: ("client", "client-behind", "routes", "routes-behind", "monitor"),
    ETCD: ("client", "client-behind", "peer", "peer-behind", "metrics"),
    POSTGRES: ("tls", "replication", "behind", "rest", "rest-behind"),
    PROJECTOR: ("http",),
    API: ("http", "http-behind", "metrics"),
}


@dataclass(frozen=True)
class Relayed:
    """One way to a machine: the port where the others come, and that of its server. With `tls` it is encrypted here."""

    machine: str
    port: int
    behind: int
    tls: bool = False


class Layout:
    """The folder of a cluster: its machines' own folders, secrets, logs; and every port.

    `etcds` and `base_port` count where the folder is new: later they are what they were. Raises ServerError where a
    port can't be listened on.
    """

    def __init__(self, folder: Path, *, etcds: int = 3, base_port: int | None = None) -> None:
        self.folder = folder.expanduser().resolve()
        self.secrets = self.folder / "secrets"
        self.tls = self.folder / "tls"
        self.run = self.folder / "run"
        self.logs = self.folder / "logs"
        self._etcds = etcds
        self._base_port = base_port
        self._ports: dict[str, int] = {}

    def claim(self) -> None:
        """Read which ports were chosen, or choose them; the folder has to be held. Raises ServerError."""
        file = self.run / "ports.json"
        if file.exists():
            try:
                kept = json.loads(file.read_text(encoding="ascii"))
                self._etcds, self._ports = (
                    int(kept["etcds"]),
                    {str(name): int(at) for name, at in kept["ports"].items()},
                )
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ServerError(Bilingual("không đọc được", "can't be read", f"{file} ", f": {error}")) from error
        wanted = [f"{machine} {what}" for machine in self.machines for what in _OF_ROLE[role_of(machine)]]
        missing = [name for name in wanted if name not in self._ports]
        first = self._base_port or 0
        asked = {
            **{name: Address(HOST, self._ports[name]) for name in wanted if name in self._ports},
            **{name: Address(HOST, first and first + number) for number, name in enumerate(missing)},
        }
        claimed = _claimed(asked)
        self._ports = {name: address.port for name, address in zip(asked, claimed, strict=True)}
        file.write_text(json.dumps({"etcds": self._etcds, "ports": self._ports}, indent=1) + "\n", encoding="ascii")

    def read(self) -> None:
        """Read the ports of a cluster that runs. Raises ServerError where there is none in this folder."""
        try:
            kept = json.loads((self.run / "ports.json").read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise ServerError(
                Bilingual(
                    f"Không có cụm nào ở {self.folder}: {error}", f"There is no cluster in {self.folder}: {error}"
                )
            ) from error
        self._etcds, self._ports = int(kept["etcds"]), dict(kept["ports"])

    @property
    def machines(self) -> list[str]:
        """Name all machines, in the order in which they are started."""
        many = {ETCD: self._etcds, **_MANY}
        return [f"{role}-{number}" for role in _OF_ROLE for number in range(1, many[role] + 1)]

    def of(self, role: str) -> list[str]:
        """Name the machines of a role."""
        return [machine for machine in self.machines if role_of(machine) == role]

    def place(self, machine: str) -> Path:
        """Give the folder of a machine, where alone its processes work."""
        return self.folder / machine

    def log(self, name: str) -> Path:
        """Say where a machine's output goes."""
        return self.logs / f"{name}.log"

    def port(self, machine: str, what: str) -> int:
        """Give one of the ports of a machine."""
        return self._ports[f"{machine} {what}"]

    def address(self, machine: str, what: str) -> Address:
        """Give one of the addresses of a machine."""
        return Address(HOST, self.port(machine, what))

    @property
    def relayed(self) -> list[Relayed]:
        """List the ways to machines that can be cut. That of PostgreSQL for clients is encrypted by its relay."""
        found = [
            Relayed(machine, self.port(machine, what), self.port(machine, f"{what}-behind"))
            for machine in self.machines
            for what in _OF_ROLE[role_of(machine)]
            if f"{what}-behind" in _OF_ROLE[role_of(machine)]
        ]
        for machine in self.of(POSTGRES):
            behind = self.port(machine, "behind")
            found += [
                Relayed(machine, self.port(machine, "tls"), behind, tls=True),
                Relayed(machine, self.port(machine, "replication"), behind),
            ]
        return found


def _claimed(asked: Mapping[str, Address]) -> list[Address]:
    try:
        return claim_all(asked)
    except ServerError as error:
        taken = Bilingual.of(error)
        raise ServerError(
            Bilingual(
                f"{taken.vietnamese.partition('. ')[0]}. Hãy dừng chương trình ấy: cụm giữ nguyên các cổng đã chọn. "
                "Thư mục mới (--data-dir) thì có cổng mới (--base-port)",
                f"{taken.english.partition('. ')[0]}. Stop that program: a cluster keeps the ports that it has chosen. "
                "A new folder (--data-dir) has new ones (--base-port)",
            )
        ) from error


def role_of(machine: str) -> str:
    """Say which role a machine has."""
    return machine.rpartition("-")[0]
