"""Ask the service over HTTP, and put what goes wrong plainly."""

import json
import os
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from events.names import harmless
from services.cli.errors import CommandError
from services.cli.options import DATA
from services.connecting.tls import trusting
from services.language import chosen, either
from services.settings import Settings, SettingsError

_WAIT = httpx.Timeout(75.0, read=600.0)
"""Seconds: longer than the API itself may wait for a position, or takes to send a long sheet."""

_LOOPBACK = re.compile(r"https?://(127\.|localhost\b|\[::1\])")
"""No proxy of the environment stands between a machine and itself."""


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


def own_credentials(given: str | None, nats: str | None, data_dir: Path) -> str | None:
    """Find a credential for who publishes: as given, as TONGHOP_NATS_CREDENTIALS says, or the service's own folder has.

    The one of the folder is for whoever owns it: it speaks as any unit. It is not used where another bus is named.
    """
    if given or nats or any(os.environ.get(name) for name in ("TONGHOP_NATS_URL", "TONGHOP_NATS_CREDENTIALS")):
        return given
    found = service_file(data_dir)
    if "nats" not in found:
        return None
    from services.bus_accounts import ANYBODY  # noqa: PLC0415 - a folder of `tonghop up` is where its servers are
    from services.up.folder import Folder  # noqa: PLC0415 - as above

    file = Folder(data_dir).signed_in(Settings(), found, ANYBODY).nats_credentials
    return None if file is None else str(file)


def servers(data_dir: Path) -> dict[str, str]:
    """Find database and bus for those who work on them directly: as the environment says, else as the service wrote.

    The answer is an environment to read settings from.
    """
    found = service_file(data_dir)
    written = {"TONGHOP_DATABASE_URL": found.get("database_url"), "TONGHOP_NATS_URL": nats_address(None, data_dir)}
    if "nats" in found and "TONGHOP_NATS_URL" not in os.environ:  # what these do with the bus is to read the log
        from services.up.folder import Folder  # noqa: PLC0415 - as above

        reader = Folder(data_dir).signed_in(Settings(), found, "reader")
        written |= {"TONGHOP_NATS_URL": reader.nats_url, "TONGHOP_NATS_CREDENTIALS": reader.nats_credentials}
    return {name: str(value) for name, value in written.items() if value} | dict(os.environ)


def own_servers(data_dir: Path | None) -> Path | None:
    """Choose the folder whose servers are meant by those who may start them: as given, else `data` where there is one.

    None where the environment names servers, or there is no such folder.
    """
    if data_dir is not None or any(os.environ.get(name) for name in ("TONGHOP_NATS_URL", "TONGHOP_DATABASE_URL")):
        return data_dir
    return DATA if DATA.is_dir() else None


def get(api: str, *path: str, token: str | None, **parameters: str | int | None) -> tuple[str, dict[str, Any]]:
    """Ask for a path made of these parts, with a token where there is one; return the answer, as text and as read.

    Parameters that are None are left out. Raises CommandError with what the API's problem says (RFC 9457), or with
    what to do where nothing answers.
    """
    return send("GET", api, *path, query=parameters, token=token)


