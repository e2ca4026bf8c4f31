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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--version"], "tonghop"),
        (["--help"], "publish"),
        (["report", "goc", "--from", "2023-01-01", "--to", "2023-01-31"], "can't be reached"),
        (["retract", "goc", "1", "--reason", "x"], "can't be reached"),
        (["publish", os.devnull, "--patience", "0"], "can't be reached"),
        (["up", "--data-dir", "/nowhere"], "pip install 'tonghop[service]'"),
        (["verify"], "pip install 'tonghop[service]'"),
        (["projector"], "pip install 'tonghop[service]'"),
    ],
)
def test_a_command_does_without_servers_or_says_what_to_install(absent: str, arguments: list[str], said: str) -> None:
    program = f"{absent}{_LIGHT}sys.argv[0] = 'tonghop'\nfrom services.cli import main\nmain()"
    nowhere = {"TONGHOP_API_URL": "http://127.0.0.1:1", "TONGHOP_NATS_URL": "nats://127.0.0.1:1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in nowhere.items():
            patch.setenv(name, value)
        done = ran(program, *arguments)
    told = done.stdout + done.stderr
    assert said in told, told
    assert "Traceback" not in told
