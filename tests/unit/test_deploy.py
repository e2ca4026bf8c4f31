"""What is in deploy/ names commands, settings and metrics that exist, and is read by the programs that it is for."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from projections.store.address import DatabaseAddress
from services import bus_accounts
from services.bus_credentials import accounts
from services.cli.app import app
from services.cli.bus_keys import CONFIGURATION, STORE
from services.connecting.bus import encrypted
from services.connecting.tls import https
from services.embedded.nats import executable
from services.settings import VARIABLES, Settings
from tests.attacks.authorities import Authorities

DEPLOY = Path(__file__).parents[2] / "deploy"
COMMANDS = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
PROCESSES = ("migrate", "projector", "api")
COMPOSE = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
SIGNED = yaml.safe_load((DEPLOY / "docker-compose.signed.yml").read_text())
WITH_TLS = yaml.safe_load((DEPLOY / "docker-compose.tls.yml").read_text())
UNITS = sorted(DEPLOY.glob("systemd/*.service"))
BUS_SECRETS = {
    "TONGHOP_STORE": "/var/lib/nats",
    "TONGHOP_SERVER": "nats-1",
    "TONGHOP_ROUTE_PASSWORD": "route",
    **{f"TONGHOP_ROUTE_{n}": f"nats://route:route@nats-{n}:6222" for n in (1, 2, 3)},
    **dict.fromkeys(
        bus_accounts.passwords(bus_accounts.accounts([bus_accounts.unit("gia-binh")], operator=False)).values(), "s1"
    ),
}


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("service", PROCESSES)
@pytest.mark.parametrize("files", [(COMPOSE,), (COMPOSE, WITH_TLS), (COMPOSE, SIGNED)], ids=["plain", "tls", "signed"])
def test_a_container_runs_a_command_with_settings_that_exist(
    service: str, files: tuple[dict[str, Any], ...], authorities: Authorities
) -> None:
    container = COMPOSE["services"][service]
    assert container["command"] == [service]
    assert service in COMMANDS
    environment: dict[str, str] = {}
    for each in files:
        environment |= each["services"][service]["environment"]
    settings = Settings.from_environment(filled_in(environment, authorities))
    assert environment.keys() <= VARIABLES.keys()
    assert not any("$" in value for value in environment.values())  # a password is in its file and nowhere else
    assert encrypted(settings) is (WITH_TLS in files)
    assert DatabaseAddress.parse(settings.database_url).encrypted is (WITH_TLS in files)
    assert (settings.nats_credentials is not None) is (SIGNED in files)
    assert (settings.nats_password_file is None) is (SIGNED in files)
    if service == "api":
        assert settings.gateway_nats_url
        assert (settings.gateway_credentials is not None) is (SIGNED in files)
        assert (settings.gateway_password_file is None) is (SIGNED in files)


@pytest.mark.parametrize("process", PROCESSES)
def test_the_environment_of_systemd_is_one_that_can_be_read(process: str, authorities: Authorities) -> None:
    unit = (DEPLOY / f"systemd/tonghop-{process}.service").read_text()
    environ: dict[str, str] = {}
    for line in re.findall(r"^EnvironmentFile=/etc/tonghop/(\S+)$", unit, re.MULTILINE):
        text = (DEPLOY / "systemd" / line).read_text().splitlines()
        environ |= dict(each.split("=", 1) for each in text if not each.startswith("#"))
    given = set(re.findall(r"^LoadCredential=([\w.]+):", unit, re.MULTILINE))
    for line in re.findall(r"^Environment=(.*)$", unit, re.MULTILINE):
        environ |= dict(each.split("=", 1) for each in line.split())
    assert environ.keys() <= VARIABLES.keys()
    assert given == {value.removeprefix("%d/") for value in environ.values() if value.startswith("%d/")}
    assert not any(word in value for value in environ.values() for word in ("CHANGE", "password="))
    settings = Settings.from_environment(filled_in(environ, authorities))
    assert settings.replicas == 3
    assert encrypted(settings)
    assert DatabaseAddress.parse(settings.database_url).encrypted
    assert bool(https(settings)) is (process != "migrate")


def test_the_environment_of_a_leaf_is_one_that_can_be_read(authorities: Authorities) -> None:
    unit = (DEPLOY / "systemd/tonghop-forward.service").read_text()
    environ = dict(
        line.split("=", 1)
        for line in (DEPLOY / "systemd/tonghop-forward.env").read_text().splitlines()
        if not line.startswith("#")
    )
    given = set(re.findall(r"^LoadCredential=([\w.]+):", unit, re.MULTILINE))
    for line in re.findall(r"^Environment=(.*)$", unit, re.MULTILINE):
        environ |= dict(each.split("=", 1) for each in line.split())
    assert environ.keys() <= VARIABLES.keys()
    assert given == {value.removeprefix("%d/") for value in environ.values() if value.startswith("%d/")}
    settings = Settings.from_environment(filled_in(environ, authorities))
    assert settings.hub_nats_url.startswith("tls://")
    assert settings.hub_credentials is not None
    assert settings.leaf_room == 4096


@pytest.mark.parametrize("config", ["single", "cluster", "single-tls", "single-signed", "cluster-signed", "leaf"])
def test_the_bus_reads_its_configuration(config: str, authorities: Authorities, tmp_path: Path) -> None:
    shutil.copytree(DEPLOY / "nats", tmp_path / "nats")
    path = tmp_path / "nats" / f"{config}.conf"
    if "signed" in config or config == "leaf":
        keys = accounts.make(tmp_path / "keys", anybody=False)
        signed = accounts.configuration(keys, accounts.sign(keys, []), STORE)
        path.with_name(CONFIGURATION).write_text(signed)
    certificates = {
        "TONGHOP_TLS_CERT": str(authorities.good.certificate),
        "TONGHOP_TLS_KEY": str(authorities.good.key),
        "TONGHOP_TLS_CA": str(authorities.ca),
        "TONGHOP_TLS_VERIFY": "true",
    }
    store = {STORE.removeprefix("$"): str(tmp_path / "accounts")}
    answer = subprocess.run(
        [executable(), "-t", "-c", path],
        env=os.environ | BUS_SECRETS | certificates | store,
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    if config == "single-tls":
        assert 'include "./single.conf"' in path.read_text()
        return
    assert "sync_interval: always" in path.read_text()
    included = CONFIGURATION if "signed" in config or config == "leaf" else "accounts.conf"
    assert f'include "./{included}"' in path.read_text()


def filled_in(environment: dict[str, str], authorities: Authorities) -> dict[str, str]:
    """Put files that are there in the place of those that a machine has."""
    there = {"_CA": authorities.ca, "_CERT": authorities.good.certificate, "_KEY": authorities.good.key}
    there["_FILE"] = there["_CREDENTIALS"] = authorities.ca
    found = {}
    for name, value in environment.items():
        file = next((path for suffix, path in there.items() if name.endswith(suffix)), None)
        found[name] = value if file is None or not value else str(file)
    return found


def test_the_shipped_accounts_are_those_of_the_program() -> None:
    assert (DEPLOY / "nats/accounts.conf").read_text() == bus_accounts.shipped()
