"""What anybody may ask and read: methods, hosts, headers, errors, and nothing of the machine (issue 12, 11 and 12)."""

from __future__ import annotations

import json
import re
import socket

import asyncpg
import httpx
import pytest

from projections.answers.access.sight import EVERYTHING, Sight
from projections.store.reading.snapshot import Snapshot, snapshot
from services.api.asked import Alike, Asked, Circumstances, begin
from services.api.problems import Problem
from services.settings import Address
from tests.attacks.http_serving import CHEAP, Wire
from tests.integration.test_api import client_of
from tests.servers import connect

LONG = "/v1/units/unit-005?on=2021-06-01"


async def ask(shipped: Address, target: str, method: str = "GET", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"http://{shipped}", trust_env=False, timeout=60) as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.request(method, target, headers=named)


@pytest.mark.parametrize("target", ["/healthz", "/readyz", "/openapi.json", "/docs", "/v1/status", CHEAP, LONG])
async def test_head_is_what_get_is_without_a_body(shipped: Address, target: str) -> None:
    wire = await Wire.to(shipped)
    told = await wire.get(target)
    wire.ask(target, "HEAD")
    head = await wire.reply(bodiless=True)
    same = {"etag", "content-type", "cache-control", "content-security-policy"}
    assert head.status == told.status
    assert {n: v for n, v in head.headers.items() if n in same} == {n: v for n, v in told.headers.items() if n in same}
    assert (await wire.get("/healthz")).body == b'{"status":"ok"}', "no body came that would be read as the next answer"
    wire.hang_up()


async def test_what_is_long_is_compressed_for_who_takes_it(shipped: Address) -> None:
    wire = await Wire.to(shipped)
    plain, packed = await wire.get(LONG), await wire.get(LONG, Accept_Encoding="br;q=1.0, gzip;q=0.8")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept, Accept-Encoding"
    assert packed.headers["etag"] != plain.headers["etag"]
    assert len(packed.body) * 4 < len(plain.body)
    assert "content-encoding" not in (await wire.get(LONG, Accept_Encoding="gzip;q=0")).headers
    for tag in (plain.headers["etag"], packed.headers["etag"]):
        again = await wire.get(LONG, Accept_Encoding="gzip", If_None_Match=tag)
        assert (again.status, again.headers["etag"]) == (304, tag)
    wire.hang_up()


@pytest.mark.parametrize("target", [CHEAP, "/healthz", "/nowhere", "/v1/units/nobody", "/docs", "/openapi.json"])
async def test_every_answer_keeps_browsers_from_harm(shipped: Address, target: str) -> None:
    headers = (await ask(shipped, target)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "cache-control" in headers
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers


async def test_the_page_of_the_api_may_load_what_it_is_made_of(shipped: Address) -> None:
    page = await ask(shipped, "/docs")
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sources
    for source in sources:
        assert source.startswith("/docs/"), "nothing comes from elsewhere"
        assert (await ask(shipped, source)).status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "localhost.evil.example", "", "a b", "127.0.0.1@evil"]
)
@pytest.mark.parametrize("target", [CHEAP, "/healthz", "/docs"])
async def test_another_host_is_refused(shipped: Address, host: str, target: str) -> None:
    wire = await Wire.to(shipped)
    wire.ask(target, Host=host)
    reply = await wire.reply()
    assert (reply.status, reply.headers["content-type"]) == (421, "application/problem+json")
    assert json.loads(reply.body)["parameter"] == "Host"
    assert await wire.ended()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]", "192.0.2.7:80"])
async def test_its_own_names_and_addresses_are_taken(shipped: Address, host: str) -> None:
    wire = await Wire.to(shipped)
    wire.ask("/healthz", Host=host)
    assert (await wire.reply()).status == 200
    wire.hang_up()


async def test_two_hosts_or_none_are_refused(shipped: Address) -> None:
    for lines in ("", f"Host: {shipped}\r\nHost: evil.example\r\n"):
        wire = await Wire.to(shipped)
        wire.writer.write(f"GET /healthz HTTP/1.1\r\n{lines}\r\n".encode())
        assert (await wire.reply()).status == 400


