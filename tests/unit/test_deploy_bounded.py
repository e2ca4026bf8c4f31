"""What runs elsewhere is bounded to its work: the image, the containers, the units; what is not whole is refused."""

import http.server
import importlib.util
import os
import re
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).parents[2] / "deploy"
DIGEST = "sha256:" + "0123456789abcdef" * 4
COMPOSE = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
UNITS = {path.stem: path.read_text() for path in DEPLOY.glob("systemd/*.service")}
BOUNDED = {
    *("DynamicUser=yes", "UMask=0077", "NoNewPrivileges=yes"),
    *("CapabilityBoundingSet=", "AmbientCapabilities=", "ProtectSystem=strict"),
    *("ProtectHome=yes", "ProtectProc=invisible", "ProcSubset=pid"),
    *("PrivateTmp=yes", "PrivateDevices=yes", "PrivateUsers=yes"),
    *("PrivateIPC=yes", "PrivateMounts=yes", "ProtectHostname=yes"),
    *("ProtectClock=yes", "ProtectKernelTunables=yes", "ProtectKernelModules=yes"),
    *("ProtectKernelLogs=yes", "ProtectControlGroups=yes", "RestrictNamespaces=yes"),
    *("RestrictRealtime=yes", "RestrictSUIDSGID=yes", "LockPersonality=yes"),
    *("MemoryDenyWriteExecute=yes", "SystemCallArchitectures=native", "SystemCallFilter=@system-service"),
    *("NoExecPaths=/",),
}


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_bounded_to_its_work_and_has_its_secrets_from_root(unit: str) -> None:
    lines = UNITS[unit].splitlines()
    assert set(lines) >= BOUNDED
    assert any(line.startswith("MemoryMax=") for line in lines)
    secrets = re.compile(r"PASSWORD|CREDENTIALS|_KEY=|SECRET")
    given = [each for line in lines if line.startswith("Environment=") for each in line.split("=", 1)[1].split()]
    assert all(each.partition("=")[2].startswith("%d/") for each in given if secrets.search(each))
    for file in re.findall(r"^EnvironmentFile=/etc/tonghop/(\S+)$", UNITS[unit], re.MULTILINE):
        text = (DEPLOY / "systemd" / file).read_text()
        assert not [line for line in text.splitlines() if not line.startswith("#") and secrets.search(line)]


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_a_container_writes_nowhere_and_gets_no_more_rights(service: str) -> None:
    container = COMPOSE["services"][service]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert all({"noexec", "nosuid", "nodev"} <= set(each.split(":")[1].split(",")) for each in container["tmpfs"])
    assert not {"privileged", "pid", "network_mode", "ipc", "devices"} & container.keys()
    assert not any("docker.sock" in str(each) for each in container.get("volumes", ()))
    assert all(str(port).startswith("127.0.0.1:") for port in container.get("ports", ()))
    ours = container["image"] == "tonghop"
    assert ours or re.fullmatch(r"\$\{TONGHOP_\w+_IMAGE:\?.+\}", container["image"])
    assert not (ours and container.get("cap_add"))


def test_the_image_is_made_of_what_is_known_by_its_digest_and_runs_as_nobody() -> None:
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${BASE}", "${BASE}", "scratch"]
    assert re.search(r"^ARG BASE$", DOCKERFILE, re.MULTILINE), "it has no default"
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "USER 10001:10001" in last
    assert "HEALTHCHECK" in last
    assert "RUN" not in re.findall(r"^\w+", last, re.MULTILINE)
    for use in re.findall(r"-m pip .*?(?=;|\n[A-Z])", DOCKERFILE, re.DOTALL):
        assert "--no-deps" in use
        assert ("--require-hashes" in use and "--only-binary :all:" in use) or "--no-index" in use, use


@pytest.mark.parametrize(
    ("base", "taken"),
    [
        (f"python:3.11-slim@{DIGEST}", True),
        ("python:3.11-slim", False),
        ("", False),
        ("python@sha256:abc", False),
        (f"python@{DIGEST}0", False),
        (f"python@{DIGEST[:-1]}g", False),
    ],
)
def test_a_base_without_a_digest_is_refused(base: str, *, taken: bool) -> None:
    (guard,) = re.findall(r'^RUN (case "\$BASE".*?exit 1)$', DOCKERFILE, re.MULTILINE | re.DOTALL)
    done = subprocess.run(["/bin/sh", "-euc", guard], env={"BASE": base}, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is taken
    assert taken or "deploy/images" in done.stderr


@pytest.mark.parametrize(("said", "taken"), [(DIGEST, True), ("", False), ("sha256:short", False)])
def test_digests_of_images_are_written_down_as_the_registry_says_them(
    said: str, tmp_path: Path, *, taken: bool
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\necho {said}\n")
    docker.chmod(stat.S_IRWXU)
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run([DEPLOY / "images"], env={"PATH": path}, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is taken
    wanted = {"TONGHOP_BASE", *re.findall(r"\$\{(TONGHOP_\w+_IMAGE)", (DEPLOY / "docker-compose.yml").read_text())}
    assert {line.partition("=")[0] for line in done.stdout.splitlines()} == (wanted if taken else set())
    assert all(line.endswith(f"@{DIGEST}") for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def healthy() -> Any:
    spec = importlib.util.spec_from_file_location("healthy", DEPLOY / "healthy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def answering() -> Iterator[str]:
    class Answering(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield str(server.server_port)
        server.shutdown()


def test_a_container_says_whether_its_process_lives(healthy: Any, answering: str) -> None:
    api, started = {"TONGHOP_HTTP": f"0.0.0.0:{answering}"}, ["python", "/opt/tonghop/bin/tonghop", "api"]
    assert healthy.trouble(started, api) is None
    assert "projector" in healthy.trouble([*started[:2], "projector"], {"TONGHOP_PROJECTOR_HTTP": "127.0.0.1:1"})
    assert "503" in healthy.trouble([*started[:2], "forward"], {"TONGHOP_METRICS_HTTP": f"127.0.0.1:{answering}"})
    assert healthy.trouble(started, {**api, "TONGHOP_HTTP_CERT": "/x.pem"}) is not None  # it speaks no HTTPS
    assert healthy.trouble([*started[:2], "migrate"], {}) is None
