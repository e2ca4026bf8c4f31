"""The bus as it is shipped: deploy/nats/accounts.conf on a real server, with a URL for each of its users."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client

from services import shutting_out
from services.settings import Settings
from tests import servers

ACCOUNTS = Path(__file__).parents[2] / "deploy/nats/accounts.conf"
ANOTHER_UNIT = """
      {
        user: bac-ninh
        password: $TONGHOP_BAC_NINH_PASSWORD
        permissions: {
          publish: { allow: ["party.v1.bac-ninh.>", "tonghop.v1.receipts.bac-ninh"], deny: ["party.v1.*.access.>"] }
          subscribe: ["_INBOX_bac-ninh.>"]
        }
      }
"""
ALL_UNITS = """
      {
        user: all-units
        password: $TONGHOP_ALL_UNITS_PASSWORD
        permissions: { publish: ["party.v1.*.>", "tonghop.v1.receipts.*"], subscribe: ["_INBOX.>"] }
      }
"""
FOR_ALL = "secret1"


def configuration(folder: Path, *, operator: bool) -> str:
    """Give the shipped accounts in a server's configuration, with one unit more and the operator let in or not.

    `all-units` stands for the systems of all units.
    """
    text = ACCOUNTS.read_text(encoding="utf-8")
    if operator:
        text = re.sub(r"^      # \{\n(?:      # .*\n)+?      # \}\n", _without_signs, text, flags=re.MULTILINE)
    before, unit, after = text.partition("        user: gia-binh\n")
    text = before.rpartition("      {\n")[0] + ANOTHER_UNIT + ALL_UNITS + "      {\n" + unit + after
    return f"""
        listen: "127.0.0.1:-1"
        ports_file_dir: "{folder}"
        jetstream {{ store_dir: "{folder}/js" }}
        {text}
    """


def _without_signs(found: re.Match[str]) -> str:
    return found[0].replace("      # ", "      ")


@dataclass
class Guarded:
    """A running server; `heard` is what clients of `client` were told by it apart from any request."""

    address: str
    log: Path
    pid: int
    heard: list[str] = field(default_factory=list)

    def url(self, user: str | None) -> str:
        return f"nats://{user}:{FOR_ALL}@{self.address}" if user else f"nats://{self.address}"

    def how(self, user: str) -> dict[str, Any]:
        """Give what a client of nats-py signs in with."""
        return {"servers": self.url(user)}

    def signed_in(self, settings: Settings, user: str) -> Settings:
        """Give settings with which a user signs in."""
        return replace(settings, nats_url=self.url(user))

    def is_unit(self, user: str) -> bool:
        """Tell whether a user is that of a unit, and hears its own inbox."""
        return user in {"gia-binh", "bac-ninh"}

    def violation(self, user: str, what: str, subject: str) -> str:
        """Say what the server's log has of a user that published or subscribed to what it may not."""
        return f'user:{user}" - {what} Violation - Subject "{subject}"'

    @asynccontextmanager
    async def client(self, user: str) -> AsyncIterator[Client]:
        """Connect as a user, with the inbox of a unit where it is one."""

        async def hear(error: Exception) -> None:
            self.heard.append(str(error).lower())

        prefix = f"_INBOX_{user}" if self.is_unit(user) else "_INBOX"
        client = await nats.connect(
            **self.how(user), inbox_prefix=prefix, error_cb=hear, max_reconnect_attempts=0, allow_reconnect=False
        )
        try:
            yield client
        finally:
            await client.close()

    def violations(self) -> list[str]:
        """List what the server refused, as its log has it."""
        return [line for line in self.log.read_text().splitlines() if "Violation" in line or "authorization" in line]


@contextmanager
def guarded(folder: Path, *, operator: bool = False, text: str | None = None) -> Iterator[Guarded]:
    """Run a server with the accounts of the deployment."""
    config, log = folder / "nats.conf", folder / "nats.log"
    shutting_out.make(folder / shutting_out.FILE)
    text = configuration(folder, operator=operator) if text is None else text
    variables = dict.fromkeys(re.findall(r"\$(TONGHOP_\w+)", text), FOR_ALL)
    for stale in folder.glob("*.ports"):
        stale.unlink()
    with servers.configured_nats(config, text, variables) as (address, pid):
        yield Guarded(address, log, pid)


@contextmanager
def guarded_somewhere(*, operator: bool = False) -> Iterator[Guarded]:
    """Run one in a folder of its own."""
    with servers.short_folder() as folder, guarded(folder, operator=operator) as server:
        yield server


async def refused(server: Guarded, *violations: str) -> None:
    """Wait until the server's log has these, such as `user:api" - Publish Violation - Subject "x"`."""
    async with asyncio.timeout(60):
        while any(violation not in server.log.read_text() for violation in violations):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def told(client: Client) -> None:
    """Wait until the server has dealt with all that was sent, and has told what it refused."""
    await client.flush(timeout=10)
    await asyncio.sleep(0)
