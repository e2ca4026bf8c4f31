"""A unit that fills the log: it is named within a second, and one command shuts it out while others go on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import nats
import pytest
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError

from services.embedded.bus_users import WithPasswords
from services.embedded.nats import NatsServer
from services.log.configuration import stream_config
from services.settings import Settings
from tests.attacks.publishing import admitted as line_of_a_unit
from tests.attacks.publishing import published
from tests.fault.forked import tonghop
from tests.fault.load import Told
from tests.fault.projecting import bench, eventually
from tests.oracle.telling import Said, admitted, founded, root
from tests.servers import ANY_PORT, short_folder

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"), founded("hostile", "trung-uong", "2020-01-01"))


async def test_who_fills_the_log_is_named_and_others_are_not(party: str, database: str) -> None:
    async with bench(party, database, growth_least=100) as on:
        with on.projector() as running:
            await on.publish(*WORLD, admitted("u1", "2023-01-01", "e1"))
            flood = [Told(Said("party.v1.hostile.member.admitted", b"x" * 10_000), f"flood-{n}") for n in range(100)]
            names = [Told(Said(f'party.v1.evil"}}{n}.made.up.{n}', b"x"), f"name-{n}") for n in range(20)]
            await on.send(*flood, *names)
            await on.settled()

            async def named() -> bool:
                async with httpx.AsyncClient(timeout=60) as client:
                    told = (await client.get(f"{running.url}/metrics")).text
                assert 'publisher="u1"' not in told
                assert not any(word in told for word in ("evil", "made.up")), (
                    "anybody makes up names, and labels are few"
                )
                assert 'tonghop_events_total{outcome="rejected",type="unreadable"}' in told
                return 'tonghop_publisher_growth_share{publisher="hostile"} 0.9' in told

            await eventually(named, "the hostile one is not named")
            await running.says("makes the log grow")


class Guarded:
    """The server of `tonghop up` in its folder; `refused` is what clients are told by it apart from answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = NatsServer(
            folder / "nats",
            ANY_PORT,
            log=folder / "logs" / "nats.log",
            record=folder / "run" / "nats.json",
            users=WithPasswords(folder / "secrets"),
        )
        self.refused: list[str] = []

    async def client(self, user: str | None = None) -> Client:
        async def hear(error: Exception) -> None:
            self.refused.append(str(error))

        return await nats.connect(self.server.url if user is None else self.server.url_of(user), error_cb=hear)

    def shut_out(self, *options: str, code: int = 0) -> str:
        arguments = ("shut-out", *options, "--data-dir", str(self.folder))
        done = tonghop(*arguments, environ={**os.environ, "TONGHOP_LANG": "en"})
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    with short_folder() as folder:
        running = Guarded(folder)
        try:
            running.server.start()
            yield running
        finally:
            running.server.stop()


async def test_one_command_shuts_it_out_at_once_and_lets_it_in_again(guarded: Guarded) -> None:
    log, units = await guarded.client("operator"), await guarded.client()
    try:
        await log.jetstream().add_stream(stream_config(Settings()))

        async def says(unit: str) -> bool:
            """Tell whether the log takes what a unit says, on the connection that it has had all the time."""
            guarded.refused.clear()
            asking = asyncio.create_task(units.request(f"party.v1.{unit}.member.admitted", b"{}", timeout=60))

            def refused() -> bool:
                return any(f'permissions violation for publish to "shut-out.{unit}.' in one for one in guarded.refused)

            async def answered() -> bool:
                return asking.done() or refused()

            await eventually(answered, "neither taken nor refused")
            if refused():
                asking.cancel()
                return False
            return b'"seq"' in (await asking).data

        assert [await says(unit) for unit in ("hostile", "u1")] == [True, True]
        assert "Nobody" in await asyncio.to_thread(guarded.shut_out)
        assert "is shut out" in await asyncio.to_thread(guarded.shut_out, "hostile", "--by", "chị Lan")
        assert [await says(unit) for unit in ("hostile", "u1")] == [False, True]
        # Its own program tells it so at once, and doesn't wait for an acknowledgement that never comes.
        lines = [line_of_a_unit("hostile", "2023-001"), line_of_a_unit("hostile", "2023-002")]
        told = await published(guarded.server.url, lines)
        assert [(one.outcome, one.reason) for one in told] == [("refused", "not_permitted")] * 2
        # Nor by what an atomic batch or a reply subject may do.
        headers = {"Nats-Batch-Id": "b1", "Nats-Batch-Sequence": "1", "Nats-Batch-Commit": "1"}
        held = (await log.jetstream().stream_info("PARTY")).state.messages
        with pytest.raises(NatsTimeoutError):
            await units.request("party.v1.hostile.x", b"{}", timeout=0.2, headers=headers)
        await units.publish("party.v1.hostile.x", b"{}", reply="party.v1.hostile.y")
        assert await says("u1")
        assert (await log.jetstream().stream_info("PARTY")).state.messages == held + 1
        await asyncio.to_thread(guarded.shut_out, "another")
        assert [await says(unit) for unit in ("hostile", "another", "u1")] == [False, False, True]
        listed = await asyncio.to_thread(guarded.shut_out)
        assert [line.split("\t")[0] for line in listed.splitlines()] == ["another", "hostile"]
        assert listed.rstrip().endswith("chị Lan")
        await asyncio.to_thread(guarded.shut_out, "hostile", "--end")
        assert [await says(unit) for unit in ("hostile", "another", "u1")] == [True, False, True]
    finally:
        await log.close()
        await units.close()


def test_what_can_not_be_done_is_said(guarded: Guarded, tmp_path: Path) -> None:
    assert "no unit's id" in guarded.shut_out('x" }', code=1)
    guarded.server.stop()
    assert "is shut out" in guarded.shut_out("hostile")  # what doesn't run reads it when it starts
    (guarded.folder / "run" / "nats.json").write_text('{"pid": 1}')
    assert "may not have taken effect" in guarded.shut_out("another", code=1)
    guarded.folder = tmp_path
    assert "TONGHOP_SHUT_OUT_FILE" in guarded.shut_out("hostile", code=1)
