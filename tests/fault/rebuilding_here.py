"""Rebuilding and going back within a process that is killed: in small chunks, and silent."""

from __future__ import annotations

import services.verification.rebuilding
from projections.store.rebuilding import chunks
from services.settings import Settings
from services.verification.rebuilding import go_back, rebuild
from tests.fault.brief_log import SIZES


def in_small_chunks() -> None:
    for module in (chunks, services.verification.rebuilding):
        module.CHUNK = 20  # type: ignore[attr-defined]


def quietly(*_: object) -> None:
    """Take no note of progress."""


async def make(settings: Settings) -> None:
    in_small_chunks()
    await rebuild(settings, quietly, sizes=SIZES)


async def back_to(settings: Settings, number: int) -> None:
    in_small_chunks()
    await go_back(settings, quietly, to=number, sizes=SIZES)
