"""The whole cluster: its machines in a folder, started in order, made ready for work once, and ended."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Final, TextIO

import services
from deploy.cluster.loopback import databases, rendering
from deploy.cluster.loopback.asking import Asking
from deploy.cluster.loopback.certificates import Certificates
from deploy.cluster.loopback.layout import API, ETCD, NATS, POSTGRES, PROJECTOR, Layout, role_of
from deploy.cluster.loopback.machine import Machine, Program, end_left_over
from deploy.cluster.loopback.tools import Tools, find, let_the_servers_through
from projections.bilingual import Bilingual
from projections.store.address import with_keyword
from services.embedded.bus_users import WithCredentials, credentials_file
from services.embedded.owner import (
    PASSABLE,
    PRIVATE,
    close_to_others,
    give_all,
    identity,
    let_through,
)
from services.embedded.process import Process, ServerError
from services.embedded.secrets import write_secret
from services.language import either
from services.migration import migrate
from services.settings import VARIABLES, Settings
from services.up import admin_token
from services.up.admin_token import ensure_admin_token

RELAYS: Final = "relays"
_SETTLED_WITHIN: Final = 120.0
_OWN: Final = {NATS: ("ca.pem", "server.pem", "server.key")} | dict.fromkeys(
    (ETCD, POSTGRES), ("database-ca.pem", "database.pem", "database.key")
)
"""Of the certificates, those that a machine whose server is another user's has in its own folder."""

Notice = Callable[[str], None]


