"""`tonghop publish`: what is told where the bus is away, full, closed to us, or nobody waits any more."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nats
import pytest

from services.embedded.nats import NatsServer
from services.log.configuration import stream_config
from services.settings import Settings
from tests import servers
from tests.attacks.publishing import lines_of
from tests.fault import forked
from tests.integration.credentials import Signer, credentials, operated
from tests.integration.test_publish import event

PUBLISH = (sys.executable, "-m", "services.cli", "publish")
ENGLISH = os.environ | {"TONGHOP_LANG": "en"}


def tonghop(*arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[str]":
    return forked.tonghop("publish", *arguments, stdin=stdin, environ=ENGLISH)


def lines(*numbers: int) -> bytes:
    return lines_of(*map(event, numbers))


@pytest.fixture(scope="module")
def nobody() -> Iterator[str]:
    """Give an address at which nobody listens, and nobody else can meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def test_a_bus_that_nobody_reaches_is_named_and_given_up(nobody: str) -> None:
    done = tonghop("-", "--nats", f"nats://unit7:secret@{nobody}", "--patience", "0.5", stdin=lines(1))
    said = done.stderr.splitlines()
    assert done.returncode == 1
    assert len(said) == 3  # that it tries, why it gave up, and what was sent
    for part in (nobody, "0.5 s", "--patience"):
        assert part in said[0]
    for part in (nobody, "--nats", "TONGHOP_NATS_URL"):
        assert part in said[1]
    assert "In the log: 0" in said[2]
    assert "secret" not in done.stderr


