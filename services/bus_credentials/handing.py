"""Handing accounts to the servers of a bus that runs: each takes them at once, and cuts who may no longer stay."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import nats.errors
from nats.aio.client import Client

from projections.bilingual import Bilingual
from services.bus_credentials import issuing
from services.bus_credentials.accounts import Signed
from services.bus_credentials.claims import HANDING
from services.bus_credentials.files import KeysError
from services.bus_credentials.keys import Keys
from services.bus_credentials.signing import claims_of
from services.connecting.bus import connect_once
from services.connecting.database_failures import SERVERS_FAIL
from services.connecting.failures import described
from services.settings import Settings

TAKEN_WITHIN: Final = 5.0
"""Seconds for every server to answer."""
_OK: Final = 200


async def hand(settings: Settings, keys: Keys, signed: Signed, *, by: str) -> int:
    """Hand all accounts to every server of the bus that `settings` name, and say how many servers there are.

    A server that is away keeps nobody else from being handed them. Raises KeysError where one does not answer, or does
    not take an account: then it may not have taken effect there.
    """
    file = keys.folder / f"{HANDING}.creds"
    await asyncio.to_thread(issuing.ensure, keys, {HANDING: file}, by=by)
    try:
        client = await connect_once(
            replace(settings, nats_credentials=file, nats_password_file=None), "tonghop credential"
        )
        try:
            servers = await _servers(client)
            handed = await asyncio.gather(  # all of them, whatever becomes of one: who answers has what it is handed
                *(
                    _hand(client, servers, name, keys.identities.accounts[name], jwt)
                    for name, jwt in signed.accounts.items()
                ),
                return_exceptions=True,
            )
            for failure in handed:
                if failure is not None:
                    raise failure
        finally:
            await client.close()
    except SERVERS_FAIL as error:
        raise _not_in_force(described(error)) from error
    return servers


async def _servers(client: Client) -> int:
    """Count the servers that this one knows of, itself included."""
    answer = json.loads((await client.request("$SYS.REQ.SERVER.PING", b"", timeout=TAKEN_WITHIN)).data)
    return int(answer["statsz"]["active_servers"])


async def _hand(client: Client, servers: int, name: str, account: str, jwt: str) -> None:
    kept = await _kept(client, account)
    if kept and claims_of(kept)["iat"] > claims_of(jwt)["iat"]:  # a server would take the older one all the same
        raise _not_in_force(
            Bilingual(
                f"{name}: máy chủ có bản mới hơn bản của các khóa này",
                f"{name}: the servers have a newer one than these keys know of",
            )
        )
    taken = 0
    for answer in await _answers(client, "$SYS.REQ.CLAIMS.UPDATE", jwt.encode(), servers):
        if answer.get("data", {}).get("code") != _OK:
            why = answer.get("error", {}).get("description") or answer.get("data", {}).get("message")
            raise _not_in_force(Bilingual.of(f"{answer.get('server', {}).get('name')}: {name}: {why}"))
        taken += 1
    if taken < servers:
        raise _not_in_force(
            Bilingual(
                f"chỉ {taken} trên {servers} máy chủ trả lời", f"{taken} of {servers} servers answer", f"{name}: "
            )
        )


async def _kept(client: Client, account: str) -> str:
    """Ask for what the servers have of an account; nothing where they don't know it."""
    answer = await client.request(f"$SYS.REQ.ACCOUNT.{account}.CLAIMS.LOOKUP", b"", timeout=TAKEN_WITHIN)
    return answer.data.decode()


async def _answers(client: Client, subject: str, body: bytes, servers: int) -> list[dict[str, Any]]:
    """Ask all servers, and give what they answer in time."""
    inbox = client.new_inbox()
    heard = await client.subscribe(inbox)
    found: list[dict[str, Any]] = []
    until = time.monotonic() + TAKEN_WITHIN
    try:
        await client.publish(subject, body, reply=inbox)
        with suppress(nats.errors.TimeoutError):
            while len(found) < servers and (left := until - time.monotonic()) > 0:
                found.append(json.loads((await heard.next_msg(timeout=left)).data))
    finally:
        await heard.unsubscribe()
    return found


def _not_in_force(why: Bilingual) -> KeysError:
    return KeysError(
        Bilingual(
            "các máy chủ NATS chưa nhận đủ, chưa chắc đã có hiệu lực; hãy chạy lại",
            "not every server of NATS has it, so it may not have taken effect; run this again",
        ).with_detail(why)
    )
