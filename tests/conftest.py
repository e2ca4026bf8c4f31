"""Fixtures of the whole suite: real servers once a session, a fresh database and a fresh stream for each test."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from zlib import crc32

import pytest

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from tests import servers
from tests.browser.installed import CHROMIUM

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--turn", metavar="N/OF", help="run one part of the tests, the N-th from 0 on of so many")


def pytest_configure(config: pytest.Config) -> None:
    """Let the commands that are tested hear Ctrl-C: a shell has what it starts in the background ignore it."""
    if not hasattr(config, "workerinput"):
        servers.sweep()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say at the end of the whole suite what is not in it."""
    if config.args_source is pytest.Config.ArgsSource.TESTPATHS and "not browser" in config.getoption("markexpr"):
        missing = "" if CHROMIUM.exists() else f"; {CHROMIUM} is missing here: apt-get install chromium"
        terminalreporter.write_line(f"The tests of the pages in a browser were not run: make test-browser{missing}")


def pytest_xdist_auto_num_workers() -> int:
    """Run one more than there are cores: a test that waits for its servers leaves its own idle."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep to the part that is asked for, and put first what takes longest: no core is left alone with it at last."""
    if config.getoption("turn"):
        turn, turns = map(int, config.getoption("turn").split("/"))
        others = [item for item in items if crc32(item.nodeid.encode()) % turns != turn]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
    items.sort(key=lambda item: not item.path.is_relative_to(HERE / "fault"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the session; not durable, for speed."""
    with servers.short_folder() as folder, servers.running_postgres(folder) as server:
        yield server


@pytest.fixture(scope="session")
def _template(postgres: PostgresServer) -> None:
    """Have the database that the others are cloned from: it comes with the server's data."""


@pytest.fixture
async def database(postgres: PostgresServer, _template: None) -> AsyncIterator[str]:
    """Give the URL of a fresh, migrated database, for this test alone."""
    async with servers.fresh_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def nats_server() -> Iterator[NatsServer]:
    """One NATS server with JetStream for the session."""
    with servers.short_folder() as folder, servers.running_nats(folder) as server:
        yield server


@pytest.fixture
async def party(nats_server: NatsServer) -> str:
    """Give the URL of a NATS server on which the stream PARTY and its consumer `projector` are new and empty."""
    return (await servers.fresh_party(nats_server)).nats_url
