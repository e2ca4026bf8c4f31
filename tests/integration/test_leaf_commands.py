"""The commands of a leaf: its credential at the hub, how its list ages and is made anew, its keys, and `forward`."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from tests.attacks.guarded import refused
from tests.attacks.leaves import PROVINCE, SIBLING, UNIT, Leaf, published, serving, told
from tests.attacks.signed import Signed, signed_with_a_log
from tests.fault import forked


class Operator:
    """Somebody at a terminal, with the hub's keys."""

    def __init__(self, hub: Signed, folder: Path) -> None:
        self.hub = hub
        self.folder = folder
        self.environ = {
            "TONGHOP_LANG": "en",
            "TONGHOP_NATS_URL": f"nats://{hub.address}",
            "TONGHOP_CREDENTIAL_KEYS": str(hub.keys.folder),
        }

    def runs(
        self, *arguments: str, code: int = 0, environ: Mapping[str, str] | None = None, typed: str = os.devnull
    ) -> str:
        """Run a command, which ends with a code, and give all that it says."""
        output = self.folder / "output"
        with output.open("wb") as opened:
            kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")}
            given = {**kept, **(self.environ if environ is None else environ)}
            ended = forked.run(arguments, given, self.folder, [typed, opened.name, opened.name])
        said = output.read_text()
        assert ended == code, said
        return said

    def units(self, *units: str) -> str:
        """Write a file with units, and give its name."""
        (self.folder / "units.txt").write_text("".join(f"{unit}\n" for unit in units))
        return "units.txt"


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    async with signed_with_a_log() as hub:
        yield Operator(hub, tmp_path)


async def test_from_the_keys_of_a_leaf_to_an_event_at_the_hub(operator: Operator, tmp_path: Path) -> None:
    issue = ("credential", "issue", PROVINCE, "--below", "--units")
    said = operator.runs(*issue, operator.units(PROVINCE, UNIT))
    credential = tmp_path / f"{PROVINCE}-below.creds"
    assert "for 2 units. It has taken effect on 1 server" in said
    assert credential.stat().st_mode & 0o777 == 0o600
    assert "move it away first" in operator.runs(*issue, "units.txt", code=1)

    check = ("credential", "list", "--check", "--units", operator.units(PROVINCE, UNIT, SIBLING))
    said = operator.runs(*check, code=3)
    assert f"{PROVINCE}: 1 came ({SIBLING}), 0 went" in said
    assert f"tonghop credential renew {PROVINCE}" in said
    operator.runs("credential", "renew", "--units", "units.txt")
    operator.runs("credential", "renew", PROVINCE, "--units", "-", typed=str(tmp_path / "units.txt"))
    assert "are those of now" in operator.runs(*check)
    shown = json.loads(operator.runs("credential", "list", PROVINCE, "--format", "json"))
    assert [one["kind"] for one in shown] == ["below"]

    leaf_folder = tmp_path / "leaf"
    leaf_folder.mkdir()
    signed_conf = told(operator.hub, tmp_path)
    own = {"TONGHOP_LANG": "en"}
    operator.runs("credential", "leaf", str(signed_conf), "--keys", str(leaf_folder / "keys"), environ=own)
    with serving(operator.hub, leaf_folder) as server:
        leaf = Leaf(operator.hub, server, leaf_folder, credential)
        environ = leaf.environ() | {"TONGHOP_LANG": "en"}
        operator.runs("forward", "--once", environ=environ)
        await published(server, UNIT, 3)
        await published(server, SIBLING, 2)
        operator.runs("forward", "--once", environ=environ)
        async with operator.hub.client("reader") as reader:
            assert (await reader.jetstream().stream_info("PARTY")).state.messages == 5

        own = own | {
            "TONGHOP_CREDENTIAL_KEYS": str(leaf_folder / "keys"),
            "TONGHOP_NATS_URL": f"nats://{server.address}",
        }
        for wrong in (("init",), ("issue", "x", "--below", "--units", "units.txt")):
            assert "keys of a leaf" in operator.runs("credential", *wrong, code=1, environ=own)
        assert "unit.seed" in operator.runs("credential", "issue", SIBLING, code=1, environ=own)
        operator.runs("shut-out", SIBLING, environ=own)  # whoever floods the leaf
        async with server.client(SIBLING) as flooding:
            await flooding.publish(f"party.v1.{SIBLING}.x.y", b"{}")
            await refused(server, f'Publish Violation - Subject "shut-out.{SIBLING}.x.y"')
        operator.runs("shut-out", SIBLING, "--end", environ=own)
        operator.runs("credential", "hand", environ=own)

        operator.runs("credential", "revoke", PROVINCE, "--below")
        await published(server, UNIT, 1, first=9)
        assert "closed" in operator.runs("forward", "--once", environ=environ, code=1)
        assert "issued no credential" in operator.runs("credential", "revoke", UNIT, "--below", code=1)


def test_what_is_wrong_is_said(operator: Operator, tmp_path: Path) -> None:
    assert "TONGHOP_HUB_NATS_URL" in operator.runs("forward", "--once", code=1, environ={"TONGHOP_LANG": "en"})
    assert "one unit at a time" in operator.runs("credential", "issue", "a", "b", "--below", code=1)
    for unit in ("*", "a.b", ">"):
        assert "no unit's id" in operator.runs(
            "credential", "issue", PROVINCE, "--below", "--units", operator.units(unit), code=1
        )
    many = operator.units(*(f"{'x' * 50}{number:05d}" for number in range(10_000)))
    assert "too many" in operator.runs("credential", "issue", PROVINCE, "--below", "--units", many, code=1)
    assert "no credential --below" in operator.runs("credential", "renew", UNIT, "--units", many, code=1)
    (tmp_path / "no.conf").write_text("operator: a.b.c\n")
    for file in ("no.conf", "missing.conf", operator.hub.log.name):
        operator.runs("credential", "leaf", file, "--keys", str(tmp_path / "keys"), code=1)
    assert not (tmp_path / "keys").exists()
