"""A backup is killed before each of its lines in turn: a half one is never taken for a whole one."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from services.recovery.errors import BackupError
from services.recovery.manifest import Manifest, check_file, read_manifest
from tests.fault import projecting_here as here
from tests.fault import restoring_here as doing
from tests.fault.killing import Kills, never
from tests.fault.stepping import TOP, Death, killed
from tests.fault.stretch import Stretch
from tests.fault.wire import Passing, statement

LAST: Final = "services/recovery/manifest.py"
"""What brings files to the disk, and says last that they are there."""
ALL: Final = (LAST, *(f"services/recovery/{name}.py" for name in ("backup", "dump", "transfer", "log", "database")))


def whole(folder: Path) -> Manifest | None:
    """Read what a restore goes by; None where it would refuse. What it would take must be there, to the last byte."""
    try:
        manifest = read_manifest(folder)
    except BackupError:
        return None
    for name, file in manifest.files.items():
        check_file(folder, name, file, lambda _: None)
    return manifest


async def die_everywhere(stretch: Stretch, folder: Path, modules: tuple[str, ...]) -> set[Death]:
    """Kill backups until one has nowhere left to die; the next one goes on in the same folder while it holds half."""
    deaths: set[Death] = set()
    death: Death | None = None
    async with stretch.anew() as (settings, _):
        await here.apply(stretch.client, settings.database_url, here.END)
        while death is not None or not deaths:
            copy = folder / f"copy-{len(deaths)}"
            found = None
            while found is None:
                death = await killed(deaths, doing.back_up, settings, copy, lines_of=modules)
                found = whole(copy)
                assert death is not None or found is not None
                deaths |= {death} - {None}
            assert (found.position, found.stream_last) == (here.END, here.END)
    return deaths


def lines_of(function: str) -> set[int]:
    """Find the lines of a function at which a statement of it begins."""
    tree = ast.parse((TOP / LAST).read_text(encoding="utf-8"))
    found = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    _, *statements = (node for node in ast.walk(found) if isinstance(node, ast.stmt) and node is not found)
    return {statement.lineno for statement in statements}


@pytest.mark.long
async def test_before_every_line_that_brings_it_to_the_disk(stretch: Stretch, tmp_path: Path) -> None:
    deaths = await die_everywhere(stretch, tmp_path, (LAST,))
    assert lines_of("write_manifest") <= {line for death in deaths for _, line in death.places}


@pytest.mark.long
async def test_before_every_line(stretch: Stretch, tmp_path: Path) -> None:
    await die_everywhere(stretch, tmp_path, ALL)


async def die_at_every_message(stretch: Stretch, folder: Path, statements: Callable[[Passing], bool]) -> Kills:
    """Each backup goes on in the folder of the one that was killed before."""
    kills = Kills(statements=statements)
    async with stretch.anew() as (settings, _):
        await here.apply(stretch.client, settings.database_url, here.END)
        while await kills.one(settings, doing.back_up, folder):
            assert whole(folder) is None, "nothing is said to anybody after the manifest is written"
        found = whole(folder)
        assert found is not None
        assert (found.position, found.stream_last) == (here.END, here.END)
    return kills


async def test_at_every_word_to_the_bus(stretch: Stretch, tmp_path: Path) -> None:
    kills = await die_at_every_message(stretch, tmp_path / "copy", never)
    assert {"$JS.API.STREAM.INFO.PARTY", "$JS.API.STREAM.SNAPSHOT.PARTY"} <= kills.words


@pytest.mark.long
async def test_at_every_statement_too(stretch: Stretch, tmp_path: Path) -> None:
    """Those of pg_dump are among them."""
    kills = await die_at_every_message(stretch, tmp_path / "copy", statement)
    assert any(cut.about.startswith("COPY") for cut in kills.statements)
