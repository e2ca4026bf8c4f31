"""Who may not see something asks the API as it is shipped for it: without an account, above his part, by another's."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from services.access import accounts, tokens
from services.access.bootstrapping import OWNER
from services.cli.app import app
from services.settings import Address, Settings
from tests.attacks.http_serving import CHEAP, METRICS, SILENCE, Wire, held_up, locked, nobody_held_up, serving
from tests.servers import connect

NOWHERE = "nats://127.0.0.1:1"
FAR = 2**62
ROOT, PART, BESIDE = "trung-uong", "unit-002", "unit-005"
DAYS = "from=2021-01-01&to=2021-12-31"
HOLD = {"reads": ("reader", PART), "officer": ("officer", PART), "above": ("officer", ROOT), "nothing": ()}

GRANT = "INSERT INTO access_grant SELECT $1::bigint, no, $2, $3, true, NULL FROM unit WHERE id = $4"


@pytest.fixture(scope="module")
async def secrets(wide: str) -> dict[str, str]:
    """Make accounts, and give a token of each."""
    found = {}
    connection = await connect(wide)
    for n, (name, held) in enumerate(HOLD.items()):
        made = await accounts.add(connection, OWNER, f"gate.{name}", "service", account=None, came_from=None)
        _, found[name] = await tokens.make(connection, OWNER, made.account, "test")
        if held:
            await connection.execute(GRANT, -100 - n, made.account, *held)
    await connection.close()
    return found


@pytest.fixture(scope="module")
async def guarded(wide: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Address]:
    """Run `tonghop api` with the settings that it has by itself."""
    settings = Settings(database_url=wide, nats_url=NOWHERE)
    async with serving(settings, tmp_path_factory.mktemp("guarded")) as address:
        yield address


async def ask(at: Address, target: str, secret: str | None = None, method: str = "GET", **more: str) -> httpx.Response:
    headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    async with httpx.AsyncClient(base_url=f"http://{at}", trust_env=False, timeout=60) as client:
        return await client.request(method, target, headers=headers)


@pytest.mark.parametrize(
    "target",
    [
        *(CHEAP, "/v1/units", "/v1/status", "/openapi.json", "/docs", "/metrics", "/v1/outcomes", "/v1/receipts"),
        *("/v1/events/unit-002/x", "/nowhere", "//v1/units", "/v1/units/", "/healthz/../v1/units", "/healthz/"),
        *("/docs/../v1/units", "/docs/%2e%2e/v1/units", "/docs/..%2fv1/units", "/healthz;/v1/units", "/HEALTHZ"),
    ],
)
async def test_without_an_account_there_is_no_way_round_the_gate(guarded: Address, target: str) -> None:
    wire = await Wire.to(guarded)
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        wire.ask(target, method, Content_Length="0")
        reply = await wire.reply(bodiless=method == "HEAD")
        open_files = target.startswith("/docs/")
        assert reply.status in ({401, 404, 405} if open_files else {401}), (method, target)
        assert "etag" not in reply.headers
        assert b"unit-0" not in reply.body
    wire.hang_up()


@pytest.mark.parametrize("secret", ["x", "Bearer", "tht_" + "0" * 43, "a" * 8_000])
async def test_a_made_up_token_is_nobodys(guarded: Address, secret: str) -> None:
    answer = await ask(guarded, CHEAP, secret)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_reader_has_nothing_of_an_officer_and_nothing_above_or_beside_his_part(
    guarded: Address, secrets: dict[str, str]
) -> None:
    mine = secrets["reads"]
    assert (await ask(guarded, f"/v1/units/{PART}/report?{DAYS}&by=none", mine)).status_code == 200
    refused = [
        *(f"/v1/units/{unit}/report?{DAYS}&by=none" for unit in (ROOT, BESIDE)),
        *(f"/v1/units/{PART}/events?{DAYS}", f"/v1/units/{PART}/report?{DAYS}&by=facet:sex&cells=all"),
        *(f"/v1/outcomes?unit={PART}", "/v1/status", f"/v1/events/{PART}/x", SILENCE),
    ]
    for target in refused:
        for method in ("GET", "HEAD"):
            answer = await ask(guarded, target, mine, method, if_none_match="*")
            assert answer.status_code == 403, (method, target)
            assert "etag" not in answer.headers
    assert (await ask(guarded, "/v1/outcomes?outcome=any", mine)).json()["outcomes"] == []
    assert (await ask(guarded, f"/v1/rejects?{'limit=10'}", mine)).json()["publishers"] == []


async def test_what_another_was_given_opens_nothing(guarded: Address, secrets: dict[str, str]) -> None:
    whole = f"/v1/units/{ROOT}/events?{DAYS}&limit=2"
    theirs = await ask(guarded, whole, secrets["above"])
    assert theirs.status_code == 200
    assert (await ask(guarded, whole, secrets["officer"], if_none_match=theirs.headers["etag"])).status_code == 403
    following = theirs.json()["next"]
    if following is not None:
        assert (await ask(guarded, f"{whole}&cursor={following}", secrets["officer"])).status_code == 403
    report = f"/v1/units/{PART}/report?{DAYS}&by=none"
    of_an_officer = (await ask(guarded, report, secrets["officer"])).headers["etag"]
    assert (await ask(guarded, report, secrets["reads"], if_none_match=of_an_officer)).status_code == 200
    assert (await ask(guarded, report, secrets["nothing"], if_none_match=of_an_officer)).status_code == 403


async def test_who_has_no_account_takes_no_place_in_any_queue(guarded: Address, secrets: dict[str, str]) -> None:
    waits = f"/v1/units/{PART}?min_position={FAR}&wait=60"
    answers = await asyncio.gather(*(ask(guarded, waits) for _ in range(120)))
    assert {answer.status_code for answer in answers} == {401}, "at once, and before a hundred of a client wait"
    told = (await ask(METRICS[guarded], "/metrics")).text
    assert 'tonghop_api_waiting{queue="position"} 1.0' not in told
    assert (await ask(guarded, f"{waits[:-2]}0", secrets["nothing"])).status_code == 503


async def test_a_vast_question_that_may_not_be_asked_takes_no_place_among_those_that_may(
    guarded: Address, wide: str, secrets: dict[str, str]
) -> None:
    vast = f"/v1/units/{ROOT}/report?{DAYS}&by=none&position=12"
    async with locked(wide):
        wires = [await Wire.to(guarded) for _ in range(4)]
        for wire in wires:
            wire.ask(SILENCE, Authorization=f"Bearer {secrets['above']}")
        await held_up(wide, 1)
        answers = await asyncio.gather(*(ask(guarded, vast, secrets["nothing"]) for _ in range(8)))
        assert {answer.status_code for answer in answers} == {403}, "while all places are taken"
        for wire in wires:
            wire.hang_up()
        await nobody_held_up(wide)


async def test_a_token_that_is_taken_back_opens_nothing_from_then_on(
    guarded: Address, wide: str, secrets: dict[str, str]
) -> None:
    connection = await connect(wide)
    made = await accounts.add(connection, OWNER, "gate.leaves", "service", account=None, came_from=None)
    token, secret = await tokens.make(connection, OWNER, made.account, "test")
    assert (await ask(guarded, f"/v1/units/{PART}", secret)).status_code == 200
    await connection.execute("UPDATE token SET revoked_at = now() WHERE id = $1", token.token)
    await connection.close()
    assert (await ask(guarded, f"/v1/units/{PART}", secret)).status_code == 401
    assert (await ask(guarded, f"/v1/units/{PART}", secrets["nothing"])).status_code == 200


async def test_nobody_opens_it_to_others_than_this_machine(tmp_path: Path, wide: str) -> None:
    environ = Settings(database_url=wide, access="open", http=Address("0.0.0.0", 0)).as_environment()  # noqa: S104
    for command in (("api",), ("up", "--data-dir", str(tmp_path / "data"), "--http", "0.0.0.0:0", "--access", "open")):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.cli", *command),
            env={**os.environ, **environ, "TONGHOP_LANG": "en"},
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
        assert process.returncode == 2, command
        assert b"TONGHOP_ACCESS=required" in said


async def test_the_command_line_shows_in_every_form_what_its_token_may_see_and_no_more(
    guarded: Address, secrets: dict[str, str], tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(secrets["reads"] + "\n")
    days = ("--from", "2021-01-01", "--to", "2021-12-31")

    async def tonghop(*command: str) -> tuple[int, str]:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")}
        options = ("--api", f"http://{guarded}", "--token-file", str(token))
        done = await asyncio.to_thread(CliRunner().invoke, app, [*command, *options], env=environ | {"NO_COLOR": "1"})
        return done.exit_code, done.output

    for form in ("table", "json", "csv"):
        code, said = await tonghop("report", PART, *days, "--format", form)
        assert (code, "12" in said) == (0, True), said
        for command in (("report", ROOT, *days), ("report", BESIDE, *days), ("statement", ROOT, *days)):
            code, said = await tonghop(*command, *(("--format", form) if command[0] == "report" else ()))
            assert (code, "403" in said, "12" in said.replace("2021-12", "")) == (1, True, False), said
    for command in (("events", PART, *days), ("parked", "--unit", PART), ("status",), ("silence", ROOT, *days)):
        code, said = await tonghop(*command)
        assert (code, "403" in said) == (1, True), (command, said)
