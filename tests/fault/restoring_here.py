"""Backups and restores within a process that is killed: as the commands do them, in small parts, and silent."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from types import SimpleNamespace

from rich.console import Console

from projections.store.live.projection import Projection
from projections.store.log.kept_log import read_kept
from services.recovery import archive, compare_with_ledger, from_ledger, from_log, log
from services.recovery.backup import backup
from services.recovery.from_backup import restore_from_backup
from services.recovery.halves import Half
from services.recovery.telling import Telling
from services.settings import Settings
from tests.fault.brief_log import PART, SIZES


def telling() -> Telling:
    return Telling(Console(file=io.StringIO()))


def in_small_parts() -> None:
    """Let what takes thousands of messages at once take a few, so that there are several parts."""
    log.MOST = PART  # type: ignore[misc]
    archive.PIECE = 1 << 12  # type: ignore[misc]
    for module in (compare_with_ledger, from_ledger):
        module.read_kept = partial(read_kept, part=PART)  # type: ignore[attr-defined]
    from_log.Projection = SimpleNamespace(open=partial(Projection.open, sizes=SIZES))  # type: ignore[misc, assignment]


async def back_up(settings: Settings, folder: Path) -> None:
    await backup(settings, folder, telling())


async def from_the_log(settings: Settings) -> None:
    in_small_parts()
    await from_log.restore_from_log(settings, telling())


async def from_the_ledger(settings: Settings) -> None:
    in_small_parts()
    await from_ledger.restore_from_ledger(settings, telling())


async def from_the_backup(settings: Settings, folder: Path, only: Half | None) -> None:
    in_small_parts()
    await restore_from_backup(settings, folder, only, telling())
