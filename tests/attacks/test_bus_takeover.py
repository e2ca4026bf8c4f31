"""A stream of before stands in another account: it is taken over whole, whenever whoever does it is killed."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.bus_credentials import accounts
from services.connecting.bus import connect_once
from services.embedded.bus_users import Anybody, BusUsers, WithCredentials, WithPasswords
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
left = int(sys.argv[3])
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
take_over(Path(sys.argv[1]), "PARTY", sys.argv[2])
print("done")
"""
ALL_USERS: dict[str, Callable[[Path], BusUsers]] = {
    "none": lambda _: Anybody(),
    "passwords": WithPasswords,
    "credentials": WithCredentials,
}


@contextmanager
def running(folder: Path, users: str) -> Iterator[NatsServer]:
    """Run the server of a data folder, with the accounts of a kind."""
    as_users = ALL_USERS[users](folder / "secrets")
    server = NatsServer(folder / "nats", ANY_PORT, log=folder / "nats.log", users=as_users)
    server.start()
    try:
        yield server
    finally:
        server.stop()


async def left_by_before(folder: Path, users: str) -> None:
    """Leave the stream of a server with other accounts, some of it acknowledged by the projector's consumer."""
    with running(folder, users) as server:
        client = await connect_once(server.signed_in(Settings(), "operator"), "before")
        await client.jetstream().add_stream(stream_config(Settings()))
        await client.jetstream().add_consumer("PARTY", consumer_config(Settings()))
        publisher = await connect_once(server.signed_in(Settings(), "gateway"), "publisher")
        for number in range(1, MESSAGES + 1):
            await publisher.jetstream().publish("party.v1.u1.x", str(number).encode())
        await publisher.close()
        taken = await (await client.jetstream().pull_subscribe_bind("projector", "PARTY")).fetch(3)
        await taken[-1].ack_sync()
        await client.close()


async def hold(server: NatsServer) -> None:
    """Check that the log is whole, at its positions, with its consumer where that stood."""
    client = await connect_once(server.signed_in(Settings(), "operator"), "after")
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


@pytest.mark.parametrize(("before", "after"), [(a, b) for a in ALL_USERS for b in ALL_USERS if b not in {a, "none"}])
async def test_a_stream_of_other_accounts_goes_on_and_back_again(before: str, after: str) -> None:
    with short_folder() as folder:
        await left_by_before(folder, before)
        with running(folder, after) as server:
            assert server.took_over is not None
            await hold(server)
        with running(folder, after) as server:
            assert server.took_over is None
            await hold(server)
        with running(folder, before) as server:
            assert server.took_over is not None
            await hold(server)


async def test_with_other_keys_the_stream_is_taken_over_too() -> None:
    with short_folder() as folder:
        await left_by_before(folder, "credentials")
        shutil.rmtree(folder / "secrets")
        with running(folder, "credentials") as server:
            assert server.took_over is not None
            await hold(server)


@pytest.mark.parametrize("after", ["passwords", "credentials"])
async def test_whoever_is_killed_in_between_leaves_the_whole_log(after: str) -> None:
    with short_folder() as folder:
        await left_by_before(folder, "none")
        store = folder / "nats/jetstream"
        assert kill_at_each_step(store, ALL_USERS[after](folder / "secrets").account) > 8
        with running(folder, after) as server:
            await hold(server)


def kill_at_each_step(store: Path, account: str) -> int:
    """Let it be done and killed, one step later each time, until it comes to its end; count the steps."""
    for step in range(30):
        command = [sys.executable, "-c", KILLED, store, account, str(step)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        there = [*store.glob("*/streams/PARTY/meta.inf")]
        assert len(there) == 1, f"after {step} steps: {there}"
        if done.returncode == 0:
            return step
        assert done.returncode == -signal.SIGKILL, done.stderr
        take_over(store, "PARTY", "$G")
        shutil.rmtree(store / account, ignore_errors=True)  # the next one begins from the beginning
    raise AssertionError("it never comes to its end")


def test_keys_that_were_made_half_are_made_to_the_end_and_stay(tmp_path: Path) -> None:
    def made() -> accounts.Signed:
        return accounts.sign(accounts.make(tmp_path / "keys", anybody=True), [])

    killed = 0
    while not done_in_a_child(made, killed):  # each is killed one step later than the one before
        killed += 1
    assert killed > 5
    before = made()
    assert made() == before


def done_in_a_child(work: Callable[[], object], steps: int) -> bool:
    """Do it in a child that kills itself after so many steps on the disk; say whether it came to its end."""
    child = os.fork()
    if child == 0:
        left = itertools.count(steps, -1)
        for name in ("open", "fsync", "replace", "rename", "close"):
            setattr(os, name, dying(left, getattr(os, name)))
        try:
            work()
        finally:
            os._exit(0 if sys.exc_info()[0] is None else 1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return not os.WIFSIGNALED(status)


def dying(left: Iterator[int], function: Callable[..., object]) -> Callable[..., object]:
    def call(*arguments: object, **named: object) -> object:
        if next(left) < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call


async def test_two_streams_are_never_mixed() -> None:
    with short_folder() as folder:
        await left_by_before(folder, "none")
        store = folder / "nats/jetstream"
        other = store / "PARTY/streams/PARTY"
        other.mkdir(parents=True)
        (other / "meta.inf").write_text("{}")
        with (
            pytest.raises(ServerError, match=r"several streams PARTY.*\$G.*nothing was changed"),
            running(folder, "passwords"),
        ):
            pass
        assert (store / "$G/streams/PARTY/meta.inf").exists()
        assert (other / "meta.inf").read_text() == "{}"
