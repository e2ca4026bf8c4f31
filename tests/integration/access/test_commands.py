"""`tonghop account`, `token` and `audit` as they are typed, against the API over a socket."""

from __future__ import annotations

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest
import uvicorn
from typer.testing import CliRunner

from services.api.access import asker_of_request
from services.api.app import create_app
from services.cli.app import app
from services.settings import Settings
from tests.integration.access.world import NOWHERE
from tests.servers import ANY_PORT


class Done(NamedTuple):
    """What a command printed."""

    stdout: str
    stderr: str


class Terminal:
    """A terminal whose environment stays from one command to the next."""

    def __init__(self, **environ: str) -> None:
        self.environ = {"TONGHOP_LANG": "en", **environ}

    async def tonghop(self, *arguments: str, code: int = 0, **more: str) -> Done:
        done = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=self.environ | more)
        assert done.exit_code == code, (arguments, done.output)
        return Done(done.stdout, done.stderr)


@asynccontextmanager
async def on_a_socket(settings: Settings) -> AsyncIterator[Terminal]:
    """Give a terminal that finds the API over a socket."""
    made = create_app(settings, admit=asker_of_request)
    with socket.socket() as listening:
        listening.bind(ANY_PORT)
        server = uvicorn.Server(uvicorn.Config(made, log_config=None, access_log=False))
        serving = asyncio.create_task(server.serve([listening]))
        url = "http://{}:{}".format(*listening.getsockname())
        yield Terminal(TONGHOP_API_URL=url, TONGHOP_DATABASE_URL=settings.database_url)
        server.should_exit = True
        await serving


@pytest.fixture
async def terminal(database: str) -> AsyncIterator[Terminal]:
    async with on_a_socket(Settings(database_url=database, nats_url=NOWHERE)) as opened:
        yield opened


async def test_from_the_first_token_to_the_last_line_of_the_audit_log(
    terminal: Terminal, database: str, tmp_path: Path
) -> None:
    tonghop = terminal.tonghop
    nobody = await tonghop("account", "list", code=1)
    assert "401" in nobody.stderr
    file = tmp_path / "admin.token"
    await tonghop("account", "bootstrap", "--out", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    await tonghop("account", "bootstrap", "--out", str(file), code=1)
    assert (await tonghop("account", "bootstrap")).stdout.startswith("tonghop_")
    terminal.environ["TONGHOP_TOKEN"] = file.read_text().strip()
    await _accounts(terminal)
    await _audit(terminal, database)


async def _accounts(terminal: Terminal) -> None:
    tonghop = terminal.tonghop
    account = json.loads((await tonghop("account", "add", "Lan.Nguyen", "--format", "json")).stdout)["account"]
    listed = (await tonghop("account", "list")).stdout
    assert account in listed
    assert "no password yet" in listed
    assert "409" in (await tonghop("account", "add", "lan.nguyen", code=1)).stderr
    assert f"{terminal.environ['TONGHOP_API_URL']}/invitation/" in (await tonghop("account", "invite", account)).stdout

    roles = ("--role", "reader@gia-binh", "--role", "clerk@gia-binh")
    made = await tonghop("account", "token", "lan.nguyen", "board", *roles, "--format", "json")
    its = {"TONGHOP_TOKEN": json.loads(made.stdout)["secret"]}
    assert "reader@gia-binh" in (await tonghop("token", "list", **its)).stdout
    child = await tonghop("token", "add", "of its own", "--format", "json", **its)
    assert "revoked" in (await tonghop("token", "revoke", json.loads(child.stdout)["token"]["token"], **its)).stdout
    assert "ROLE@UNIT" in (await tonghop("token", "add", "x", "--role", "reader", code=1)).stderr
    assert "403" in (await tonghop("account", "list", code=1, **its)).stderr

    assert "disabled since" in (await tonghop("account", "disable", account)).stdout
    assert "401" in (await tonghop("token", "list", code=1, **its)).stderr
    assert "no password yet" in (await tonghop("account", "disable", account, "--end")).stdout
    assert "nobody" in (await tonghop("account", "disable", "nobody", code=1)).stderr


async def _audit(terminal: Terminal, database: str) -> None:
    tonghop = terminal.tonghop
    assert "--cursor" in (await tonghop("audit", "--limit", "3")).stdout
    lines = (await tonghop("audit", "--format", "jsonl")).stdout.splitlines()
    told = {json.loads(line)["what"] for line in lines}
    assert {"token_made", "account_added", "invited", "refused", "account_disabled", "account_enabled"} <= told
    by = (await tonghop("audit", "--account", "lan.nguyen", "--what", "token_made", "--format", "jsonl")).stdout
    assert [json.loads(line)["detail"]["name"] for line in by.splitlines()] == ["of its own"]
    assert "0 entries" in (await tonghop("audit", "--prune")).stdout
    connection = await asyncpg.connect(database)
    await connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_append_only")
    await connection.execute("UPDATE audit SET at = now() - interval '10 days' WHERE no <= 3")
    await connection.execute("ALTER TABLE audit ENABLE TRIGGER audit_append_only")
    await connection.close()
    assert "3 entries" in (await tonghop("audit", "--prune", TONGHOP_KEEP_AUDIT="9")).stdout
    last = json.loads((await tonghop("audit", "--limit", "1", "--format", "json")).stdout)["entries"][0]
    assert (last["what"], last["detail"]["entries"]) == ("pruned", 3)
