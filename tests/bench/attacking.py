"""Those who ask the worst of the service, as a process of its own.

`python -m tests.bench.attacking HOST:PORT ROOT WIDE` attacks until its standard input ends, then writes what it was
told as JSON.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Final, NamedTuple

from services.settings import Address
from tests.bench.world import HISTORY_FIRST, LAST_DAY, YEAR_FIRST


class Target(NamedTuple):
    """The service, its root, and a unit with very many children."""

    address: Address
    root: str
    wide: str


Attack = Callable[[Target, str, int], Awaitable[None]]


async def attack(target: Target) -> None:
    """Run all attacks, each kind from an address of its own, until standard input ends."""
    outcomes: Counter[str] = Counter()
    attackers = [
        asyncio.create_task(_again(each, target, f"127.0.1.{kind + 1}", index, outcomes))
        for kind, (each, number) in enumerate(_ATTACKS)
        for index in range(number)
    ]
    await asyncio.to_thread(sys.stdin.read)
    sys.stdout.write(json.dumps(dict(sorted(outcomes.items()))))
    sys.stdout.flush()
    os._exit(0 if attackers else 1)  # they need not be waited for: their connections end with the process


async def _again(attack: Attack, target: Target, source: str, index: int, outcomes: Counter[str]) -> None:
    for turn in count(index * 1_000):
        try:
            await attack(target, source, turn)
            outcomes["done"] += 1
        except _RefusedError as refused:
            outcomes[str(refused)] += 1
            await asyncio.sleep(0.2)  # it is told to wait longer, and doesn't
        except (OSError, EOFError, asyncio.IncompleteReadError):
            outcomes["cut off"] += 1
            await asyncio.sleep(0.2)


class _RefusedError(Exception):
    """An answer that isn't 200."""


async def _asked(address: Address, source: str, target: str) -> None:
    reader, writer = await asyncio.open_connection(*address, local_addr=(source, 0))
    try:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        while await reader.read(1 << 18):
            pass
        if head[9:12] != b"200":
            raise _RefusedError(head[9:12].decode())
    finally:
        writer.transport.abort()


def _span(turn: int) -> tuple[str, str]:
    """No two questions are alike, so that no cache helps."""
    return (f"{HISTORY_FIRST.replace(day=1 + turn % 28)}", f"{LAST_DAY.replace(day=1 + turn // 28 % 28)}")


async def _every_cell(at: Target, source: str, turn: int) -> None:
    first, last = _span(turn)
    await _asked(at.address, source, f"/v1/units/{at.root}/report?from={first}&to={last}&by=level:cell")


async def _silence(at: Target, source: str, turn: int) -> None:
    first, last = _span(turn)
    await _asked(at.address, source, f"/v1/units/{at.root}/silence?from={first}&to={last}")


async def _tree(at: Target, source: str, turn: int) -> None:
    await _asked(at.address, source, f"/v1/units/{at.root}/tree?depth=20&on={_span(turn)[1]}")


async def _far(at: Target, source: str, turn: int) -> None:
    await _asked(
        at.address, source, f"/v1/units/{at.root}/report?position=1&by=none&min_position={2**62 + turn}&wait=60"
    )


async def _hanging_up(at: Target, source: str, turn: int) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            await _silence(at, source, turn)


async def _wide(at: Target, source: str, turn: int) -> None:
    first, last = _span(turn)
    await _asked(at.address, source, f"/v1/units/{at.wide}/report?from={first}&to={last}")


async def _byte_by_byte(at: Target, source: str, turn: int) -> None:
    reader, writer = await asyncio.open_connection(*at.address, local_addr=(source, 0), limit=1)
    try:
        target = f"/v1/units/{at.root}/report?from={YEAR_FIRST}&to={_span(turn)[1]}&by=level:grassroots"
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {at.address}\r\n\r\n".encode())
        while await reader.read(1):  # noqa: ASYNC110 - as slow as can be
            await asyncio.sleep(1)
    finally:
        writer.transport.abort()


async def _never_ending(at: Target, source: str, _: int) -> None:
    reader, writer = await asyncio.open_connection(*at.address, local_addr=(source, 0))
    try:
        writer.write(b"GET /healthz HTTP/1.1\r\n")
        for n in count():
            writer.write(f"X-{n}: x\r\n".encode())
            if await _ended(reader, 1):
                return
    finally:
        writer.transport.abort()


async def _idle(at: Target, source: str, _: int) -> None:
    reader, writer = await asyncio.open_connection(*at.address, local_addr=(source, 0))
    try:
        await _ended(reader, 60)
    finally:
        writer.transport.abort()


async def _ended(reader: asyncio.StreamReader, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return not await reader.read(1)
    return False


_ATTACKS: Final[tuple[tuple[Attack, int], ...]] = (
    (_every_cell, 8),
    (_silence, 16),
    (_tree, 16),
    (_far, 100),
    (_hanging_up, 200),
    (_wide, 150),
    (_byte_by_byte, 20),
    (_never_ending, 150),
    (_idle, 300),
)
"""What is asked at once, and by how many."""


def main() -> None:
    """Attack as the command line says."""
    address, root, wide = sys.argv[1:]
    asyncio.run(attack(Target(Address.parse(address), root, wide)))


if __name__ == "__main__":
    main()
