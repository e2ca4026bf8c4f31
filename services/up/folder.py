"""The folder of a service on one machine: who holds it, where things lie in it, what is left of an earlier run."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from projections.bilingual import Bilingual
from services.embedded import nats, postgres
from services.embedded.bus_users import credentials_file
from services.embedded.owner import PASSABLE, PRIVATE, close_to_others
from services.embedded.process import ServerError, stop_recorded
from services.embedded.secrets import password
from services.settings import Settings
from services.up import parts

LOG_BYTES = 16 << 20


@contextmanager
def _for_the_user_alone() -> Iterator[None]:
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


class Folder:
    """`postgres/` and `nats/` hold the data, `logs/` what each part says, `run/` what the running service needs.

    `secrets/` has the passwords or credentials of the service's own users of the bus, and its keys. Nobody but the
    owner may look into any of it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.secrets = self.path / "secrets"
        self.run = self.path / "run"
        self.logs = self.path / "logs"
        self.metrics = self.run / "metrics"
        self.service = self.run / "service.json"

    def log(self, name: str) -> Path:
        """Say where a part's output goes."""
        return self.logs / f"{name}.log"

    def record(self, name: str) -> Path:
        """Say where a part's process is noted."""
        return self.run / f"{name}.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for this process; ServerError where another one holds it, or it can't be made.

        The kernel lets go of it when the process dies, however it dies. What this process makes while it holds it is
        its user's alone, and folders that were open to others are closed.
        """
        with _for_the_user_alone(), self._opened_lock() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                raise ServerError(_taken(self.path, lock.read().strip() or "?")) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _opened_lock(self) -> TextIO:
        try:
            self._close_to_others()
            return (self.run / "lock").open("a+")
        except OSError as error:
            raise ServerError(
                Bilingual("Không dùng được thư mục", "The folder can't be used", after=f": {error}")
            ) from error

    def _close_to_others(self) -> None:
        """Make the folders, or correct their modes. Started by root, the servers' user passes through to its data."""
        close_to_others(self.path, PASSABLE if os.geteuid() == 0 else PRIVATE)
        for inside in (self.run, self.logs, self.secrets):
            close_to_others(inside)
        for log in self.logs.iterdir():
            log.chmod(0o600)

    def signed_in(self, settings: Settings, service: Mapping[str, Any], user: str) -> Settings:
        """Give settings with which one of the service's users signs in on the bus of the running service.

        `service` is what it has told of itself. Without a password, or where that can't be read, it is nobody.
        """
        address = service["nats"]
        found = password(self.secrets, user)
        plain = replace(settings, nats_url=f"nats://{address}", nats_credentials=None, nats_password_file=None)
        if service.get("access") == "required":
            return replace(plain, nats_credentials=credentials_file(self.secrets, user))
        return replace(plain, nats_url=f"nats://{user}:{found}@{address}") if found else plain

    def clear(self) -> list[str]:
        """Stop what a killed supervisor left running, and empty what belonged to it; name the parts that ran."""
        self.service.unlink(missing_ok=True)
        stages = {"api": parts.STOP, "projector": parts.STOP, "nats": nats.STOP, "postgres": postgres.STOP}
        left = [name for name, stage in stages.items() if stop_recorded(self.record(name), stage)]
        shutil.rmtree(self.metrics, ignore_errors=True)
        self.metrics.mkdir()
        return left

    def tell(self, addresses: Mapping[str, object]) -> None:
        """Write where the service is found, for other commands."""
        partial = self.service.with_suffix(".partial")
        partial.write_text(json.dumps(addresses, indent=1) + "\n")
        partial.chmod(0o600)
        partial.replace(self.service)

    def bound_logs(self) -> None:
        """Begin the logs that have grown too long anew; of the older lines the last LOG_BYTES or so stay, in `.log.1`.

        The parts keep their files open and append, so a log is copied and cut; a line written in between is lost.
        One that can't be copied (a full disk) stays as it is until it can be.
        """
        for log in self.logs.glob("*.log"):
            with suppress(OSError):
                if log.stat().st_size > LOG_BYTES:
                    shutil.copyfile(log, log.with_suffix(".log.1"))
                    os.truncate(log, 0)


def _taken(path: Path, pid: str) -> Bilingual:
    return Bilingual(
        f"Dịch vụ đang chạy trên {path}, số tiến trình (pid) {pid}: hãy dừng nó, hoặc chọn --data-dir khác",
        f"A service runs on {path} already, with pid {pid}: stop it, or choose another --data-dir",
    )
