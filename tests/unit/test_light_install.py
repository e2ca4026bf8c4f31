"""An install without an extra: nothing in it needs a server library, and what does says how it is to be had."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.distributions import of_the_service_alone

_LIGHT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""


@pytest.fixture(scope="module")
def absent() -> str:
    return f"ABSENT = {sorted(of_the_service_alone())!r}\n"


def ran(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TONGHOP_LANG": "en", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, env=environment, check=False
    )


def test_the_client_and_what_goes_over_http_import_no_server_library() -> None:
    program = """
import sys
import services.client, services.cli.app, services.cli.client, services.cli.asking, services.cli.views.publish
print(*{name.partition(".")[0] for name in sys.modules})
"""
    done = ran(program)
    assert done.returncode == 0, done.stderr
    looked_for = {"greenlet", "click"}  # by structlog and httpx, which do without
    assert not set(done.stdout.split()) & of_the_service_alone() - looked_for


COMMANDS = {
    ("--version",): "tonghop",
    ("--help",): "publish",
    ("report", "goc", "--from", "2023-01-01", "--to", "2023-01-31"): "can't be reached",
    ("retract", "goc", "1", "--reason", "x"): "can't be reached",
    ("publish", os.devnull, "--patience", "0"): "can't be reached",
    ("up", "--data-dir", "/nowhere"): "pip install 'tonghop[service]'",
    ("verify",): "pip install 'tonghop[service]'",
    ("projector",): "pip install 'tonghop[service]'",
}


def test_a_command_does_without_servers_or_says_what_to_install(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONGHOP_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("TONGHOP_NATS_URL", "nats://127.0.0.1:1")
    program = f"""{absent}{_LIGHT}
from services.cli.app import app
from services.cli.running import run
for arguments in {list(COMMANDS)!r}:
    print("#", *arguments, file=sys.stderr, flush=True)
    run(app, arguments)
    print("#", *arguments, flush=True)
"""
    done = ran(program)
    for arguments, said in COMMANDS.items():
        mark = f"# {' '.join(arguments)}\n"
        told = done.stderr.partition(mark)[2].partition("# ")[0] + done.stdout.partition(mark)[0].rpartition("# ")[2]
        assert said in told, (arguments, done.stdout, done.stderr)
        assert "Traceback" not in told
