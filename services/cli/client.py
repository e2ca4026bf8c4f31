"""Ask the service over HTTP, and put what goes wrong plainly."""

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

_WAIT = 75.0
"""Seconds: longer than the API itself may wait for a position."""

_LOOPBACK = re.compile(r"https?://(127\.|localhost\b|\[::1\])")
"""No proxy of the environment stands between a machine and itself."""


class CommandError(Exception):
    """A command can't be done; the message is for the user. `status` is the API's, None where it didn't answer."""

    code = 1
    """What the process ends with."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class DiffersError(CommandError):
    """A command was done, and what it looked at is not what it should be."""

    code = 3


def service_file(data_dir: Path) -> dict[str, Any]:
    """Read where the service of a data folder listens (`tonghop up` writes it); empty where there is none."""
    try:
        found = json.loads((data_dir / "run" / "service.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def api_address(given: str | None, data_dir: Path) -> str:
    """Find the API: as given, as TONGHOP_API_URL says, as the service of the data folder wrote, or the default."""
    address = given or os.environ.get("TONGHOP_API_URL") or service_file(data_dir).get("http") or "127.0.0.1:8080"
    return address.rstrip("/") if "://" in address else f"http://{address}"


def nats_address(given: str | None, data_dir: Path) -> str:
    """Find the bus, in the same way; the variable is TONGHOP_NATS_URL."""
    address = given or os.environ.get("TONGHOP_NATS_URL") or service_file(data_dir).get("nats") or "127.0.0.1:4222"
    return address if "://" in address else f"nats://{address}"


def servers(data_dir: Path) -> dict[str, str]:
    """Find database and bus for those who work on them directly: as the environment says, else as the service wrote.

    The answer is an environment to read settings from.
    """
    found = service_file(data_dir)
    written = {"TONGHOP_DATABASE_URL": found.get("database_url"), "TONGHOP_NATS_URL": nats_address(None, data_dir)}
    return {name: str(value) for name, value in written.items() if value} | dict(os.environ)


def get(api: str, *path: str, **parameters: str | int | None) -> tuple[str, dict[str, Any]]:
    """Ask for a path made of these parts and return the answer, as text and as read.

    Parameters that are None are left out. Raises CommandError with what the API's problem says (RFC 9457), or with
    what to do where nothing answers.
    """
    url = "/".join((api, *(quote(part, safe="") for part in path)))
    query = {name.removesuffix("_"): value for name, value in parameters.items() if value is not None}
    try:
        response = httpx.get(url, params=query, timeout=_WAIT, trust_env=not _LOOPBACK.match(url))
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise CommandError(
            f"Không kết nối được tới {api}. / The service can't be reached.\n"
            "Hãy chạy `tonghop up`, hoặc chỉ địa chỉ bằng --api hay TONGHOP_API_URL. / Start it, or say where it is.\n"
            f"({error})"
        ) from error
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if response.is_error or not isinstance(answer, dict):
        raise CommandError(_problem(response, answer if isinstance(answer, dict) else {}), response.status_code)
    return response.text, answer


def _problem(response: httpx.Response, problem: dict[str, Any]) -> str:
    title = problem.get("title") or response.reason_phrase or "?"
    lines = [f"Lỗi / error {response.status_code}: {title}"]
    if detail := problem.get("detail"):
        lines.append(str(detail))
    standard = {"type", "title", "status", "detail", "instance"}
    lines.extend(f"{name}: {value}" for name, value in problem.items() if name not in standard)
    return "\n".join(lines)
