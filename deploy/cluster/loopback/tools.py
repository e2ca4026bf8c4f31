"""The programs of a cluster that come from elsewhere: where they are, or in plain words what to do to have them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final, NamedTuple

from projections.bilingual import Bilingual
from services.embedded import nats, postgres
from services.embedded.owner import let_through
from services.embedded.process import ServerError

HERE: Final = Path(__file__).parents[3]
_PATRONI: Final = HERE / ".venv-cluster" / "bin" / "patroni"


class Tools(NamedTuple):
    """The programs."""

    nats: Path
    etcd: Path
    patroni: Path
    patroni_python: Path
    binaries: Path
    """The folder with PostgreSQL's programs."""


def find() -> Tools:
    """Find all of them; ServerError names what is missing and what to do."""
    etcd = shutil.which("etcd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/bin:/usr/local/bin")
    if etcd is None:
        raise ServerError(
            Bilingual(
                "Thiếu etcd. Trên Debian: apt-get install etcd-server, rồi systemctl disable --now etcd "
                "(ở đây không cần dịch vụ ấy chạy)",
                "etcd is missing. On Debian: apt-get install etcd-server, then systemctl disable --now etcd "
                "(that service is not needed here)",
            )
        )
    patroni = _PATRONI if _PATRONI.exists() else Path(shutil.which("patroni") or _PATRONI)
    if not patroni.exists():
        raise ServerError(
            Bilingual(
                "Thiếu Patroni: hãy chạy `make cluster-tools`",
                "Patroni is missing: run `make cluster-tools`",
                after=" (deploy/cluster/requirements.txt)",
            )
        )
    return Tools(nats.executable(), Path(etcd), patroni, patroni.parent / "python", postgres.program("postgres").parent)


def let_the_servers_through(tools: Tools) -> None:
    """Let the servers' own user reach the programs, where root starts them."""
    if os.geteuid() != 0:
        return
    for program in (
        *tools[:4],
        tools.binaries / "postgres",
        tools.patroni_python.resolve(),
        Path(sys.executable).resolve(),
    ):
        let_through(program)
