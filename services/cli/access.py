"""What the commands about accounts share: asking the API with a token, and finding an account by its name."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from events.identifiers import is_account_id
from services.cli.asking import understood, write
from services.cli.client import api_address, get_file, send
from services.cli.errors import CommandError
from services.cli.options import Plain
from services.cli.own_token import own_token
from services.language import either

if TYPE_CHECKING:
    from rich.console import RenderableType


class AskedService:
    """The service as it is asked by one command."""

    def __init__(self, api: str | None, data_dir: Path, token_file: Path | None) -> None:
        self.address = api_address(api, data_dir)
        self._token = own_token(self.address, data_dir, token_file)

    def ask(self, method: str, *path: str, body: object = None, **parameters: str | int | None) -> tuple[str, Any]:
        """Ask, and return the answer as text and as read. Raises CommandError."""
        return send(method, self.address, "v1", *path, token=self._token, body=body, query=parameters)

    def ordered(self, seconds: int, method: str, *path: str, body: object) -> tuple[str, Any]:
        """Ask for something to be done, and wait for what becomes of it at most so long. Raises CommandError."""
        prefer = {"prefer": f"wait={seconds}"}
        return send(method, self.address, "v1", *path, token=self._token, body=body, headers=prefer, query={})

    def sent(self, seconds: int, lines: bytes) -> dict[str, Any]:
        """Send events, one a line, wait for outcomes at most so long, and return the answer. Raises CommandError."""
        headers = {"prefer": f"wait={seconds}", "content-type": "application/x-ndjson"}
        address = (self.address, "v1", "events")
        return send("POST", *address, token=self._token, content=lines, headers=headers, query={})[1]

    def upload(self, content: bytes, media_type: str, *path: str, **parameters: str) -> dict[str, Any]:
        """Send a file. Raises CommandError."""
        headers = {"content-type": media_type}
        address = (self.address, "v1", *path)
        return send("POST", *address, token=self._token, content=content, headers=headers, query=parameters)[1]

    def download(self, media_type: str, *path: str) -> bytes:
        """Ask for a file of a type. Raises CommandError."""
        return get_file(self.address, media_type, "v1", *path, token=self._token)

    def show(
        self,
        format_: Plain,
        render: "Callable[[dict[str, Any]], RenderableType]",
        method: str,
        *path: str,
        body: object = None,
        **parameters: str | int | None,
    ) -> None:
        """Ask, and write the answer, rendered or as it came."""
        write(format_, render, self.address, self.ask(method, *path, body=body, **parameters))

    def account(self, named: str) -> str:
        """Return the id of an account that is named by it or by its sign-in name. Raises CommandError."""
        if is_account_id(named) or named == "admin":
            return named
        _, answer = self.ask("GET", "accounts", q=named, limit=1000)
        with understood(self.address):
            found = [each["account"] for each in answer["accounts"] if each["name"].casefold() == named.casefold()]
        if len(found) != 1:
            raise CommandError(either(f"Không có tài khoản “{named}”.", f"There is no account {named!r}."))
        return str(found[0])
