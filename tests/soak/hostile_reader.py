"""A reader that means harm: heavy questions, questions nobody waits for, and everything that is no question."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Final

from services.settings import Address
from tests.attacks.http_serving import GUARD, Wire
from tests.oracle.telling import ROOT

ADDRESS: Final = "127.0.0.66"
"""Not that of the others: whatever is held against it is held against it alone."""
HANDS: Final = 6
AT_ONCE: Final = 8
ALLOWED: Final = frozenset({200, 206, 304, 400, 404, 405, 408, 411, 413, 414, 415, 421, 422, 429, 431, 503})
_DAYS: Final = "from=2019-01-01&to=2024-12-31"
_FAR: Final = 2**62
_WRONG: Final = (
    f"/v1/units/{ROOT}/report",
    f"/v1/units/{ROOT}/report?from=2024-12-31&to=2019-01-01",
    f"/v1/units/{ROOT}/report?from=0000-00-00&to=%00",
    f"/v1/units/{ROOT}/report?{_DAYS}&by=level:%F0%9F%92%A3",
    f"/v1/units/{ROOT}/report?{_DAYS}&by=child&by=month&basis=as-is",
    f"/v1/units/{ROOT}/report?{_DAYS}&measures={'badges,' * 500}",
    f"/v1/units/{ROOT}/report?{_DAYS}&position=-1",
    f"/v1/units/{ROOT}/report?{_DAYS}&position={'9' * 400}",
    f"/v1/units/{ROOT}/report?{_DAYS}&min_position={'9' * 400}&wait=nan",
    f"/v1/units/{ROOT}/report?from=0001-01-01&to=9999-12-31&by=month",
    f"/v1/units/{ROOT}/events?{_DAYS}&measure=admissions&cursor=AAAA",
    f"/v1/units/{ROOT}/events?{_DAYS}&measure=admissions&cursor=%ff%00&limit=-5",
    f"/v1/units/{ROOT}/tree?depth=99999999999999999999",
    f"/v1/units/{ROOT}/tree?on=9999-99-99",
    f"/v1/units/{ROOT}/then-and-now?on=0000-00-00",
    f"/v1/units/{ROOT}/forms/..%2f1",
    f"/v1/units/{ROOT}/forms/1?from=0001-01-01&to=9999-12-31",
    "/v1/units/%00",
    "/v1/units/..%2f..%2fetc%2fpasswd",
    "/v1/units/%ed%a0%80/report",
    "/v1/units?q=%25%25%25%00",
    "/v1/units?q=%",
    "/v1/units?q='%20OR%201=1--",
    "/v1/events/a/%00",
    "/v1/rejects?publisher=%00",
    "/v1/status?min_position=x&wait=1e9",
    "/nowhere",
    "//",
)
_HOSTS: Final = ("evil.example", "localhost.evil.example", "127.0.0.1@evil", "", "a b", "[::1", "x" * 300)


class HostileReader:
    """Asks with several hands until cancelled; `told` counts by what was tried and the status that came, if any."""

    def __init__(self, address: Address, random: Random, names: Callable[[], Sequence[str]]) -> None:
        self._address = address
        self._random = random
        self._names = names
        self.told: Counter[tuple[str, str]] = Counter()
        self._ways: tuple[Callable[[], Awaitable[None]], ...] = (
            self._asks_what_is_heavy,
            self._hangs_up,
            self._reads_slowly,
            self._never_finishes,
            self._waits_for_the_future,
            self._asks_another_host,
            self._sends_giant_headers,
            self._asks_wrongly,
            self._asks_wrongly,
            self._speaks_no_http,
            self._uses_other_methods,
        )

    async def run(self) -> None:
        """Ask until cancelled; raises AssertionError where anything is answered that may not be, 500 first of all."""
        async with asyncio.TaskGroup() as hands:
            for _ in range(HANDS):
                hands.create_task(self._go_on())

    async def _go_on(self) -> None:
        while True:
            await self._random.choice(self._ways)()
            await asyncio.sleep(self._random.uniform(0, 0.3))

    async def _heard(self, tried: str, target: str, method: str = "GET", **headers: str) -> None:
        """Ask one question on a connection of its own, and hold the status of its answer."""
        await self._hold(tried, target, lambda wire: wire.ask(target, method, **headers))

    async def _hold(self, tried: str, what: str, ask: Callable[[Wire], None]) -> None:
        try:
            wire = await Wire.to(self._address, ADDRESS)
        except OSError:
            self.told[tried, "nobody there"] += 1
            return
        try:
            ask(wire)
            reply = await wire.reply()
            assert reply.status in ALLOWED, f"{tried}: {what[:200]}: {reply.status}\n{reply.body[:500]!r}"
            status = str(reply.status)
        except TimeoutError:
            status = f"nothing for {GUARD:g} s"
        except (OSError, EOFError):
            status = "cut off"
        finally:
            wire.hang_up()
        self.told[tried, status] += 1

    async def _left(self, tried: str, target: str, seconds: float, written: str | None = None) -> None:
        """Ask, or write a part of it, and go after some time without having read anything."""
        with suppress(OSError):  # it need not be there
            wire = await Wire.to(self._address, ADDRESS)
            try:
                if written is None:
                    wire.ask(target)
                    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
                else:
                    for line in written.splitlines(keepends=True):
                        wire.writer.write(line.encode())
                        await asyncio.sleep(seconds / 4)
                await asyncio.sleep(seconds)
            finally:
                wire.hang_up()
        self.told[tried, "not waited for"] += 1

    async def _asks_what_is_heavy(self) -> None:
        await asyncio.gather(*(self._heard("heavy question", self._heavy()) for _ in range(AT_ONCE)))

    async def _hangs_up(self) -> None:
        seconds = self._random.uniform(0, 0.2)
        await asyncio.gather(*(self._left("hung up", self._heavy(), seconds) for _ in range(AT_ONCE)))

    async def _reads_slowly(self) -> None:
        await self._left("slow reading", self._heavy(), self._random.uniform(0.5, 4))

    async def _never_finishes(self) -> None:
        written = f"GET /v1/status HTTP/1.1\r\nHost: {self._address}\r\nX-A: b\r\nX-B: c\r\n"
        await asyncio.gather(*(self._left("slowloris", "", 2, written) for _ in range(AT_ONCE)))

    async def _waits_for_the_future(self) -> None:
        unit = self._random.choice(self._names())
        target = f"/v1/units/{unit}/report?{_DAYS}&min_position={_FAR}&wait=60"
        await asyncio.gather(*(self._left("far position", target, 2) for _ in range(AT_ONCE)))
        await self._heard("far position", f"/v1/status?min_position={_FAR}&wait=1")

    async def _asks_another_host(self) -> None:
        host = self._random.choice(_HOSTS)
        await self._heard("wrong host", "/v1/status", Host=host)

    async def _sends_giant_headers(self) -> None:
        await self._heard("giant header", "/healthz", Cookie="x" * self._random.choice((9_000, 20_000, 70_000)))
        await self._heard("giant header", f"/v1/units?q={'x' * 9_000}")

    async def _asks_wrongly(self) -> None:
        for _ in range(4):
            await self._heard("bad parameter", self._random.choice(_WRONG))

    async def _speaks_no_http(self) -> None:
        said = self._random.choice((b"\x16\x03\x01\x00\xa5\x01\r\n\r\n", b"GET\r\n\r\n", b"\x00" * 99 + b"\r\n\r\n"))
        await self._hold("no HTTP", repr(said), lambda wire: wire.writer.write(said))

    async def _uses_other_methods(self) -> None:
        method = self._random.choice(("POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND"))
        await self._heard("other method", f"/v1/units/{ROOT}/report?{_DAYS}", method)

    def _heavy(self) -> str:
        unit = self._random.choice((ROOT, ROOT, self._random.choice(self._names())))
        return self._random.choice(
            (
                f"/v1/units/{unit}/report?{_DAYS}&by=level:cell",
                f"/v1/units/{unit}/report?{_DAYS}&by=child&basis=as-now",
                f"/v1/units/{unit}/silence?{_DAYS}",
                f"/v1/units/{unit}/tree?depth=20",
                f"/v1/units/{unit}/history",
                f"/v1/units/{unit}/changes",
                f"/v1/units/{unit}/forms/1?{_DAYS}",
                f"/v1/units/{unit}/report?from=0001-01-01&to=9999-12-31&by=level:cell&basis=as-now",
                f"/v1/units/{unit}/report?{_DAYS}&by=facet:sex&position={self._random.randint(1, 10_000)}",
            )
        )
