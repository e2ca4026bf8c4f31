"""A stream of before stands in another account: it is taken over whole, whenever whoever does it is killed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest

from services.embedded.nats import NatsServer
from services.embedded.process import ServerError
from services.embedded.takeover import take_over
from services.log.configuration import consumer_config, stream_config
from services.settings import Settings
from tests.servers import ANY_PORT, short_folder

MESSAGES = 5
KILLED = """
import os, signal, sys
from pathlib import Path
from services.embedded.takeover import take_over
left = int(sys.argv[2])
def counted(name, function):
    def call(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)
    return call
for owner, name in ((os, "mkdir"), (os, "rename"), (os, "fsync"), (os, "close")):
    setattr(owner, name, counted(name, getattr(owner, name)))
take_over(Path(sys.argv[1]), "PARTY", "PARTY")
print("done")
"""


@contextmanager
def running(folder: Path, *, separated: bool) -> Iterator[NatsServer]:
    secrets = folder / "secrets" if separated else None
    server = NatsServer(folder / "nats", ANY_PORT, log=folder / "nats.log", secrets=secrets)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def left_by_before(folder: Path) -> None:
    """Leave the stream of a server without accounts, some of it acknowledged by the projector's consumer."""
    with running(folder, separated=False) as server:
        client = await nats.connect(server.url)
        await client.jetstream().add_stream(stream_config(Settings()))
        await client.jetstream().add_consumer("PARTY", consumer_config(Settings()))
        for number in range(1, MESSAGES + 1):
            await client.jetstream().publish("party.v1.u1.x", str(number).encode())
        taken = await (await client.jetstream().pull_subscribe_bind("projector", "PARTY")).fetch(3)
        await taken[-1].ack_sync()
        await client.close()


async def hold(server: NatsServer) -> None:
    """Check that the log is whole, at its positions, with its consumer where that stood."""
    client = await nats.connect(server.url_of("operator"))
    try:
        jetstream = client.jetstream()
        for number in range(1, MESSAGES + 1):
            assert (await jetstream.get_msg("PARTY", number)).data == str(number).encode()
        assert (await jetstream.stream_info("PARTY")).state.last_seq == MESSAGES
        floor = (await jetstream.consumer_info("PARTY", "projector")).ack_floor
        assert floor is not None
        assert floor.stream_seq == 3
    finally:
        await client.close()


async def test_a_stream_of_before_goes_on_and_back_again() -> None:
    with short_folder() as folder:
        await left_by_before(folder)
        with running(folder, separated=True) as server:
            assert server.took_over is not None
            await hold(server)
            unit = await nats.connect(server.url)
            await unit.close()
        with running(folder, separated=True) as server:
            assert server.took_over is None
            await hold(server)
        with running(folder, separated=False) as server:
            assert server.took_over is not None
            await hold(server)


async def test_whoever_is_killed_in_between_leaves_the_whole_log() -> None:
    with short_folder() as folder:
        await left_by_before(folder)
        store = folder / "nats/jetstream"
        assert kill_at_each_step(store) > 8
        with running(folder, separated=True) as server:
            await hold(server)


def kill_at_each_step(store: Path) -> int:
    """Let it be done and killed, one step later each time, until it comes to its end; count the steps."""
    for step in range(30):
        command = [sys.executable, "-c", KILLED, store, str(step)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        there = [*store.glob("*/streams/PARTY/meta.inf")]
        assert len(there) == 1, f"after {step} steps: {there}"
        if done.returncode == 0:
            return step
        assert done.returncode == -signal.SIGKILL, done.stderr
        take_over(store, "PARTY", "$G")
        shutil.rmtree(store / "PARTY", ignore_errors=True)  # the next one begins from the beginning
    raise AssertionError("it never comes to its end")


async def test_two_streams_are_never_mixed() -> None:
    with short_folder() as folder:
        await left_by_before(folder)
        store = folder / "nats/jetstream"
        other = store / "PARTY/streams/PARTY"
        other.mkdir(parents=True)
        (other / "meta.inf").write_text("{}")
        with (
            pytest.raises(ServerError, match=r"several streams PARTY.*\$G.*nothing was changed"),
            running(folder, separated=True),
        ):
            pass
        assert (store / "$G/streams/PARTY/meta.inf").exists()
        assert (other / "meta.inf").read_text() == "{}"
