"""The embedded servers start, are killed, come back, and never mistake another process for themselves."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import nats
import psutil
import pytest

from services.embedded import owner
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.embedded.process import ServerError, stop_recorded, write_record
from services.settings import Address
from tests.servers import ANY_PORT, fresh_database, running_nats, running_postgres, short_folder

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


async def value(url: str, query: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval(query))
    finally:
        await connection.close()


async def test_committed_rows_survive_kill_of_the_postmaster() -> None:
    with short_folder() as folder, running_postgres(folder, durable=True, from_nothing=True) as server:
        assert await value(server.url, "SELECT current_setting('data_checksums')") == "on"
        assert await value(server.url, "SELECT current_setting('fsync')") == "on"
        await value(server.url, "CREATE TABLE kept AS SELECT 7 AS n")
        os.kill(server.pid, signal.SIGKILL)
        server.process.stop([])
        server.start()
        assert await value(server.url, "SELECT n FROM kept") == "7"


async def test_a_server_left_by_another_owner_is_replaced() -> None:
    with (
        short_folder() as folder,
        running_postgres(folder, from_nothing=True) as left,
        running_postgres(folder, from_nothing=True) as server,
    ):
        assert not left.process.alive
        assert await value(server.url, "SELECT current_database()") == "tonghop"


async def test_a_lock_with_the_pid_of_a_stranger_is_no_obstacle() -> None:
    with short_folder() as folder, running_postgres(folder, from_nothing=True) as server:
        server.stop()
        lock = server.data_dir / "postmaster.pid"
        lock.write_text(f"{os.getpid()}\n{server.data_dir}\n1\n5432\n{server.data_dir}\n\n  1 1\nready\n")
        server.start()
        assert await value(server.url, "SELECT 1") == "1"


async def test_a_long_path_with_spaces_and_accents_works() -> None:
    with (
        short_folder() as folder,
        running_postgres(folder / ("Huyện ủy Gia Bình " * 5).strip(), from_nothing=True) as server,
    ):
        assert server.socket_dir != server.data_dir
        assert await value(server.url, "SELECT upper('đảng')") == "ĐẢNG"
        server.stop()
        shutil.rmtree(server.socket_dir)


def test_half_made_data_is_made_anew() -> None:
    with short_folder() as folder:
        half = folder / "postgres.partial"
        half.mkdir()
        (half / "PG_VERSION").write_text("18\n")
        with running_postgres(folder, from_nothing=True) as server:
            assert server.process.alive


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_runs_both_servers_quietly() -> None:
    script = """
import encodings.idna, os, sys
from pathlib import Path
from services.embedded import owner
from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from services.settings import Address
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
folder = Path(sys.argv[1])
postgres = PostgresServer(folder / "postgres", log=folder / "log")
postgres.start()
postgres.stop()
bus = NatsServer(folder / "nats", Address("127.0.0.1", 0), log=folder / "log")
bus.start()
bus.stop()
"""
    with short_folder() as folder:
        folder.chmod(0o777)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script, folder],
            cwd=Path(__file__).parents[2],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


async def test_acknowledged_messages_survive_kill_of_nats_at_the_same_address() -> None:
    with short_folder() as folder, running_nats(folder) as server:
        address = server.url
        client = await nats.connect(address, allow_reconnect=False)
        await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
        await client.jetstream().publish("kept", b"7")
        os.kill(server.pid, signal.SIGKILL)
        server.process.stop([])
        await client.close()
        server.start()
        assert server.url == address
        client = await nats.connect(address, allow_reconnect=False)
        assert (await client.jetstream().get_msg("KEPT", 1)).data == b"7"
        await client.close()


def test_nats_on_a_taken_port_says_so_and_is_not_mistaken_for_the_other() -> None:
    with short_folder() as folder, running_nats(folder / "a") as first:
        second = NatsServer(folder / "b" / "nats", first.listen, log=folder / "b" / "log")
        with pytest.raises(ServerError, match="address already in use"):
            second.start()
        assert first.process.alive


def test_a_recorded_process_is_stopped_and_a_stranger_with_its_pid_is_not(tmp_path: Path) -> None:
    record = tmp_path / "sleep.json"
    sleeper = subprocess.Popen(SLEEP)
    write_record(record, sleeper.pid, SLEEP)
    stale = record.read_text().replace('"created": ', '"created": 9')
    assert stop_recorded(record, [(signal.SIGTERM, 5.0)])
    assert sleeper.wait(5) == -signal.SIGTERM
    bystander = subprocess.Popen(SLEEP)
    record.write_text(stale.replace(str(sleeper.pid), str(bystander.pid)))
    assert not stop_recorded(record, [(signal.SIGTERM, 5.0)])
    assert psutil.pid_exists(bystander.pid)
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


async def test_each_fresh_database_is_another_one(postgres: PostgresServer, database: str) -> None:
    async with fresh_database(postgres) as url:
        assert url != database
        assert await value(url, "SELECT position FROM checkpoint") == "0"


async def test_a_fresh_stream_is_empty(nats_server: NatsServer, party: str) -> None:
    client = await nats.connect(party)
    try:
        assert (await client.jetstream().stream_info("PARTY")).state.messages == 0
    finally:
        await client.close()
    assert isinstance(nats_server.listen, Address)
    assert nats_server.listen != ANY_PORT


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes users")
def test_as_root_the_user_of_servers_is_made_where_no_folder_of_the_system_is_on_the_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"th-{os.getpid()}"
    monkeypatch.setattr(owner, "SYSTEM_USER", name)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    try:
        assert owner.identity().user == pwd.getpwnam(name).pw_uid
    finally:
        subprocess.run(["/usr/sbin/userdel", name], check=False, capture_output=True)
