"""The example programs of docs/ against the real service, as somebody would run them."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest

from services.embedded.nats import NatsServer
from services.embedded.postgres import PostgresServer
from tests.attacks.publishing import A, admitted, event, lines_of
from tests.fault.eventually import eventually
from tests.integration.whole_service import ADMIN, Service, whole_service

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture(scope="module")
async def service(postgres: PostgresServer) -> AsyncIterator[Service]:
    async with whole_service(postgres) as running:
        yield running


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{ADMIN}\n")
    return file


async def ran(*command: str, **environ: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **environ}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_with_requests(service: Service, tmp_path: Path) -> None:
    bad = event(A, "req-3", "badge.awarded", {"member": "1", "grade": 35, "awarded_on": "2023-05-01"})
    file = tmp_path / "events.jsonl"
    file.write_bytes(lines_of(admitted(A, "req-1"), admitted(A, "req-2"), bad))
    command = (sys.executable, str(EXAMPLES / "with_requests.py"), str(file))
    environ = {"TONGHOP_API_URL": service.http, "TONGHOP_TOKEN": ADMIN}
    code, out, err = await ran(*command, **environ)
    assert (code, err) == (1, "")
    assert [line.split() for line in out.splitlines()] == [
        ["req-1", "counted"],
        ["req-2", "counted"],
        ["req-3", "refused", "invalid_field", "data.grade"],
    ]
    file.write_bytes(lines_of(admitted(A, "req-1")))
    assert (await ran(*command, **environ))[:2] == (0, "req-1 counted  \n")


async def test_with_curl(service: Service, tmp_path: Path, token: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(lines_of(admitted(A, "curl-1"), admitted(A, "curl-2")))
    environ = {"TONGHOP_API_URL": service.http, "TONGHOP_TOKEN_FILE": str(token)}
    for status in ("accepted", "duplicate"):
        code, out, err = await ran("sh", str(EXAMPLES / "with_curl.sh"), str(file), **environ)
        assert code == 0, err
        assert [(item["status"], item["outcome"]) for item in json.loads(out)["items"]] == [(status, "counted")] * 2


@pytest.mark.long
async def test_a_unit_system_in_faststream(
    service: Service, nats_server: NatsServer, tmp_path: Path, token: Path
) -> None:
    environ = {
        "TONGHOP_UNIT": A,
        "TONGHOP_API_URL": service.http,
        "TONGHOP_TOKEN_FILE": str(token),
        "OFFICE_BUS": nats_server.url,
        "OUTBOX": str(tmp_path / "events.outbox"),
    }
    office = await nats.connect(nats_server.url)
    system = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLES / "unit_system.py"), env={**os.environ, **environ}
    )

    async def asked(subject: str, what: object) -> str:
        body = what.encode() if isinstance(what, str) else json.dumps(what).encode()
        try:
            return (await office.request(subject, body, timeout=10)).data.decode().strip('"')
        except nats.errors.NoRespondersError:
            return ""

    async def counted() -> bool:
        return await asked("office.outcome", "QD-1") == "counted"

    async def here() -> bool:
        return await asked("office.outcome", "QD-1") == "unknown"

    admission = {
        "decision": "QD-1",
        "book": "2023-014",
        "decided_on": "2023-05-01",
        "entered_at": "2023-05-02T09:00:00+07:00",
    }
    try:
        await eventually(here, "it answers")
        assert await asked("office.admitted", admission) == "kept"
        assert await asked("office.admitted", admission) == "kept"
        assert (await asked("office.admitted", admission | {"book": "Nguyễn Lan"})).startswith("not kept")
        await eventually(counted, "it is counted")
    finally:
        system.terminate()
        assert await system.wait() == 0
        await office.close()