def send(
    method: str,
    api: str,
    *path: str,
    query: Mapping[str, str | int | None],
    token: str | None = None,
    body: object = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[str, dict[str, Any]]:
    """Ask in the same way, with a token, and for something to be done; `body` is sent as JSON, `content` as it is."""
    said = {"params": _given(query), "json": body, "content": content}
    response = _answered(method, api, path, headers=_signed(headers or {}, token), **said)
    return response.text, _read(api, response)


def get_file(api: str, media_type: str, *path: str, token: str | None) -> bytes:
    """Ask for a short file of a type, and return what is in it. Raises CommandError as `get` does."""
    response = _answered("GET", api, path, headers=_signed({}, token))
    if not response.is_success:
        _read(api, response)
    _require(api, response, media_type)
    return response.content


def _answered(method: str, api: str, path: tuple[str, ...], **request: Any) -> httpx.Response:
    url = _url(api, path)
    with _reaching(api):
        return httpx.request(method, url, **_how(api, url), **request)


@contextmanager
def _reaching(api: str) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:  # a proxy's address may be wrong, too
        raise _unreached(api, error) from error


def _how(api: str, url: str) -> dict[str, Any]:
    """Say how a request goes there, whatever it asks for."""
    return {"timeout": _WAIT, "trust_env": not _LOOPBACK.match(url), "verify": trusted_for(api)}


def _url(api: str, path: tuple[str, ...]) -> str:
    return "/".join((api, *(quote(part, safe="") for part in path)))


def _given(query: Mapping[str, str | int | None]) -> dict[str, str | int]:
    return {name.removesuffix("_"): value for name, value in query.items() if value is not None}


def _signed(headers: Mapping[str, str], token: str | None) -> dict[str, str]:
    return {**headers, **({} if token is None else {"authorization": f"Bearer {token}"})}


def _unreached(api: str, error: Exception) -> CommandError:
    why = chosen(error)
    return CommandError(
        either(
            f"Không kết nối được tới {api}: {why}.\n"
            "Hãy chạy `tonghop up`, hoặc chỉ địa chỉ bằng --api hay TONGHOP_API_URL.",
            f"{api} can't be reached: {why}.\n"
            "Run `tonghop up`, or say where the service is with --api or TONGHOP_API_URL.",
        )
    )


def _read(api: str, response: httpx.Response) -> dict[str, Any]:
    """Read an answer; raises CommandError for a problem, and for what is none of tonghop's."""
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise CommandError(strange(api, f"HTTP {response.status_code}"), response.status_code)
    if not response.is_success:
        raise CommandError(_problem(response, answer), response.status_code)
    return answer


@contextmanager
def file(
    api: str, media_type: str, *path: str, token: str | None, **parameters: str | int | None
) -> Iterator[Iterator[bytes]]:
    """Ask for a file of a type, and give it piece by piece, as it comes. Raises CommandError as `get` does."""
    url = _url(api, path)
    asked: dict[str, Any] = {"params": _given(parameters), "headers": _signed({"accept": media_type}, token)}
    try:
        with ExitStack() as stack:
            with _reaching(api):
                response = stack.enter_context(httpx.stream("GET", url, **_how(api, url), **asked))
            if not response.is_success:
                response.read()
                _read(api, response)
            _require(api, response, media_type)
            yield response.iter_bytes()
    except httpx.HTTPError as error:  # in the midst of it; what the caller raises itself is its own
        raise _unreached(api, error) from error


def _require(api: str, response: httpx.Response, media_type: str) -> None:
    """Raise CommandError where an answer is of another type: it is written as it came, whatever it is."""
    found = response.headers.get("content-type", "?")
    if found.partition(";")[0].strip() != media_type:
        raise CommandError(strange(api, found), response.status_code)


def strange(api: str, what: str) -> str:
    """Say that an answer is none of tonghop's, or of another version's."""
    return either(
        f"{api} trả lời không như dịch vụ tonghop ({what}).\n"
        "Hãy xem --api hay TONGHOP_API_URL có đúng địa chỉ không, và hai bên có cùng phiên bản không.",
        f"{api} does not answer as tonghop does ({what}).\n"
        "See whether --api or TONGHOP_API_URL is right, and whether both are of one version.",
    )


def trusted_for(api: str) -> ssl.SSLContext | bool:
    """Say whom to trust for an API: the authorities of TONGHOP_API_CA beside the system's. Raises CommandError.

    Without TLS there is nobody to trust, and reading the system's authorities takes longer than the question.
    """
    authorities = os.environ.get("TONGHOP_API_CA", "").strip()
    if not api.startswith("https:") or not authorities:
        return api.startswith("https:")
    try:
        return trusting(Path(authorities), "TONGHOP_API_CA", beside_the_systems=True)
    except SettingsError as error:
        raise CommandError(chosen(error)) from error


def _problem(response: httpx.Response, problem: dict[str, Any]) -> str:
    title = problem.get("title") or response.reason_phrase or "?"
    lines = [either(f"Lỗi {response.status_code}: {title}", f"Error {response.status_code}: {title}")]
    if detail := problem.get("detail"):
        lines.append(str(detail))
    standard = {"type", "title", "status", "detail", "instance"}
    lines.extend(f"{name}: {_plain(value)}" for name, value in problem.items() if name not in standard)
    return harmless("\n".join(lines), lines=True)


def _plain(value: object) -> object:
    """Write a list of words as one would."""
    words = isinstance(value, list) and value and all(isinstance(each, str) for each in value)
    return ", ".join(value) if words and isinstance(value, list) else value
