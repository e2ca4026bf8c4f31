"""The shipped configuration of each role with the addresses and files of this machine in it: text, nothing is started.

What is different on loopback is said here and nowhere else: addresses and paths, a PostgreSQL that is built without TLS
(its relay encrypts what clients send, docs/decisions/0057), little memory, no watchdog.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from deploy.cluster.loopback.certificates import Certificates
from deploy.cluster.loopback.layout import API, ETCD, HOST, NATS, PROJECTOR, Layout, role_of

SHIPPED: Final = Path(__file__).parents[2]
"""The folder `deploy`."""
USERS: Final = {"superuser": "postgres", "replication": "replicator", "rewind": "rewinder"}
_CONFIGURED: Final = {"migrate": "migrate", PROJECTOR: "projector", API: "api"}


def etcd(layout: Layout, machine: str) -> str:
    """Write the configuration of one etcd."""
    place, found = layout.place(machine), _shipped("cluster/etcd.yml")
    here = {what: f"https://{layout.address(machine, what)}" for what in ("client", "client-behind", "peer-behind")}
    found |= {
        "name": machine,
        "data-dir": str(place / "data"),
        "listen-client-urls": here["client-behind"],
        "advertise-client-urls": here["client"],
        "listen-peer-urls": here["peer-behind"],
        "initial-advertise-peer-urls": f"https://{layout.address(machine, 'peer')}",
        "initial-cluster": ",".join(f"{one}=https://{layout.address(one, 'peer')}" for one in layout.of(ETCD)),
        "listen-metrics-urls": f"http://{layout.address(machine, 'metrics')}",
    }
    for security in ("client-transport-security", "peer-transport-security"):
        found[security] |= {
            "cert-file": str(place / "database.pem"),
            "key-file": str(place / "database.key"),
            "trusted-ca-file": str(place / "database-ca.pem"),
        }
    return _written(found)


def patroni(layout: Layout, machine: str, binaries: Path, *, synchronous: bool) -> str:
    """Write the configuration of one Patroni, without passwords. `synchronous` counts where the cluster is made."""
    place, found = layout.place(machine), _shipped("cluster/patroni.yml")
    ours = {name: str(place / f"database.{suffix}") for name, suffix in (("certificate", "pem"), ("key", "key"))}
    authority = str(place / "database-ca.pem")
    found["name"] = machine
    found["restapi"] |= {
        "listen": str(layout.address(machine, "rest-behind")),
        "connect_address": str(layout.address(machine, "rest")),
        "certfile": ours["certificate"],
        "keyfile": ours["key"],
        "cafile": authority,
    }
    found["ctl"] |= {"certfile": ours["certificate"], "keyfile": ours["key"], "cacert": authority}
    found["etcd3"] |= {
        "hosts": [str(layout.address(one, "client")) for one in layout.of(ETCD)],
        "cacert": authority,
        "cert": ours["certificate"],
        "key": ours["key"],
    }
    if not synchronous:
        found["bootstrap"]["dcs"]["synchronous_mode"] = False
    found["bootstrap"]["dcs"]["postgresql"]["parameters"] |= {"wal_keep_size": "256MB", "max_wal_size": "1GB"}
    server = found["postgresql"]
    server |= {
        "listen": str(layout.address(machine, "behind")),
        "connect_address": str(layout.address(machine, "replication")),
        "data_dir": str(place / "data"),
        "bin_dir": str(binaries),
        "pgpass": str(place / "pgpass"),
        "use_unix_socket": False,  # a socket's path may be no longer than 107 bytes, and a folder lies anywhere
        "use_unix_socket_repl": False,
        # Built without TLS: between the servers it stays on loopback, and from clients the relay takes TLS alone.
        "authentication": {one: {"username": user} for one, user in USERS.items()},
        "pg_hba": [_on_loopback(line) for line in server["pg_hba"] if not line.startswith("local ")]
        + [f"host all postgres {HOST}/32 scram-sha-256", f"host replication postgres {HOST}/32 scram-sha-256"],
    }
    server["parameters"] = {
        **{name: value for name, value in server["parameters"].items() if not name.startswith("ssl")},
        "unix_socket_directories": "",
        "shared_buffers": "128MB",
        "effective_cache_size": "512MB",
        "maintenance_work_mem": "64MB",
    }
    found["watchdog"] = {"mode": "off"}
    return _written(found)


def patroni_passwords(passwords: Mapping[str, str]) -> str:
    """Write what Patroni's passwords.yml has, out of the passwords of the users of USERS and of `rest`."""
    found = _shipped("cluster/passwords.yml.example")
    found["restapi"]["authentication"]["password"] = passwords["rest"]
    for one, user in USERS.items():
        found["postgresql"]["authentication"][one]["password"] = passwords[user]
    return _written(found)


