"""Room on the disk: a server that ended for want of it is started again when there is some, however long that takes."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from services.language import either

LEAST = 32 << 20
"""Bytes: two segments of PostgreSQL's log, without which it does not even start."""
LOOK_EVERY = 1.0


async def wait_for(folder: Path, name: str, say: Callable[[str], None]) -> bool:
    """Return when there is room where the folder lies, and whether that had to be waited for."""
    waited = False
    while (free := shutil.disk_usage(folder).free) < LEAST:
        if not waited:
            say(
                either(
                    f"{name}: đĩa đã đầy (còn {free >> 20} MB), hãy dọn chỗ ở {folder}; đang chờ",
                    f"{name}: the disk is full ({free >> 20} MB left), make room at {folder}; waiting",
                )
            )
        waited = True
        await asyncio.sleep(LOOK_EVERY)
    return waited