@pytest.mark.parametrize(
    ("target", "method", "status", "title"),
    [
        ("/nowhere", "GET", 404, "Không tìm thấy"),
        ("/v1/units/", "GET", 404, "Không tìm thấy"),
        ("/v1/units/trung-uong/report/", "GET", 404, "Không tìm thấy"),
        ("//evil.example/", "GET", 404, "Không tìm thấy"),
        ("/docs/nothing.js", "GET", 404, "Không tìm thấy"),
        ("/v1/units", "POST", 405, "Phương thức không dùng được"),
        ("/healthz", "DELETE", 405, "Phương thức không dùng được"),
        ("/v1/units", "OPTIONS", 405, "Phương thức không dùng được"),
    ],
)
async def test_what_no_route_answers_is_a_problem_in_the_same_language(
    shipped: Address, target: str, method: str, status: int, title: str
) -> None:
    wire = await Wire.to(shipped)
    wire.ask(target, method)
    reply = await wire.reply()
    problem = json.loads(reply.body)
    assert (reply.status, reply.headers["content-type"]) == (status, "application/problem+json")
    assert (problem["status"], problem["title"]) == (status, title)
    assert "location" not in reply.headers
    assert (reply.headers.get("allow") == "GET, HEAD") is (status == 405)
    if target.startswith("/v1/") and status == 404:
        assert "“/”" in problem["detail"], "it says that the slash is too much"
    wire.hang_up()


async def test_nothing_of_the_machine_is_told(database: str) -> None:
    host = socket.gethostname()
    connection = await asyncpg.connect(database)
    await connection.execute(
        """INSERT INTO worker (name, state, detail, seen_at, fetched_at, advanced_at, stream_last)
        VALUES ($1, 'waiting', $2, now(), now(), now() - interval '1 hour', 9)""",
        f"{host}:4711",
        "ConnectionRefusedError: [Errno 111] Connect call failed ('10.9.8.7', 5432)",
    )
    await connection.close()
    async with client_of(database) as client:
        for path in ("/v1/status", "/readyz", "/v1/units/nobody", CHEAP, "/nowhere", "/v1/units?q=%00"):
            response = await client.get(path)
            told = response.text + str(response.headers)
            for secret in (f"{host}:4711", ":4711", "10.9.8.7", "Errno", "Error:", "Traceback", "asyncpg"):
                assert secret not in told, path
        assert (await client.get("/v1/status")).json()["worker"]["state"] == "waiting"


async def test_an_error_of_ours_tells_nothing_and_is_guarded_too(database: str) -> None:
    connection = await connect(database)
    await connection.execute("ALTER TABLE tally ALTER n TYPE text")  # what is asked of it is then no SQL
    await connection.close()
    async with client_of(database) as client:
        response = await client.get("/v1/status")
        assert response.status_code == 500
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "asyncpg" not in response.text
        assert "operator does not exist" not in response.text


async def test_who_may_not_have_an_answer_is_not_told_that_it_is_unchanged(database: str) -> None:
    """304 comes after the question of access, on the snapshot that answers (point 12)."""

    async def compute(_: Snapshot) -> None:
        raise AssertionError("nothing is worked out before it is known who asks")

    async def anybody(_: Snapshot) -> Sight:
        return EVERYTHING

    async def nobody(opened: Snapshot) -> Sight:
        assert opened.position >= 0
        raise Problem(403, "Forbidden", "no")

    asked = Asked(("a question",), Alike(compute), may=anybody)  # type: ignore[arg-type] # it is never called
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool, snapshot(pool) as opened:
        tag = (await begin(asked, Circumstances(None, None, gzip=False, lag=None), opened)).tag
        known = Circumstances(None, f'"{tag}"', gzip=False, lag=None)
        assert (await begin(asked, known, opened)).had == f'"{tag}"'
        with pytest.raises(Problem, match="no"):
            await begin(asked._replace(may=nobody), known, opened)