def patronictl(layout: Layout, passwords: Mapping[str, str]) -> str:
    """Write the configuration with which this machine's owner asks and orders with `patronictl`."""
    certificates = Certificates(layout.tls, layout.secrets)
    mine = {"cacert": str(certificates.database_ca)}
    found = _shipped("cluster/patroni.yml")
    return _written(
        {
            "scope": found["scope"],
            "namespace": found["namespace"],
            "etcd3": {
                "hosts": [str(layout.address(one, "client")) for one in layout.of(ETCD)],
                "protocol": "https",
                "cert": str(certificates.database.certificate),
                "key": str(certificates.database.key),
                **mine,
            },
            "ctl": {
                "certfile": str(certificates.database.certificate),
                "keyfile": str(certificates.database.key),
                **mine,
            },
            "restapi": {"authentication": {"username": "patroni", "password": passwords["rest"]}},
            "postgresql": {
                "authentication": {"superuser": {"username": "postgres", "password": passwords["postgres"]}}
            },
        }
    )


def nats(layout: Layout, machine: str) -> str:
    """Write the configuration of one nats-server. Its includes lie beside it, its variables are `nats_environment`."""
    text = (SHIPPED / "nats/cluster-signed.conf").read_text(encoding="utf-8")
    client, routes = layout.address(machine, "client"), layout.address(machine, "routes")
    for shipped, here in (
        (
            'listen: "0.0.0.0:4222"\n',
            f'listen: "{layout.address(machine, "client-behind")}"\nclient_advertise: "{client}"\n',
        ),
        ('http: "127.0.0.1:8222"\n', f'http: "{layout.address(machine, "monitor")}"\n'),
        (
            '  listen: "0.0.0.0:6222"\n',
            f'  listen: "{layout.address(machine, "routes-behind")}"\n  cluster_advertise: "{routes}"\n',
        ),
    ):
        if text.count(shipped) != 1:
            raise ValueError(f"deploy/nats/cluster-signed.conf has no line {shipped!r}")
        text = text.replace(shipped, here)
    return text


def nats_environment(layout: Layout, machine: str, route_password: str) -> dict[str, str]:
    """Give what the configuration of a nats-server takes from its environment."""
    place = layout.place(machine)
    routes = {
        f"TONGHOP_ROUTE_{number}": f"nats://route:{route_password}@{layout.address(one, 'routes')}"
        for number, one in enumerate(layout.of(NATS), 1)
    }
    return routes | {
        "TONGHOP_SERVER": machine,
        "TONGHOP_STORE": str(place),
        "TONGHOP_ROUTE_PASSWORD": route_password,
        "TONGHOP_TLS_CERT": str(place / "server.pem"),
        "TONGHOP_TLS_KEY": str(place / "server.key"),
        "TONGHOP_TLS_CA": str(place / "ca.pem"),
        "TONGHOP_TLS_VERIFY": "true",
    }


def environment(layout: Layout, process: str, machine: str | None = None) -> dict[str, str]:
    """Give the environment of `migrate`, a projector or an API: that of deploy/systemd, with what is here in it.

    On the bus each signs in with a credential (KEYS/service in production) and not with a password.
    """
    found: dict[str, str] = {}
    for file in ("tonghop.env", f"tonghop-{_CONFIGURED[process]}.env"):
        for line in (SHIPPED / "systemd" / file).read_text(encoding="utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                found[name] = _here(layout, value)
    certificates = Certificates(layout.tls, layout.secrets)
    found |= {
        "TONGHOP_NATS_CERT": str(certificates.client.certificate),
        "TONGHOP_NATS_KEY": str(certificates.client.key),
        "TONGHOP_NATS_CREDENTIALS": str(layout.secrets / f"bus-{process}.creds"),
        "TONGHOP_DATABASE_PASSWORD_FILE": str(database_password_file(layout, f"tonghop_{process}")),
    }
    if machine is not None:
        found |= {
            "TONGHOP_HTTP_CERT": str(certificates.server.certificate),
            "TONGHOP_HTTP_KEY": str(certificates.server.key),
        }
    if machine is not None and role_of(machine) == PROJECTOR:
        found["TONGHOP_PROJECTOR_HTTP"] = str(layout.address(machine, "http"))
    if machine is not None and role_of(machine) == API:
        found |= {
            "TONGHOP_GATEWAY_CREDENTIALS": str(layout.secrets / "bus-gateway.creds"),
            "TONGHOP_HTTP": str(layout.address(machine, "http-behind")),
            "TONGHOP_METRICS_HTTP": str(layout.address(machine, "metrics")),
            "TONGHOP_PUBLIC_URL": f"https://{layout.address(machine, 'http')}",
        }
    return found


def database_password_file(layout: Layout, user: str) -> Path:
    """Say where the password of a user of the database lies."""
    return layout.secrets / f"database-{user}.password"


def _here(layout: Layout, value: str) -> str:
    """Put this machine's addresses and files in the place of those of the shipped environment."""
    value = re.sub(r"\w+@(nats-\d):4222", lambda found: str(layout.address(found[1], "client")), value)
    value = re.sub(r"(?<=[@,])(postgres-\d)(?=[,/])", lambda found: str(layout.address(found[1], "tls")), value)
    return value.replace("/etc/tonghop/ca.pem", str(layout.tls / "ca.pem"))


def _on_loopback(line: str) -> str:
    return re.sub(r"\S+/\d+", f"{HOST}/32", line).replace("hostssl", "host", 1)


def _shipped(file: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((SHIPPED / file).read_text(encoding="utf-8"))
    return found


def _written(found: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(dict(found), sort_keys=False, allow_unicode=True, width=1_000)
    return text
