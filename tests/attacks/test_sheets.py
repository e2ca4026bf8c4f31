"""Whatever file is sent: the process that reads it ends within its bounds, and what is told says what to do."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from datetime import date

import psutil
import pytest

from services.bounded.starting import started, surroundings
from services.sheets.apart import read_apart
from services.sheets.bounds import Bounds
from services.sheets.reading import SheetQuestion
from services.sheets.refusals import SheetRefused
from services.sheets.results import SheetReading
from services.sheets.units import NamedUnit
from tests.attacks import hostile_sheets

MANY = 12 * 1024 * 1024
SMALL = Bounds(unzipped=10 * 1024 * 1024)
ASKED = SheetQuestion("member.admitted", (NamedUnit("cb-1", "Chi bộ 1"),), date(2026, 11, 28), bounds=SMALL)


@pytest.mark.parametrize(
    ("make", "reasons"),
    [
        (lambda: hostile_sheets.bomb(MANY), {"too_large"}),
        (lambda: hostile_sheets.lying(MANY), {"broken"}),
        (hostile_sheets.laughing, {"not_a_sheet"}),
        (hostile_sheets.far_away, {"too_large"}),
        (hostile_sheets.repeated, {"too_large", "too_slow"}),
        (hostile_sheets.deep, {"broken", "no_head"}),
        (lambda: hostile_sheets.good()[:-500], {"broken"}),
        (lambda: hostile_sheets.changed("xl/workbook.xml", b"<a>"), {"broken", "no_head"}),
        (lambda: b"%PDF-1.7\n" + bytes(100), {"not_a_sheet"}),
        (lambda: b"<html><table></table></html>", {"not_a_sheet"}),
        (lambda: b"\x00\x01\x02" * 100, {"not_a_sheet"}),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), {"broken"}),
        (lambda: b'unit;member;decided_on\ncb-1;"a;5/2/2026\n', {"broken"}),
        (lambda: b";" * 2_000_000, {"no_head", "too_large"}),
        (lambda: b" \n", {"empty"}),
    ],
)
async def test_a_hostile_file_is_refused(
    make: Callable[[], bytes], reasons: set[str], capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await read_apart(make(), ASKED)
    assert isinstance(answer, SheetRefused)
    assert answer.reason in reasons
    assert capfd.readouterr() == ("", "")


async def test_a_formula_over_another_file_is_its_value() -> None:
    answer = await read_apart(hostile_sheets.linked(), ASKED)
    assert isinstance(answer, SheetReading)
    (row,) = answer.rows()
    assert row.draft is not None
    assert row.draft.data["member"] == "a"


@pytest.mark.parametrize(
    ("bounds", "reason"), [(Bounds(within=0.01), "too_slow"), (Bounds(memory=30_000_000), "too_large")]
)
async def test_the_bounds_of_time_and_memory_hold(bounds: Bounds, reason: str) -> None:
    sheet = b"unit;member;decided_on\n" + b"cb-1;a;5/2/2026\n" * 20_000
    answer = await read_apart(sheet, SheetQuestion(ASKED.type, ASKED.units, ASKED.today, bounds=bounds))
    assert isinstance(answer, SheetRefused)
    assert answer.reason == reason


async def test_who_waits_no_longer_leaves_no_process() -> None:
    others = {*psutil.Process().children()}
    reading = asyncio.create_task(read_apart(hostile_sheets.good(), ASKED))
    while not (begun := {*psutil.Process().children()} - others):  # noqa: ASYNC110 - nobody tells that it has begun
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert not any(child.is_running() for child in begun)


async def test_the_process_is_told_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_DATABASE_URL", "postgresql://secret")
    assert not any(name.startswith("TONGHOP") for name in surroundings())


async def test_a_process_that_dies_over_what_it_is_given_leaves_no_error_behind() -> None:
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
    async with started("this", env=surroundings(), stdout=asyncio.subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.write(bytes(1_000_000))
        await process.wait()
    del process
    await asyncio.sleep(0)
    gc.collect()
    assert told == []
