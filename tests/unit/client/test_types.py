"""Who writes against the client is told by a type checker what an event's data has, before anything runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import datetime as dt
from services.client import AsyncClient, BadgeAwarded, Client, MemberAdmitted, Outbox, event

day = dt.date(2023, 5, 1)
MemberAdmitted(member="1", decided_on=day)
MemberAdmitted(member="1", decided_on="2023-05-01")  # wrong
MemberAdmitted(member="1")  # wrong
MemberAdmitted(member="1", decided_on=day, name="x")  # wrong
BadgeAwarded(member="1", grade=35, awarded_on=day)  # wrong
said = event("xa-a", BadgeAwarded(member="1", grade=30, awarded_on=day))
with Client("http://localhost") as client, Outbox("outbox", client) as outbox:
    kept: bool = outbox.put(said)
    outbox.put("said")  # wrong
    position: int = client.send(said).position  # wrong
    total: dict[str, int] = client.report("xa-a").total

async def program(client: AsyncClient) -> None:
    outcome: str | None = (await client.send(said, wait=1)).outcome
"""


@pytest.mark.long
def test_a_type_checker_knows_every_field(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path), str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = {int(line.split(":")[1]) for line in told.splitlines() if ": error:" in line}
    assert found == {n for n, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# wrong")}, told