class Cluster:
    """All machines of a cluster on loopback, in one folder that is held as long as this is open.

    `roles` has the machines by name: nats-1..3, etcd-1..3 (or one), postgres-1..3, projector-1..2, api-1..2.
    `synchronous` counts where the folder is new. Everything blocks but `open` and `running`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        etcds: int = 3,
        base_port: int | None = None,
        synchronous: bool = True,
        notice: Notice = lambda _: None,
    ) -> None:
        self.layout = Layout(folder, etcds=etcds, base_port=base_port)
        self.certificates = Certificates(self.layout.tls, self.layout.secrets)
        self.asking = Asking(self.layout, self.certificates)
        self.roles: dict[str, Machine] = {}
        self._synchronous = synchronous
        self._notice = notice
        self._bus = WithCredentials(self.layout.secrets)
        self._relays = Process(RELAYS, self.layout.log(RELAYS), self.layout.run / f"{RELAYS}.json")
        self._passwords: dict[str, str] = {}
        self._starting = Lock()
        self._closing = False

    async def open(self) -> None:
        """Start everything, and make what is missing: the database, its users, the stream, a token for `admin`.

        The folder has to be held (`held`). Raises ServerError, MigrationError and SchemaError; whatever was started
        is left running for `close`.
        """
        tools = find()
        await asyncio.to_thread(self._prepare, tools)
        await asyncio.to_thread(self._start, [*self.layout.of(ETCD), *self.layout.of(NATS)])
        await asyncio.to_thread(self._start, self.layout.of(POSTGRES))
        url = self.database_url_of("postgres", await self._one_primary())
        await databases.make(url, {user: self._passwords[user] for user in databases.USERS}, self._notice)
        await databases.follow(url, [self.database_url_of("postgres", one) for one in self.layout.of(POSTGRES)])
        await migrate(self.settings("migrate"), notice=self._notice)
        await ensure_admin_token(self.database_url, self.layout.secrets)
        await asyncio.to_thread(self._start, [*self.layout.of(PROJECTOR), *self.layout.of(API)])
        await self._settled()

    def close(self) -> None:
        """End everything, in whatever state it is: those who ask first, then standbys, the primary, bus and etcd."""
        with self._starting:
            self._closing = True
        for machine in self.roles.values():
            machine.resume()
        primary = self.asking.primary() if self.roles else None
        self._end([*self.layout.of(API), *self.layout.of(PROJECTOR)])
        self._end([one for one in self.layout.of(POSTGRES) if one != primary])
        self._end([primary] if primary else [])
        self._end([*self.layout.of(NATS), *self.layout.of(ETCD)])
        self._relays.stop(((signal.SIGTERM, 5.0),))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for this process, and end what a killed one has left running. Raises ServerError."""
        before = os.umask(0o077)
        try:
            with self._opened_lock() as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    raise ServerError(_taken(self.layout.folder)) from error
                lock.truncate(0)
                lock.write(str(os.getpid()))
                lock.flush()
                self._end_left_over()
                yield
        finally:
            os.umask(before)

    def _opened_lock(self) -> TextIO:
        layout = self.layout
        try:
            close_to_others(layout.folder, PASSABLE if os.geteuid() == 0 else PRIVATE)
            for inside in (layout.run, layout.logs, layout.secrets, layout.tls):
                close_to_others(inside)
            return (layout.run / "lock").open("a+", encoding="ascii")
        except OSError as error:
            raise ServerError(
                Bilingual("Không dùng được thư mục", "The folder can't be used", after=f": {error}")
            ) from error

    def stream_leader(self) -> str | None:
        """Name the nats-server that leads the stream; None while there is none."""
        return self.asking.stream_leader()

    def etcd_leader(self) -> str | None:
        """Name the etcd that leads; None while there is none."""
        return self.asking.etcd_leader()

    def primary(self) -> str | None:
        """Name the PostgreSQL that is written to; None while there is none."""
        return self.asking.primary()

    def leading_projector(self) -> str | None:
        """Name the projector that is in force; None while there is none."""
        return self.asking.leading_projector()

    @property
    def nats_url(self) -> str:
        """The address of the bus: three servers. It takes TLS, a certificate and a credential (`settings`)."""
        return ",".join(f"tls://{self.layout.address(machine, 'client')}" for machine in self.layout.of(NATS))

    @property
    def api_urls(self) -> list[str]:
        """The addresses of the APIs; `certificates.ca` has signed what they show."""
        return [f"https://{self.layout.address(machine, 'http')}" for machine in self.layout.of(API)]

    @property
    def database_url(self) -> str:
        """The address of the database for its owner: on the primary, for projections.store.connecting."""
        return self.settings("migrate").database_url

    def database_url_of(self, user: str, machine: str | None = None) -> str:
        """Give the address of the database for any of its users, on the primary, or on one machine whatever it is."""
        of = [machine] if machine else self.layout.of(POSTGRES)
        hosts = ",".join(str(self.layout.address(one, "tls")) for one in of)
        url = f"postgresql://{user}@{hosts}/{'postgres' if user == 'postgres' else databases.NAME}"
        for name, value in (
            ("target_session_attrs", "any" if machine else "read-write"),
            ("sslmode", "verify-full"),
            ("sslrootcert", str(self.certificates.ca)),
            ("passwordfile", str(rendering.database_password_file(self.layout, user))),
        ):
            url = with_keyword(url, name, value)
        return url

    @property
    def admin_token(self) -> str:
        """The secret of a token of `admin`; after `open`."""
        return self.admin_token_file.read_text(encoding="ascii").strip()

    @property
    def admin_token_file(self) -> Path:
        """The file of that token."""
        return self.layout.secrets / admin_token.NAME

    def settings(self, user: str) -> Settings:
        """Give settings for one of the service's own users: migrate, reader, backup, operator, anybody, projector, api.

        `anybody` speaks as any unit. On the database all but the projector and the API are its owner.
        """
        process = user if user in {PROJECTOR, API} else "migrate"
        found = Settings.from_environment(rendering.environment(self.layout, process))
        return replace(
            found,
            nats_credentials=credentials_file(self.layout.secrets, user),
            api_url=self.api_urls[0],
            api_ca=self.certificates.ca,
        )

    def environment(self, user: str) -> dict[str, str]:
        """Give the same settings as the environment of a process, without any other setting of this one."""
        kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        return {**kept, **self.settings(user).as_environment()}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Cluster]:
        """Run everything for as long as this lasts, and leave nothing running behind."""
        with self.held():
            try:
                await self.open()
                yield self
            finally:
                await asyncio.to_thread(self.close)

    def _prepare(self, tools: Tools) -> None:
        layout = self.layout
        let_the_servers_through(tools)
        layout.claim()
        self.certificates.make()
        self._passwords = {one: self._secret(layout.secrets / f"{one}.password") for one in ("route", "rest")} | {
            user: self._secret(rendering.database_password_file(layout, user))
            for user in (*rendering.USERS.values(), *databases.USERS)
        }
        as_server = identity()
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("TONGHOP_", "PG", "ETCD"))}
        self._start_relays(environ)
        for machine in layout.machines:
            place = layout.place(machine)
            close_to_others(place)
            role = role_of(machine)
            for name in _OWN.get(role, ()):
                self._copy(name, place)
            program = self._program(machine, tools, environ)
            if role in _OWN:
                give_all(place, as_server)
                let_through(place)
                program = replace(program, identity=as_server)
            self.roles[machine] = Machine(machine, place, layout.run, layout.log(machine), program)
        write_secret(layout.secrets / "patronictl.yml", rendering.patronictl(layout, self._passwords))

    def _program(self, machine: str, tools: Tools, environ: dict[str, str]) -> Program:
        layout, place, role = self.layout, self.layout.place(machine), role_of(machine)

        def ready() -> bool:
            return self.asking.ready(machine)

        if role == NATS:
            _write(place / "nats.conf", rendering.nats(layout, machine))
            _write(place / "signed.conf", self._bus.configured(place))
            for name in ("tls.conf", "tls-routes.conf"):
                shutil.copyfile(rendering.SHIPPED / "nats" / name, place / name)
            variables = rendering.nats_environment(layout, machine, self._passwords["route"])
            return Program([tools.nats, "-c", place / "nats.conf"], environ | variables, ready)
        if role == ETCD:
            _write(place / "etcd.yml", rendering.etcd(layout, machine))
            command: list[str | Path] = [tools.etcd, "--config-file", place / "etcd.yml"]
            return Program(command, environ, ready, stages=((signal.SIGTERM, 5.0),))
        if role == POSTGRES:
            configuration = place / "patroni"
            close_to_others(configuration)
            _write(
                configuration / "patroni.yml",
                rendering.patroni(layout, machine, tools.binaries, synchronous=self._synchronous),
            )
            _write(configuration / "passwords.yml", rendering.patroni_passwords(self._passwords))
            command = [tools.patroni_python, tools.patroni, configuration]
            return Program(
                command, environ | {"LC_ALL": "C", "PYTHONUNBUFFERED": "1"}, ready, stages=((signal.SIGTERM, 60.0),)
            )
        own = environ | rendering.environment(layout, role, machine) | {"PYTHONPATH": _code()}
        return Program([sys.executable, "-m", "services.cli", role], own, ready)

    def _start_relays(self, environ: dict[str, str]) -> None:
        layout = self.layout
        told = {
            "ways": [vars(way) for way in layout.relayed],
            "certificate": str(self.certificates.server.certificate),
            "key": str(self.certificates.server.key),
        }
        _write(layout.run / "relays-told.json", json.dumps(told))
        place = layout.place(RELAYS)
        close_to_others(place)
        (layout.run / "relays.sock").unlink(missing_ok=True)
        here = f"{Path(rendering.SHIPPED).parent}{os.pathsep}{_code()}"
        command = [sys.executable, "-m", "deploy.cluster.loopback.relaying", str(layout.folder)]
        self._relays.start(command, cwd=place, environ=environ | {"PYTHONPATH": here})
        self._relays.wait_until((layout.run / "relays.sock").exists, 30)

    def _start(self, machines: list[str]) -> None:
        with self._starting:  # whoever is told to stop meanwhile ends all that was started, and nothing comes after it
            if self._closing:
                return
            for machine in machines:
                self._notice(f"  {machine:<14}{either('đang khởi động', 'starts')}")
                self.roles[machine].start(wait=False)
        for machine in machines:
            self.roles[machine].wait()

    def _end(self, machines: list[str]) -> None:
        there = [self.roles[machine] for machine in machines if machine in self.roles]
        if there:
            with ThreadPoolExecutor(len(there)) as beside:
                list(beside.map(lambda machine: machine.end(), there))

    def _end_left_over(self) -> None:
        places = [path for path in self.layout.folder.iterdir() if path.is_dir() and role_of(path.name)]
        for name in end_left_over([*places, self.layout.place(RELAYS)]):
            self._notice(f"{name}: {either('còn chạy từ lần trước, đã dừng', 'was left running, is stopped')}")

    async def _one_primary(self) -> str:
        async with asyncio.timeout(_SETTLED_WITHIN):
            while (found := await asyncio.to_thread(self.primary)) is None:  # noqa: ASYNC110 - Patroni tells nobody
                await asyncio.sleep(0.2)
        return found

    async def _settled(self) -> None:
        """Wait until a projector is in force, and a standby would be promoted if the primary were lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLED_WITHIN):
                while not await asyncio.to_thread(self._stands):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.2)

    def _stands(self) -> bool:
        return self.leading_projector() is not None and self.asking.has_a_successor()

    def _secret(self, file: Path) -> str:
        """Read a password of a file, which is made where it is missing."""
        if not file.exists():
            write_secret(file, f"s{secrets.token_hex(24)}")  # NATS takes what begins with a digit for a number
        return file.read_text(encoding="ascii").strip()

    def _copy(self, name: str, place: Path) -> None:
        there = next(path for path in (self.layout.tls / name, self.layout.secrets / name) if path.exists())
        target = place / name
        target.unlink(missing_ok=True)
        shutil.copyfile(there, target)  # by the umask its owner alone may read it


def _taken(folder: Path) -> Bilingual:
    return Bilingual(
        f"Có một cụm đang chạy ở {folder}: hãy dừng nó, hoặc chọn --data-dir khác",
        f"A cluster runs in {folder} already: stop it, or choose another --data-dir",
    )


def _write(file: Path, text: str) -> None:
    """Write a file that its owner alone may read."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)


def _code() -> str:
    """Say where the packages of the service lie: a machine works in a folder of its own."""
    return str(Path(services.__file__).parents[1])
