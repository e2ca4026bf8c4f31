"""A hub with signed accounts and the leaf of a province as they are shipped, on real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from projections.bilingual import Bilingual
from services import bus_accounts
from services.bus_credentials import accounts, below, handing, hub, issuing
from services.bus_credentials.keys import Keys
from services.forwarding.aside import Aside
from services.forwarding.forwarder import Forwarder
from services.forwarding.store import Store, opened
from services.publishing.connection import BusConnection
from services.settings import Settings
from tests import servers
from tests.attacks.signed import Signed

LEAF_CONF = Path(__file__).parents[2] / "deploy/nats/leaf.conf"
PROVINCE, UNIT, SIBLING, OUTSIDE = "thanh-hoa", "xa-nga-son", "xa-hoang-hoa", "bac-ninh"
"""The leaf's unit, two below it, and one that is not."""


@dataclass
class Leaf:
    """A running leaf of a hub: `server` is its own, on which units sign in with the hub's credentials."""

    hub: Signed
    server: Signed
    folder: Path
    credential: Path
    aside: Aside = field(default_factory=Aside)
    room: int = 64

    @property
    def settings(self) -> Settings:
        """The settings of `tonghop forward`."""
        return replace(
            Settings(),
            nats_url=f"nats://{self.server.address}",
            nats_credentials=self.folder / "keys/service/forward.creds",
            hub_nats_url=f"nats://{self.hub.address}",
            hub_credentials=self.credential,
            leaf_room=self.room,
        )

    def environ(self) -> dict[str, str]:
        """Give the environment of `tonghop forward`."""
        settings = self.settings
        return {
            "TONGHOP_NATS_URL": settings.nats_url,
            "TONGHOP_NATS_CREDENTIALS": str(settings.nats_credentials),
            "TONGHOP_HUB_NATS_URL": settings.hub_nats_url,
            "TONGHOP_HUB_CREDENTIALS": str(settings.hub_credentials),
            "TONGHOP_LEAF_ROOM": str(settings.leaf_room),
        }

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Store]:
        """Open what waits, as the forwarder does."""
        async with opened(self.settings) as store:
            yield store

    @asynccontextmanager
    async def forwarder(self) -> AsyncIterator[tuple[Forwarder, Store]]:
        """Connect a forwarder of this process."""
        heard: list[Bilingual | None] = []
        hub_settings = replace(Settings(), nats_url=f"nats://{self.hub.address}", nats_credentials=self.credential)
        async with self.store() as store:
            bus = BusConnection(hub_settings, heard.append, patience=20)
            await bus.open(f"_INBOX_{PROVINCE}")
            try:
                yield Forwarder(store, bus, PROVINCE, self.aside), store
            finally:
                await bus.client.close()

    async def forward(self) -> int:
        """Forward until nothing comes any more, and say how much is left."""
        async with self.forwarder() as (forwarder, store):
            while await forwarder.step():
                pass
            return (await store.waiting()).messages


def allow(at: Signed, units: Sequence[str], unit: str = PROVINCE) -> Path:
    """Have a leaf's credential speak for these units; give its file. The accounts have to be handed then."""
    file = at.keys.folder.parent / f"{unit}-below.creds"
    below.write(at.keys.folder, below.of(unit, units, at=0))
    at.keys = accounts.make(at.keys.folder, anybody=True)
    if not file.exists():
        file.write_text(issuing.issue_below(at.keys, unit, until=None, by="a test").text)
    return file


def told(at: Signed, folder: Path) -> Path:
    """Write the hub's signed.conf as it is now."""
    file = folder / "hub-signed.conf"
    at.keys = Keys.found(at.keys.folder)
    file.write_text(accounts.configuration(at.keys, accounts.sign(at.keys, []), "$TONGHOP_ACCOUNTS"))
    return file


def make_keys(at: Signed, folder: Path) -> str:
    """Make the leaf's keys as `tonghop credential leaf` does; give the part of the configuration that knows them."""
    keys = accounts.make_leaf(folder / "keys", hub.read(told(at, folder)))
    (folder / "keys/service").mkdir(exist_ok=True)
    issuing.ensure(keys, {bus_accounts.FORWARD: folder / "keys/service/forward.creds"}, by="a test")
    return accounts.configuration(keys, accounts.sign(keys, []), "$TONGHOP_ACCOUNTS")


async def hand_at(leaf: Leaf) -> int:
    """Hand the leaf's accounts to its server, as `tonghop credential hand` does."""
    keys = Keys.found(leaf.folder / "keys")
    settings = replace(Settings(), nats_url=f"nats://{leaf.server.address}")
    return await handing.hand(settings, keys, accounts.sign(keys, []), by="a test")


@contextmanager
def serving(at: Signed, folder: Path, *, listen: str = "127.0.0.1:-1") -> Iterator[Signed]:
    """Run the leaf's server in a folder, by the configuration that is shipped; again where it ran before."""
    with running(folder, make_keys(at, folder), listen=listen) as (address, pid):
        yield Signed(address, folder / "leaf.log", pid, keys=at.keys)


@contextmanager
def running(folder: Path, signed_conf: str, *, listen: str = "127.0.0.1:-1") -> Iterator[tuple[str, int]]:
    """Run the shipped configuration with what `tonghop credential leaf` has written; give HOST:PORT and pid."""
    (folder / "signed.conf").write_text(signed_conf)
    shipped = LEAF_CONF.read_text()
    for before, after in (
        ('"0.0.0.0:4222"', f'"{listen}"\nports_file_dir: "{folder}"'),
        ('http: "127.0.0.1:8222"\n', ""),
    ):
        assert shipped.count(before) == 1
        shipped = shipped.replace(before, after)
    for stale in folder.glob("*.ports"):
        stale.unlink()
    environ = {
        "TONGHOP_SERVER": "leaf-thanh-hoa",
        "TONGHOP_STORE": str(folder / "store"),
        "TONGHOP_ACCOUNTS": str(folder / "accounts"),
    }
    with servers.configured_nats(folder / "leaf.conf", shipped, environ) as found:
        yield found


@contextmanager
def leaf_of(at: Signed) -> Iterator[Leaf]:
    """Run the leaf of a hub, whose credential speaks for PROVINCE, UNIT and SIBLING; the hub is not told of it yet."""
    with servers.short_folder() as folder:
        credential = allow(at, [UNIT, SIBLING])
        with serving(at, folder) as server:
            yield Leaf(at, server, folder, credential)


@asynccontextmanager
async def leaf_at_work(at: Signed) -> AsyncIterator[Leaf]:
    """Run the leaf of a hub that has been told of it, with its store made."""
    with leaf_of(at) as running:
        await at.hand()
        async with running.store():
            pass
        yield running


async def published(at: Signed, unit: str, count: int, type_: str = "member.admitted", first: int = 0) -> list[str]:
    """Publish messages as a unit, and give their ids; each is acknowledged."""
    ids = [f"{unit}:{number}:{'0' * 32}" for number in range(first, first + count)]
    async with at.client(unit) as client:
        jetstream = client.jetstream()
        futures = [
            await jetstream.publish_async(
                f"party.v1.{unit}.{type_}",
                b'{"id":"%d"}' % number,
                headers={"Nats-Msg-Id": id_, "X-Of-The-Unit": f"no. {number}"},
            )
            for number, id_ in enumerate(ids, first)
        ]
        await asyncio.gather(*futures)
    return ids