async def test_a_bus_that_goes_away_is_told_with_what_was_sent(tmp_path: Path) -> None:
    with servers.short_folder() as folder, servers.running_nats(folder) as server:
        settings = await servers.fresh_party(server)
        process = await asyncio.create_subprocess_exec(
            *(*PUBLISH, "-", "--nats", settings.nats_url, "--patience", "0.5", "--no-wait", "--all"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=ENGLISH,
        )
        assert process.stdin is not None
        process.stdin.write(lines(1, 2))
        await told(process, 2)  # it doesn't wait for the end of the file, or for a thousand lines
        os.kill(server.pid, signal.SIGKILL)
        await asyncio.to_thread(server.process.stop, ())
        process.stdin.write(lines(3, 4))
        out, err = await process.communicate()
    assert process.returncode == 1
    assert "In the log: 2. Not sent, or not acknowledged: lines 3-4, every line after 4" in err.decode()
    assert "unsent" in out.decode()


async def told(process: asyncio.subprocess.Process, count: int) -> None:
    """Wait until so many lines are told as published."""
    assert process.stdout is not None
    for _ in range(count):
        assert b"published" in await process.stdout.readline()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_who_stops_it_is_told_what_went_out(party: str, sent: signal.Signals, code: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *(*PUBLISH, "-", "--nats", party, "--no-wait", "--all"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENGLISH,
    )
    assert process.stdin is not None
    process.stdin.write(lines(1, 2, 3))
    await told(process, 3)
    process.send_signal(sent)
    async with asyncio.timeout(30):  # although its input is still open
        _, err = await asyncio.gather(_read(process.stdout), _read(process.stderr))
        assert await process.wait() == code
    assert "In the log: 3" in err
    assert "Traceback" not in err
    process.stdin.close()


async def _read(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    return (await stream.read()).decode()


async def test_a_full_bus_is_told(nats_server: NatsServer) -> None:
    settings = await servers.fresh_party(nats_server)
    client = await nats.connect(settings.nats_url)
    await client.jetstream().update_stream(replace(stream_config(settings), max_msgs=2))
    await client.close()
    done = await asyncio.to_thread(
        tonghop,
        *("-", "--nats", settings.nats_url, "--patience", "0.5", "--no-wait", "--mode", "pipelined"),
        stdin=lines(1, 2, 3),
    )
    assert done.returncode == 1
    said = done.stderr
    assert "10077" in said
    assert "Have room made" in said
    assert "In the log: 2. Not sent, or not acknowledged: lines 3" in said


BAD_CREDENTIALS = {
    "empty": ("", "BEGIN NATS USER JWT"),
    "line ends of Windows": ("-----BEGIN NATS USER JWT-----\r\na.b.c\r\n", "line ends"),
    "something else": ("hello\n" * 100, "BEGIN NATS USER JWT"),
    "no seed": ("-----BEGIN NATS USER JWT-----\na.b.c\n------END NATS USER JWT------\n", "BEGIN USER NKEY SEED"),
    "a damaged seed": (
        (
            "-----BEGIN NATS USER JWT-----\na.b.c\n------END NATS USER JWT------\n\n"
            "-----BEGIN USER NKEY SEED-----\nSUAAAA\n------END USER NKEY SEED------\n"
        ),
        "damaged",
    ),
}


@pytest.mark.parametrize("what", [*BAD_CREDENTIALS, "missing", "a folder", "a strange name"])
def test_a_credentials_file_that_is_of_no_use_is_named(tmp_path: Path, nobody: str, what: str) -> None:
    file = tmp_path / "unit.creds"
    path, part = str(file), "can't read"
    if what in BAD_CREDENTIALS:
        content, part = BAD_CREDENTIALS[what]
        file.write_bytes(content.encode())
    elif what == "a folder":
        file.mkdir()
    elif what == "a strange name":
        path = "x" * 5000
    done = tonghop("-", "--nats", f"nats://{nobody}", "--credentials", path, stdin=lines(1))
    said = done.stderr
    assert done.returncode == 1
    assert part in said
    assert "--credentials" in said
    assert "Traceback" not in said


async def test_credentials_let_a_unit_in_and_others_are_told(tmp_path: Path) -> None:
    with servers.short_folder() as folder, operated(folder, "chi-bo-1") as (url, creds):
        good, bad = tmp_path / "good.creds", tmp_path / "bad.creds"
        good.write_text(creds)
        bad.write_text(credentials(Signer(nats_account()), "chi-bo-1"))
        client = await nats.connect(url, user_credentials=str(good))
        await client.jetstream().add_stream(stream_config(Settings()))
        run = ("-", "--nats", url, "--no-wait", "--credentials")
        done = await asyncio.to_thread(tonghop, *run, str(good), stdin=lines(1, 2))
        assert done.returncode == 0, done.stderr
        assert (await client.jetstream().stream_info("PARTY")).state.messages == 2
        await client.close()
        refused = await asyncio.to_thread(tonghop, *run, str(bad), stdin=lines(3))
    assert refused.returncode == 1
    assert "the server is closed to us" in refused.stderr
    assert "Traceback" not in refused.stderr


def nats_account() -> int:
    from nkeys import PREFIX_BYTE_ACCOUNT

    return int(PREFIX_BYTE_ACCOUNT)


@pytest.mark.parametrize("patience", ["nan", "-1", "soon"])
def test_patience_is_a_number_of_seconds(nobody: str, patience: str) -> None:
    done = tonghop("-", "--nats", f"nats://{nobody}", "--patience", patience)
    assert done.returncode == 2
    assert "--patience" in done.stderr


async def test_an_output_that_cannot_be_written_ends_it(party: str) -> None:
    command = ("sh", "-c", '"$@" > /dev/full', "sh", *PUBLISH, "-", "--nats", party, "--all", "--no-wait")
    done = await asyncio.to_thread(
        subprocess.run, command, input=lines(*range(3000)), capture_output=True, timeout=60, check=False, env=ENGLISH
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr.decode()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, nobody: str) -> None:
    for path in (tmp_path, tmp_path / "missing.jsonl"):
        done = tonghop(str(path), "--nats", f"nats://{nobody}")
        assert done.returncode == 1
        assert str(path) in done.stderr
        assert "Traceback" not in done.stderr
