"""The demonstration as `make run` starts it, on free ports, with people who have signed in; once for all tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from services.demo.scenario import parts
from tests import servers
from tests.integration.pages.forms import hidden_of
from tests.integration.pages.service import PEOPLE
from tests.oracle.telling import event_of

AT_LAST: Final = 180.0
"""Seconds after which a service that has to start doesn't: nothing is measured by it."""
PASSWORD: Final = "xin chào các đồng chí"  # noqa: S105 - nobody's
YEAR: Final = "from=2023-01-01&to=2023-11-28"
"""The days of the demonstration whose figures were published."""
_OPTIONS: Final = ("--http", "127.0.0.1:0", "--nats", "127.0.0.1:0", "--demo", "--access", "required")
GIA_BINH: Final = f"/don-vi/gia-binh?{YEAR}"


class Running:
    """A service that runs: where it is, who is signed in, and what can be said to it."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._admin = httpx.Client(
            base_url=url, headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=60
        )
        self._sessions: dict[str, str] = {}
        self._said = 0

    def close(self) -> None:
        self._admin.close()

    def v1(self, path: str, **parameters: Any) -> Any:
        """Ask `/v1` as `admin`."""
        answer = self._admin.get(f"/v1/{path}", params=parameters)
        answer.raise_for_status()
        return answer.json()

    def session(self, who: str) -> str:
        """Return the session of one of PEOPLE, who is invited and granted roles when first asked for."""
        if who not in self._sessions:
            self._sessions[who] = self._signed_in(who)
        return self._sessions[who]

    def say(self, kind: str, subject: str, data: dict[str, Any], publisher: str | None = None) -> int:
        """Send an event, wait until it counts, and return its position."""
        self._said += 1
        event = event_of(publisher or subject, f"browser-{os.getpid()}-{self._said}", kind, subject, data)
        answer = self._admin.post(
            "/v1/events",
            content=json.dumps(event),
            headers={"content-type": "application/cloudevents+json", "prefer": "wait=30"},
        )
        (item,) = answer.json()["items"]
        assert item["outcome"] in {"counted", "applied"}, item
        position: int = item["position"]
        return position

    def admit(self, unit: str, day: str) -> int:
        """Let somebody be admitted in a unit."""
        return self.say("member.admitted", unit, {"member": f"browser-{self._said}", "decided_on": day})

    def _signed_in(self, who: str) -> str:
        account = self._post("accounts", {"name": f"{who}@example.org", "signs_in": "local"})["account"]
        for role, unit in PEOPLE[who].items():
            if role != "signer":  # may nothing yet, and can't be granted
                self._post(f"units/{unit}/grants", {"account": account, "role": role})
        invitation = self._post(f"accounts/{account}/invitation")["url"]
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as browser:
            browser.headers["sec-fetch-site"] = "same-origin"
            hidden = hidden_of(browser.get(invitation).text, urlsplit(invitation).path)
            set_ = browser.post(invitation, data={**hidden, "password": PASSWORD, "again": PASSWORD})
            assert set_.status_code == 303, set_.text
            return str(browser.cookies["tonghop-session"])

    def _post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._admin.post(f"/v1/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()


@contextmanager
def demonstration() -> Iterator[Running]:
    """Run `tonghop up --demo` with `--access required` until the block is left; all of it is counted."""
    with servers.short_folder() as folder:
        data, output = folder / "data", folder / "output"
        with output.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", "up", "--data-dir", data, *_OPTIONS],
                stdout=said,
                stderr=said,
                env={name: value for name, value in os.environ.items() if not name.startswith("TONGHOP_")},
            )
        try:
            url = f"http://{_told(data, process, output)['http']}"
            running = Running(url, (data / "secrets" / "admin.token").read_text().strip())
            _counted(running, process, output)
            yield running
            running.close()
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            finally:
                process.kill()


def _told(data: Path, process: subprocess.Popen[bytes], output: Path) -> dict[str, Any]:
    """Wait until the service says where it is."""
    file, deadline = data / "run" / "service.json", time.monotonic() + AT_LAST
    while not file.exists():
        _require(process, output, deadline)
    return dict(json.loads(file.read_text()))


def _counted(running: Running, process: subprocess.Popen[bytes], output: Path) -> None:
    """Wait until the last event of the demonstration counts."""
    last, deadline = list(parts())[-1][-1], time.monotonic() + AT_LAST
    publisher = last["source"].rpartition("/")[2]
    while True:
        try:
            if running.v1(f"events/{publisher}/{last['id']}")["outcome"] is not None:
                return
        except httpx.HTTPError:
            pass
        _require(process, output, deadline)


def _require(process: subprocess.Popen[bytes], output: Path, deadline: float) -> None:
    assert process.poll() is None, output.read_text()
    assert time.monotonic() < deadline, output.read_text()
    time.sleep(0.1)
