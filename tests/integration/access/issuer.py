"""An issuer of OpenID Connect that others use (oidc-provider-mock), as a process of its own, and a person at it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests import servers
from tests.fault.eventually import AT_LAST
from tests.integration.access.world import ORIGIN

LAN = {"sub": "u-lan", "preferred_username": "lan.nguyen", "email": "lan@x.vn"}
ANOTHER = {"sub": "u-another", "preferred_username": "another"}
CLIENT = "tonghop"


@contextmanager
def issuer(*, lasts: int = 3600) -> Iterator[str]:
    """Run one whose tokens last so many seconds; give its address, which is its name."""
    address = servers.free_address()
    people = [part for person in (LAN, ANOTHER) for part in ("--user-claims", json.dumps(person))]
    process = subprocess.Popen(
        [
            *(sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(address.port)),
            *("--require-nonce", "--token-max-age", str(lasts), *people),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NO_PROXY": "*"},
    )
    try:
        deadline = time.monotonic() + AT_LAST
        while not _answers(f"http://{address}"):
            assert process.poll() is None, "the issuer died"
            assert time.monotonic() < deadline, "no issuer"
            time.sleep(0.05)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def known_to(at: str, folder: Path) -> dict[str, Any]:
    """Give the settings of a service that an issuer knows, with its secret in a folder."""
    secret = folder / "secret"
    secret.write_text("a secret:with/signs\n")
    return {"oidc_issuer": at, "oidc_client": CLIENT, "oidc_secret_file": secret, "public_url": ORIGIN}


def _answers(address: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{address}/.well-known/openid-configuration", timeout=5):  # noqa: S310 - our own
        return True
    return False


async def consents(url: str, person: dict[str, Any] = LAN) -> str:
    """Sign in at the issuer as a person, where the service has sent a browser; give where it is sent back to."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answer = await client.post(url, data={"sub": person["sub"]})
        assert answer.status_code in {302, 303}, answer.text
        return answer.headers["location"]
