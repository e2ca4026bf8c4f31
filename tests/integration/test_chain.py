"""The hash chain on real servers: made as the projector goes, made up for, and what was changed by hand is named."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from projections.rules.log.hash_chain import SPACING, START, extend
from projections.rules.log.message import Message
from projections.store.log import hash_chain
from services.cli.app import app
from services.log.gaps import read_range
from tests.fault.load import told_of
from tests.fault.projecting import Bench, bench
from tests.oracle.telling import admitted, founded, root

WORLD = (root(), founded("u1", "trung-uong", "2020-01-01"))
OPENSSL = shutil.which("openssl") or "openssl"
COUNT = 2 * SPACING + 300


async def passes(on: Bench, *arguments: str) -> str:
    done = await ran(on, *arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


async def fails(on: Bench, *arguments: str, code: int = 3) -> str:
    """Run a command that finds something else than it should, or can't be done (1)."""
    done = await ran(on, *arguments)
    assert (done.exit_code, done.stdout) == (code, "")
    return done.stderr


async def ran(on: Bench, *arguments: str) -> Result:
    """Run a command on a loop of its own; what it raises and doesn't tell is raised here."""
    environ = on.settings.as_environment() | {"TONGHOP_LANG": "en"}
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environ)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


async def links(on: Bench) -> list[tuple[int, bytes]]:
    return [tuple(row) for row in await on.connection.fetch("SELECT position, hash FROM chain ORDER BY position")]


async def stream(on: Bench) -> list[Message]:
    import nats

    client = await nats.connect(on.settings.nats_url)
    try:
        return await read_range(client, "PARTY", 1, len(on.publisher.acked))
    finally:
        await client.close()


async def told(on: Bench, count: int = COUNT) -> None:
    """Publish a log and project it, through a few deaths."""
    await on.publish(*WORLD)
    facts = [told_of(admitted("u1", "2023-01-01", f"e{n}")) for n in range(count - 2)]
    for number, first in enumerate(range(0, len(facts), 800)):
        with on.projector(f"projector-{number}") as running:
            await on.send(*facts[first : first + 800])
            if number % 2:
                os.kill(running.pid, signal.SIGKILL)
            else:
                await on.settled()
    with on.projector("projector-last"):
        await on.settled()


async def test_the_chain_is_that_of_the_stream_whatever_happened(party: str, database: str) -> None:
    async with bench(party, database) as on:
        await told(on)
        assert await links(on) == extend(START, await stream(on))
        assert str(COUNT) in await passes(on, "verify", "--chain")


async def test_what_is_changed_by_hand_is_found_and_named(party: str, database: str) -> None:
    async with bench(party, database) as on:
        await told(on)
        for column, value, part in (
            ("body", "set_byte(body, 40, get_byte(body, 40) # 1)", "body"),
            ("published_at", "published_at + interval '1 microsecond'", "published_at"),
            ("publisher", "'u2'", "bus_subject, headers"),
            ("bus_subject", "'party.v1.u1.member.confirmed'", "bus_subject"),
            ("headers", "''", "headers"),
        ):
            position = SPACING + 234
            kept = await on.connection.fetchval(f"SELECT {column} FROM ledger WHERE position = {position}")
            await on.connection.execute(f"UPDATE ledger SET {column} = {value} WHERE position = {position}")
            said = await fails(on, "verify", "--chain")
            assert f"The link at position {2 * SPACING} differs" in said
            assert f"{SPACING + 1}-{2 * SPACING}" in said
            assert said.strip().endswith(f"{position} ({part})")
            assert await fails(on, "verify", "--chain", "--from", str(SPACING + 1)) == said
            assert await passes(
                on, "verify", "--chain", "--from", str(2 * SPACING + 1)
            )  # what is before is taken as right
            await on.connection.execute(f"UPDATE ledger SET {column} = $1 WHERE position = {position}", kept)
        assert await passes(on, "verify", "--chain")
        await on.connection.execute("UPDATE ledger SET body = '{}' WHERE position = $1", COUNT)
        assert f"in the stream: {COUNT} (body)" in await fails(on, "verify", "--chain")


@pytest.mark.long
async def test_a_link_or_a_message_that_is_changed_or_gone_is_named(party: str, database: str) -> None:
    async with bench(party, database) as on:
        await told(on)
        await on.connection.execute("UPDATE chain SET hash = sha256(hash) WHERE position = $1", 2 * SPACING)
        said = await fails(on, "verify", "--chain")
        assert f"The link at position {2 * SPACING} differs" in said
        assert "the link was changed" in said
        await on.connection.execute("DELETE FROM chain WHERE position = $1", SPACING)
        assert "missing" in await fails(on, "verify", "--chain")
        await on.connection.execute("DELETE FROM ledger WHERE position = 77")
        assert "no message at 77" in await fails(on, "verify", "--chain")


