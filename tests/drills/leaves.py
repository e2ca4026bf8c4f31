"""Faults of a province's own server: the line is cut, the room is full, the hub does not take what a unit says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.attacks.leaves import SIBLING, UNIT
from tests.drills.faults import Drill
from tests.drills.service import Scene
from tests.drills.watching import Watching, watching
from tests.fault.leaf_rig import Rig
from tests.oracle.telling import event_of
from tests.servers import short_folder

JOB = "tonghop-leaf"
SMALL = {"TONGHOP_LEAF_ROOM": "1"}


class AtLeaf(Scene):
    """A hub, a leaf and its forwarder."""

    def __init__(self, rig: Rig, prometheus: Watching) -> None:
        super().__init__(prometheus)
        self.rig = rig
        self._said = 0

    def facts(self, unit: str, n: int, padding: int = 0) -> list[bytes]:
        found = []
        for _ in range(n):
            self._said += 1
            data = {"member": f"m-{self._said}", "decided_on": "2023-05-01", "note": "x" * padding}
            found.append(json.dumps(event_of(unit, f"e-{self._said}", "member.admitted", unit, data)).encode())
        return found

    def log(self, word: str) -> list[str]:
        lines = (self.rig.folder / "forward.log").read_text().splitlines()
        return [line[:220] for line in lines if word in line][-1:]


Fault = Callable[[AtLeaf], AsyncIterator[None]]


async def _waits(on: AtLeaf) -> AsyncIterator[None]:
    on.does("(the line to the hub is cut; units go on sending to the leaf)")
    on.rig.wire.cut()
    await on.rig.publish(UNIT, on.facts(UNIT, 20))
    yield
    await on.metric("tonghop_forward_connected")
    await on.metric("tonghop_forward_waiting")
    on.does("journalctl -u tonghop-forward | grep waiting")
    on.said += on.log("waiting")
    on.does("(the line is mended)")
    on.rig.wire.mend()


async def _fills_up(on: AtLeaf) -> AsyncIterator[None]:
    on.does("(the line is cut, and units send 900 kB into a leaf with TONGHOP_LEAF_ROOM=1)")
    on.rig.wire.cut()
    for _ in range(9):
        await on.rig.publish(UNIT, on.facts(UNIT, 10, 10_000))
    yield
    await on.metric("tonghop_forward_waiting_bytes / tonghop_forward_room_bytes")
    on.does("(the line is mended)")
    on.rig.wire.mend()


async def _set_aside(on: AtLeaf) -> AsyncIterator[None]:
    on.does(f"tonghop shut-out {SIBLING}             # at the hub; at the leaf it goes on sending")
    await on.rig.hub.hand(SIBLING)
    await on.rig.publish(SIBLING, on.facts(SIBLING, 4))
    yield
    await on.metric("tonghop_forward_aside")
    on.does("journalctl -u tonghop-forward | grep 'set aside'")
    on.said += on.log("set aside")
    on.does(f"tonghop shut-out {SIBLING} --end")
    await on.rig.hub.hand()
    on.does("systemctl restart tonghop-forward         # or ten minutes later by itself")
    on.rig.kill("forward")


LEAF_DRILLS = {
    "TonghopLeafWaits": Drill("TonghopLeafWaits", _waits),  # type: ignore[arg-type]
    "TonghopLeafFillsUp": Drill("TonghopLeafFillsUp", _fills_up),  # type: ignore[arg-type]
    "TonghopLeafSetAside": Drill("TonghopLeafSetAside", _set_aside),  # type: ignore[arg-type]
}


@asynccontextmanager
async def running_leaf(instead: dict[str, str]) -> AsyncIterator[AtLeaf]:
    """Run a hub, a leaf and its forwarder, watched."""
    with short_folder() as folder:
        rig = Rig(folder)
        rig.more = SMALL
        await rig.begin()
        try:
            async with watching(folder, {JOB: ""}, instead=instead) as prometheus:
                on = AtLeaf(rig, prometheus)
                on.also(JOB, "leaf-thanh-hoa", str(rig.metrics))
                yield on
        finally:
            await rig.end()
