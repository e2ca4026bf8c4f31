"""The service on one machine: PostgreSQL, NATS, projector and API, from the first start to the last stop."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from projections.store.schema.migrate import SchemaError
from services import logs
from services.bus_accounts import ANYBODY, GATEWAY
from services.connecting.failures import BUS_AWAY
from services.embedded.bus_users import BusUsers, WithCredentials, WithPasswords
from services.embedded.nats import NatsServer
from services.embedded.postgres import DATABASE, PostgresServer
from services.embedded.process import ServerError
from services.language import chosen, either
from services.migration import MigrationError, ensure_consumer, mend_stream, migrate
from services.settings import REQUIRED, VARIABLES, Address, Settings, SettingsError
from services.up import admin_token
from services.up.admin_token import ensure_admin_token
from services.up.audit_keeping import keep_pruned
from services.up.database_users import OF_PARTS, make_users
from services.up.folder import Folder
from services.up.parts import Command, Part, Server
from services.up.ports import claim_all, refuse_the_unfit
from services.up.watching import KeepsDyingError, keep

CLI = (sys.executable, "-m", "services.cli")
COMMANDS: Mapping[str, Sequence[str]] = {"projector": (*CLI, "projector"), "api": (*CLI, "api")}
"""The parts that are this program itself, in the order in which they start."""

HTTP, NATS, PROJECTOR_HTTP, METRICS_HTTP = "--http", "--nats", "TONGHOP_PROJECTOR_HTTP", "TONGHOP_METRICS_HTTP"
"""What the addresses are asked for by."""
READY_WITHIN = 20.0
KEEP_EVERY = 2.0
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Showing = Callable[[Settings], Awaitable[None]]
"""What is done once when all parts are ready, with the settings of the running service."""
EXPECTED = (ServerError, KeepsDyingError, MigrationError, SchemaError, SettingsError)


def run(
    data_dir: Path,
    http: str,
    nats: str,
    demonstration: Showing | None = None,
    *,
    commands: Mapping[str, Sequence[str]] = COMMANDS,
    access: str = REQUIRED,
) -> int:
    """Run everything until SIGINT, SIGTERM or SIGHUP and give the exit code (contract §6).

    `access` is OPEN, where anybody on this machine sees everything and speaks as any unit, or REQUIRED: then it takes
    an account to ask, and a credential to speak.

    `http` and `nats` are HOST:PORT; a `demonstration` is begun once all parts are ready, and may fail.
    0: stopped as asked; 1: it can't be started or kept running; 2: asked for wrongly.
    """
    try:
        settings = replace(Settings.from_environment().without_tls(), http=Address.parse(http), access=access)
        listen = Address.parse(nats)
        refuse_the_unfit({HTTP: settings.http, NATS: listen, **_asked_for(settings)}, access)
    except ValueError as error:
        return _refuse(chosen(error), 2)
    logs.configure(settings.log_level, settings.log_format)
    folder = Folder(data_dir)
    try:
        with folder.held():
            return asyncio.run(_until_told(Service(folder, settings, listen, commands, demonstration, access=access)))
    except EXPECTED as error:
        return _refuse(chosen(error), 1)


def _asked_for(settings: Settings) -> dict[str, Address]:
    """Return those of the inner addresses that the environment asks for; the others are wherever there is room."""
    inner = {PROJECTOR_HTTP: settings.projector_http, METRICS_HTTP: settings.metrics_http}
    return {name: address for name, address in inner.items() if name in os.environ}


def _refuse(message: str, code: int) -> int:
    sys.stderr.write(f"{message}\n")
    return code


def _say(line: str) -> None:
    with suppress(OSError):  # where this is kept there may be no room, and that is no reason to stop
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


async def _until_told(service: "Service") -> int:
    running = asyncio.create_task(service.run())

    def stop() -> None:
        if not running.cancelling():  # a second Ctrl-C must not cut the orderly stop short
            running.cancel()

    for number in STOPPING_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    except ExceptionGroup as group:
        expected, rest = group.split(EXPECTED)
        if rest or not expected:
            raise
        return _refuse("\n".join(chosen(error) for error in expected.exceptions), 1)
    return 0


class Service:
    """All parts of the service on one folder. The caller holds the folder."""

    def __init__(
        self,
        folder: Folder,
        settings: Settings,
        nats: Address,
        commands: Mapping[str, Sequence[str]],
        demonstration: Showing | None,
        *,
        access: str,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._nats = nats
        self._commands = commands
        self._demonstration = demonstration
        self._access = access
        self._parts: list[Part] = []
        self._of_parts: dict[str, str] = {}
        """The address of the database for each part, with its own user."""

    async def run(self) -> None:
        """Start the parts in order, watch them until cancelled, and stop them in the reverse order.

        Raises an ExceptionGroup of EXPECTED where a part can't be started or kept running.
        """
        begun = time.monotonic()
        for name in await asyncio.to_thread(self._folder.clear):
            _say(f"{name}: {either('còn chạy từ lần trước, đã dừng', 'was left running, is stopped')}")
        self._claim_addresses()
        try:
            async with asyncio.TaskGroup() as tasks:
                nats = await self._start_servers(tasks)
                await mend_stream(self._as(nats, "operator"), notice=_say)
                await make_users(self._settings.database_url)
                await migrate(self._as(nats, "migrate"), notice=_say)
                await self._open_to_admin()
                await self._start_commands(tasks, nats)
                tasks.create_task(self._bound_logs())
                tasks.create_task(self._keep_consumer(self._as(nats, "migrate")))
                tasks.create_task(keep_pruned(self._settings.database_url, self._settings.keep_audit))
                self._announce(time.monotonic() - begun, ready=await self._becomes_ready())
                if self._demonstration is not None:
                    tasks.create_task(self._show(self._demonstration, self._as(nats, ANYBODY)))
        finally:
            _say(either("Đang dừng", "Stopping"))
            self._folder.service.unlink(missing_ok=True)
            for part in reversed(self._parts):
                await asyncio.to_thread(part.stop)
            _say(either("Đã dừng", "Stopped"))

    def _claim_addresses(self) -> None:
        inner = {
            PROJECTOR_HTTP: Address(self._settings.projector_http.host, 0),
            METRICS_HTTP: Address(self._settings.metrics_http.host, 0),
            **_asked_for(self._settings),
        }
        http, self._nats, projector, metrics = claim_all({HTTP: self._settings.http, NATS: self._nats, **inner})
        self._settings = replace(
            self._settings,
            http=http,
            api_url=f"http://{http.reachable}",
            nats_url=f"nats://{self._nats.reachable}",
            projector_http=projector,
            metrics_http=metrics,
        )

    async def _start_servers(self, tasks: asyncio.TaskGroup) -> NatsServer:
        path, log, record = self._folder.path, self._folder.log, self._folder.record
        postgres = PostgresServer(path / "postgres", log=log("postgres"), record=record("postgres"))
        secrets = self._folder.secrets
        users: BusUsers = WithCredentials(secrets) if self._access == REQUIRED else WithPasswords(secrets)
        nats = NatsServer(path / "nats", self._nats, log=log("nats"), record=record("nats"), users=users)
        self._settings = replace(self._settings, database_url=postgres.url)
        self._of_parts = {part: postgres.database_url(DATABASE, user) for part, user in OF_PARTS.items()}
        await self._start(tasks, [Server(postgres), Server(nats)])
        if nats.took_over is not None:
            _say(
                either(
                    f"nats: đã nhận luồng từ {nats.took_over}, cả nhật ký, đúng mọi vị trí",
                    f"nats: the stream of {nats.took_over} is taken over, with its whole log at the same positions",
                )
            )
        return nats

    def _as(self, nats: NatsServer, user: str) -> Settings:
        """Give the settings with one of the service's own users on the bus; the API has a second one to publish as."""
        settings = nats.signed_in(self._settings, user)
        if user != "api":
            return settings
        gateway = nats.signed_in(self._settings, GATEWAY)
        return replace(settings, gateway_nats_url=gateway.nats_url, gateway_credentials=gateway.nats_credentials)

    async def _open_to_admin(self) -> None:
        """Have a token of the account `admin` in the folder, where it takes an account to ask."""
        if self._access == REQUIRED and await ensure_admin_token(self._settings.database_url, self._folder.secrets):
            file = self._folder.secrets / admin_token.NAME
            _say(either(f"Token của tài khoản admin: {file}", f"A token of the account admin: {file}"))

    async def _keep_consumer(self, settings: Settings) -> None:
        """Make the projector's consumer anew where somebody deleted it: the projector itself may not."""
        while True:
            await asyncio.sleep(KEEP_EVERY)
            with suppress(MigrationError, *BUS_AWAY):
                await ensure_consumer(settings, notice=_say)

    async def _start_commands(self, tasks: asyncio.TaskGroup, nats: NatsServer) -> None:
        def environ(user: str) -> dict[str, str]:
            return {
                **{name: value for name, value in os.environ.items() if name not in VARIABLES},
                **replace(
                    self._as(nats, user), database_url=self._of_parts.get(user, self._settings.database_url)
                ).as_environment(),
                "PROMETHEUS_MULTIPROC_DIR": str(self._folder.metrics),
            }

        commands = [
            Command(name, command, environ=environ(name), log=self._folder.log(name), record=self._folder.record(name))
            for name, command in self._commands.items()
        ]
        self._folder.tell(
            {
                "http": str(self._settings.http.reachable),
                "nats": str(self._nats.reachable),
                "projector_http": str(self._settings.projector_http.reachable),
                "metrics_http": str(self._settings.metrics_http.reachable),
                "database_url": self._settings.database_url,
                "root": self._settings.root,
                "access": self._access,
                "pid": os.getpid(),
            }
        )
        await self._start(tasks, commands)

    async def _start(self, tasks: asyncio.TaskGroup, parts: Sequence[Part]) -> None:
        events = []
        for part in parts:
            self._parts.append(part)
            events.append(asyncio.Event())
            tasks.create_task(keep(part, events[-1], self._restarting(part)))
        for event in events:
            await event.wait()

    def _restarting(self, part: Part) -> Callable[[str], None]:
        def say(line: str) -> None:
            mark_process_dead(part.process.pid, str(self._folder.metrics))  # type: ignore[no-untyped-call]
            _say(line)

        return say

    async def _becomes_ready(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(READY_WITHIN):
                while not await asyncio.to_thread(_answers, self._settings.http.reachable):  # noqa: ASYNC110 - nor does an address
                    await asyncio.sleep(0.05)
                return True
        return False

    def _announce(self, seconds: float, *, ready: bool) -> None:
        url = self._settings.api_url
        state = either(
            f"Dịch vụ {'đã' if ready else 'chưa'} sẵn sàng", f"The service is {'ready' if ready else 'not ready yet'}"
        )
        needed = either("đơn vị cần thẻ", "units need a credential") if self._access == REQUIRED else ""
        _say(
            f"{state} ({seconds:.1f} s)\n"
            f"  {either('Trang', 'Pages'):<10}{url}/\n"
            f"  {'HTTP':<10}{url}/v1  ({either('tài liệu', 'docs')}: {url}/docs)\n"
            f"  {'NATS':<10}{self._settings.nats_url}{needed and f'  ({needed}: tonghop credential issue)'}\n"
            f"  {either('Dữ liệu', 'Data'):<10}{self._folder.path}\n"
            f"  {either('Nhật ký', 'Logs'):<10}{self._folder.logs}\n"
            f"  {either('Dừng', 'Stop'):<10}Ctrl-C"
        )

    async def _show(self, demonstration: Showing, settings: Settings) -> None:
        try:
            await demonstration(settings)
        except Exception as error:  # noqa: BLE001 - whatever becomes of the demonstration, the service goes on
            _say(f"{either('Không nạp được số liệu minh họa', 'The demonstration failed')}: {chosen(error)}")

    async def _bound_logs(self) -> None:
        while True:
            await asyncio.to_thread(self._folder.bound_logs)
            await asyncio.sleep(10)


def _answers(http: Address) -> bool:
    connection = HTTPConnection(http.host, http.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