async def test_a_ledger_from_before_the_chain_is_chained(
    party: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(party, database) as on:
        await told(on, 250)
        right = await links(on)
        await on.connection.execute("DELETE FROM chain")
        assert "The chain ends at 0, the ledger at 250" in await fails(on, "verify", "--chain", code=1)
        # In pages, stopped in the middle: it goes on from there.
        monkeypatch.setattr(hash_chain, "PAGE", 60)

        def stop(position: int) -> None:
            if position >= 180:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await hash_chain.catch_up(on.connection, stop)
        assert [position for position, _ in await links(on)] == [180]
        await hash_chain.catch_up(on.connection)
        assert await links(on) == right
        await on.connection.execute("DELETE FROM chain")
        with on.projector("projector-new"):
            await on.publish(admitted("u1", "2023-01-01", "after"))
            await on.settled()
        assert await links(on) == extend(START, await stream(on))


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """Make two pairs of keys as the documentation says."""
    made = {}
    for name in ("khoa", "khac"):
        made[name], made[f"{name}.pub"] = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub.pem"
        for command in (
            ("genpkey", "-algorithm", "ed25519", "-out", made[name]),
            ("pkey", "-in", made[name], "-pubout", "-out", made[f"{name}.pub"]),
        ):
            subprocess.run([OPENSSL, *command], check=True, capture_output=True)
    return made


async def test_a_signed_position_can_be_checked_later(
    party: str, database: str, keys: dict[str, Path], tmp_path: Path
) -> None:
    async with bench(party, database) as on:
        await told(on, 120)
        file = tmp_path / "statement.json"
        for position, options in ((120, ()), (57, ("--position", "57"))):
            file.write_text(await passes(on, "sign-position", "--key", str(keys["khoa"]), *options))
            statement = json.loads(file.read_text())
            (link,) = extend(START, (await stream(on))[:position])
            assert (statement["position"], statement["hash"]) == (position, link.hash.hex())
            assert statement["stream"] == "PARTY"
        with on.projector("projector-later"):
            await on.publish(*(admitted("u1", "2023-01-01", f"later-{n}") for n in range(5)))
            await on.settled()
        check = ("verify-position", str(file))
        assert "57" in await passes(on, *check, "--public-key", str(keys["khoa.pub"]))
        assert "was not checked" in await passes(on, *check)
        assert "another key" in await fails(on, *check, "--public-key", str(keys["khac.pub"]))
        # Signed anew by another key it is consistent with itself, and not what was asked for.
        other = tmp_path / "other.json"
        other.write_text(await passes(on, "sign-position", "--key", str(keys["khac"]), "--position", "57"))
        assert "another key" in await fails(on, "verify-position", str(other), "--public-key", str(keys["khoa.pub"]))
        for field, value in (
            *(("position", 58), ("hash", "0" * 64), ("as_of", "2024-01-01T00:00:00Z"), ("stream", "OTHER")),
            *(("signed_at", "2024-01-01T00:00:00Z"), ("public_key", json.loads(other.read_text())["public_key"])),
        ):
            other.write_text(json.dumps(statement | {field: value}))
            assert "signature is wrong" in await fails(on, "verify-position", str(other)), field
        # What was signed is not there any more, near or far behind.
        await on.connection.execute("UPDATE ledger SET body = body || ' '::bytea WHERE position = 3")
        assert "is not what was signed" in await fails(on, *check)
        assert "is not what was signed" in await fails(on, *check, "--quick")


async def test_quick_takes_kept_links_as_right(
    party: str, database: str, keys: dict[str, Path], tmp_path: Path
) -> None:
    async with bench(party, database) as on:
        await told(on, SPACING + 50)
        file = tmp_path / "statement.json"
        file.write_text(await passes(on, "sign-position", "--key", str(keys["khoa"])))
        await on.connection.execute("UPDATE ledger SET body = body || ' '::bytea WHERE position = 3")
        assert await passes(on, "verify-position", str(file), "--quick")
        assert "is not what was signed" in await fails(on, "verify-position", str(file))
        # Whoever makes the chain anew over a changed ledger can't make the statement anew.
        await on.connection.execute("DELETE FROM chain")
        await hash_chain.catch_up(on.connection)
        assert await passes(on, "verify", "--chain")
        assert "is not what was signed" in await fails(on, "verify-position", str(file), "--quick")


async def test_keys_and_files_that_are_none(party: str, database: str, tmp_path: Path, keys: dict[str, Path]) -> None:
    async with bench(party, database) as on:
        assert "ends at position 0" in await fails(on, "sign-position", "--key", str(keys["khoa"]), code=1)
        await told(on, 5)
        wrong = tmp_path / "wrong"
        assert "Can't read" in await fails(on, "sign-position", "--key", str(wrong), code=1)
        wrong.write_text("{}")
        assert "Not a private key" in await fails(on, "sign-position", "--key", str(wrong), code=1)
        assert "Not a private key" in await fails(on, "sign-position", "--key", str(keys["khoa.pub"]), code=1)
        assert "ends at position 5" in await fails(
            on, "sign-position", "--key", str(keys["khoa"]), "--position", "6", code=1
        )
        assert "Not a signed position" in await fails(on, "verify-position", str(wrong), code=1)


async def test_no_stream_is_said(party: str, database: str) -> None:
    async with bench(party, database) as on:
        await told(on, 20)
        await on.connection.execute("UPDATE ledger SET body = '' WHERE position = 7")
        on.settings = replace(on.settings, nats_url="nats://127.0.0.1:1")
        said = await fails(on, "verify", "--chain")
        assert "The stream can't tell which" in said
        assert "1-20" in said


async def test_the_schema_that_is_missing_is_said(party: str, database: str) -> None:
    async with bench(party, database) as on:
        connection = await asyncpg.connect(database)
        await connection.execute("DROP TABLE chain")
        await connection.close()
        assert "tonghop migrate" in await fails(on, "verify", "--chain", code=1)
