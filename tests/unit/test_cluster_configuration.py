"""What deploy/cluster/ ships, and what becomes of it on loopback: read as text, nothing is started."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.cluster.loopback import rendering
from deploy.cluster.loopback.certificates import Certificates
from deploy.cluster.loopback.layout import Layout, role_of
from projections.store.address import DatabaseAddress
from services.connecting.bus import encrypted
from services.connecting.tls import https
from services.embedded.process import ServerError
from services.settings import Settings
from tests.distributions import pins

CLUSTER = Path(__file__).parents[2] / "deploy/cluster"
ETCD = yaml.safe_load((CLUSTER / "etcd.yml").read_text())
PATRONI = yaml.safe_load((CLUSTER / "patroni.yml").read_text())
SECRET = "s" + "0" * 48
PLACEHOLDERS = re.compile(r"/etc/|0\.0\.0\.0|10\.0\.0\.|/run/postgresql|/var/lib|\b(etcd|nats|postgres)-\d:\d")


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    made = Layout(tmp_path_factory.mktemp("cluster"))
    for folder in (made.run, made.secrets, made.tls):
        folder.mkdir()
    made.claim()
    Certificates(made.tls, made.secrets).make()
    for name in ("bus-migrate.creds", "bus-projector.creds", "bus-api.creds", "bus-gateway.creds"):
        (made.secrets / name).touch()
    for user in ("tonghop_migrate", "tonghop_projector", "tonghop_api"):
        rendering.database_password_file(made, user).write_text(SECRET)
    return made


def test_nobody_writes_to_etcd_without_a_certificate() -> None:
    for security in ("client-transport-security", "peer-transport-security"):
        assert ETCD[security]["client-cert-auth"] is True
        assert ETCD[security]["trusted-ca-file"].endswith("database-ca.pem")
    urls = [url for name, value in ETCD.items() if name.endswith("-urls") for url in value.split(",")]
    assert [url for url in urls if not url.startswith("https://")] == ["http://127.0.0.1:2381"]
    assert PATRONI["etcd3"]["protocol"] == "https"
    assert {"cacert", "cert", "key"} <= PATRONI["etcd3"].keys()


def test_nobody_orders_patroni_about_without_a_certificate_and_a_password() -> None:
    rest = PATRONI["restapi"]
    assert rest["verify_client"] == "required"
    assert {"certfile", "keyfile", "cafile"} <= rest.keys()
    example = yaml.safe_load((CLUSTER / "passwords.yml.example").read_text())
    assert example["restapi"]["authentication"].keys() == {"username", "password"}
    assert not _passwords(PATRONI)
    assert set(_passwords(example)) == {""}  # Patroni and PostgreSQL take an empty one for none at all


def test_postgresql_lets_nobody_in_without_tls_and_the_superuser_only_on_its_own_machine() -> None:
    for line in PATRONI["postgresql"]["pg_hba"]:
        how, database, user, *_, method = line.split()
        assert how in {"local", "hostssl"}
        assert method == "scram-sha-256"
        assert user != "all"
        assert database != "all" or how == "local"
        assert user != "postgres" or how == "local"


def test_the_times_of_patroni_fit_each_other() -> None:
    dcs = PATRONI["bootstrap"]["dcs"]
    assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"]
    assert dcs["synchronous_mode"] == "quorum"
    assert dcs["failsafe_mode"] is True


def test_what_is_installed_is_pinned() -> None:
    assert "patroni[etcd3,psycopg3]>=4.1" in (CLUSTER / "requirements.in").read_text().splitlines()
    found = pins("deploy/cluster/requirements.txt")
    assert found["patroni"].version.startswith("4.1.")
    assert {"python-etcd", "psycopg", "psycopg-binary"} <= found.keys()


def test_the_servers_of_databases_are_configured_for_this_machine_alone(layout: Layout) -> None:
    for machine in layout.of("etcd"):
        text = rendering.etcd(layout, machine)
        assert not PLACEHOLDERS.search(text)
        found = yaml.safe_load(text)
        assert found.keys() == ETCD.keys()
        assert found["client-transport-security"].keys() == ETCD["client-transport-security"].keys()
    for machine in layout.of("postgres"):
        text = rendering.patroni(layout, machine, Path("/opt/postgresql"), synchronous=True)
        assert not PLACEHOLDERS.search(text)
        found = yaml.safe_load(text)
        assert found.keys() == PATRONI.keys()
        assert found["bootstrap"]["dcs"]["ttl"] == PATRONI["bootstrap"]["dcs"]["ttl"]
        assert all("127.0.0.1/32 scram-sha-256" in line for line in found["postgresql"]["pg_hba"])
        assert not _passwords(found)
    passwords = dict.fromkeys(("rest", "postgres", "replicator", "rewinder"), SECRET)
    assert _passwords(yaml.safe_load(rendering.patroni_passwords(passwords))) == [SECRET] * 4


def test_the_bus_is_configured_for_this_machine_alone(layout: Layout) -> None:
    for machine in layout.of("nats"):
        text = rendering.nats(layout, machine)
        assert not PLACEHOLDERS.search(text)
        assert str(layout.port(machine, "client-behind")) in text
        assert 'include "./signed.conf"' in text
        variables = rendering.nats_environment(layout, machine, SECRET)
        assert set(re.findall(r"\$(TONGHOP_\w+)", text)) <= variables.keys()
        assert variables["TONGHOP_TLS_VERIFY"] == "true"


@pytest.mark.parametrize("machine", ["migrate", "projector-1", "projector-2", "api-1", "api-2"])
def test_a_process_finds_all_servers_and_each_its_own_kind(layout: Layout, machine: str) -> None:
    process = role_of(machine) or machine
    environ = rendering.environment(layout, process, None if process == "migrate" else machine)
    assert not any(PLACEHOLDERS.search(value) or SECRET in value for value in environ.values())
    settings = Settings.from_environment(environ)
    assert settings.replicas == 3
    assert settings.access == "required"
    assert encrypted(settings)
    assert settings.nats_url.count("tls://127.0.0.1:") == 3
    assert settings.nats_credentials is not None
    assert bool(https(settings)) is (process != "migrate")
    database = DatabaseAddress.parse(settings.database_url)
    assert database.encrypted
    assert database.wanted == ("prefer-standby" if process == "api" else "read-write")
    assert [port for _, port in database.places] == [layout.port(one, "tls") for one in layout.of("postgres")]
    if process == "api":
        assert settings.gateway_nats_url.count("tls://127.0.0.1:") == 3
        assert settings.gateway_credentials is not None
    else:
        assert not settings.gateway_nats_url


def test_ports_are_chosen_once(layout: Layout) -> None:
    again = Layout(layout.folder, etcds=1, base_port=1)
    again.claim()
    assert again.machines == layout.machines
    assert again.relayed == layout.relayed
    assert len({way.port for way in again.relayed}) == len(again.relayed)


def test_a_port_that_somebody_has_is_named_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        made = Layout(tmp_path, etcds=1, base_port=somebody.getsockname()[1])
        made.run.mkdir()
        with pytest.raises(ServerError, match=r"--base-port"):
            made.claim()
    assert made.of("etcd") == ["etcd-1"]


def _passwords(found: Any) -> list[str]:
    """List all passwords in it, wherever they stand."""
    if isinstance(found, dict):
        own = [str(value) for name, value in found.items() if name == "password"]
        return own + [each for value in found.values() for each in _passwords(value)]
    return []
