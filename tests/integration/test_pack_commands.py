"""`tonghop pack` and `unpack` as they are typed: what is wrong is said, and nothing of it is sent."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from services.bus_credentials.revoking import revoke
from tests.attacks.answering import answering
from tests.attacks.leaves import OUTSIDE, PROVINCE, UNIT, leaf_of, told
from tests.attacks.signed import signed_somewhere
from tests.fault.forked import tonghop


def event(number: int, unit: str = UNIT) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": f"/units/{unit}",
        "type": "member.admitted",
        "subject": unit,
        "time": "2023-12-04T09:30:00+07:00",
        "data": {"member": f"m{number}", "decided_on": "2023-12-01"},
    }


class Desk:
    """A folder with files, and commands that are typed there."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")}
        self.environ = {**kept, "TONGHOP_LANG": "en", "TONGHOP_API_URL": "http://127.0.0.1:1", **environ}

    def runs(self, *arguments: str, code: int = 0) -> str:
        done = tonghop(*arguments, environ=self.environ, cwd=self.folder)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def events(self, *events: object) -> str:
        (self.folder / "events.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in events))
        return "events.jsonl"


def test_what_is_wrong_with_a_pack_is_said(tmp_path: Path) -> None:
    with signed_somewhere() as hub:
        desk = Desk(tmp_path)
        unit = str(hub.file(UNIT))
        signed_conf = str(told(hub, tmp_path))
        said = desk.runs("pack", desk.events(event(1), event(2, OUTSIDE)), "--credentials", unit, code=1)
        assert f"events of {OUTSIDE}" in said
        said = desk.runs("pack", desk.events(event(1), {"id": 1}), "--credentials", unit, code=1)
        assert "events.jsonl:2" in said
        assert not list(tmp_path.glob("*.pack"))
        desk.runs("pack", desk.events(), "--credentials", unit, code=1)
        desk.runs("pack", desk.events(event(1)), "--credentials", "nothing.creds", code=1)
        desk.runs("pack", desk.events(event(1), event(2)), "--credentials", unit)
        assert "Can't write" in desk.runs("pack", "events.jsonl", "--credentials", unit, code=1)

        pack = tmp_path / f"{UNIT}.pack"
        check = ("unpack", pack.name, "--check", "--hub", signed_conf)
        assert f"2 events, signed by {UNIT}" in desk.runs(*check)
        assert "can't be reached" in desk.runs("unpack", pack.name, "--hub", signed_conf, code=1)
        with answering("empty") as (stranger, _):
            said = desk.runs("unpack", pack.name, "--hub", signed_conf, "--api", stranger, code=1)
        assert "does not answer as tonghop does" in said
        pack.write_bytes(pack.read_bytes().replace(b"2023-12-01", b"2023-12-02"))
        assert "altered" in desk.runs(*check, code=1)
        pack.unlink()
        desk.runs("pack", "events.jsonl", "--credentials", unit)
        revoke(hub.keys, "unit", UNIT, by="a test")
        told(hub, tmp_path)
        assert "taken back" in desk.runs(*check, code=1)


@pytest.mark.parametrize("missing", ["--hub", "PACK"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    (tmp_path / "x.pack").write_text('{"tonghop_pack":1}\n')
    named = ("x.pack", "--hub", "no.conf") if missing == "--hub" else ("no.pack", "--hub", "x.conf")
    assert f"{tmp_path}" not in Desk(tmp_path).runs("unpack", *named, code=1)


async def test_what_waits_at_a_leaf_is_packed_and_stays_there(tmp_path: Path) -> None:
    with signed_somewhere() as hub, leaf_of(hub) as leaf:
        async with leaf.store() as store, leaf.server.client(UNIT) as unit:
            for number in range(3):
                body = json.dumps(event(number)).encode() if number else b"no event"
                await unit.jetstream().publish(f"party.v1.{UNIT}.member.admitted", body)
            desk = Desk(tmp_path, **leaf.environ())
            said = desk.runs("pack", "--leaf", "--credentials", str(leaf.credential), "--out", "leaf.pack")
            assert "1 messages at the leaf are no events" in said
            assert (await store.waiting()).messages == 3
        said = desk.runs("unpack", "leaf.pack", "--check", "--hub", str(told(hub, tmp_path)))
        assert f"2 events, signed by {PROVINCE}" in said
