"""How a fault is made and mended: which machines are hit, what is done to them, and when the whole stands again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Final

from tests.cluster.marks import CLOCK, Rises
from tests.cluster.plan import Fault
from tests.cluster.seam import Cluster, Machine
from tests.fault.disk import Disk
from tests.fault.eventually import eventually

AT_LEAST: Final = 4.0
"""Seconds for which a fault lasts: long enough for its readers to run into it."""
AT_MOST: Final = 75.0
COUNTED_AGAIN: Final = 3
AFTER_A_SECOND: Final = 1.0
"""What was on its way when the fault came may still be counted in it."""
WHOLE_WITHIN: Final = 150.0
LOOK_EVERY: Final = 0.5


class NotWholeError(AssertionError):
    """Something does not come back by itself once the fault is over; the message names it."""


class Breaking:
    """Makes faults on a cluster, one at a time. `rises` says when events are counted."""

    def __init__(self, cluster: Cluster, rises: Rises, random: Random) -> None:
        self._cluster = cluster
        self._rises = rises
        self._random = random

    async def make(self, fault: Fault) -> tuple[str, ...]:
        """Make a fault and mend it; return the machines that were hit. What it leaves behind comes back by itself."""
        match fault.how:
            case "none":
                await asyncio.sleep(fault.lasts or AT_LEAST)
                return ()
            case "roll":
                return await self._roll(fault.whom[0])
            case "fill":
                return await self._fill(fault.whom[0])
            case _:
                return await self._hit(fault)

    async def whole(self, within: float = WHOLE_WITHIN) -> None:
        """Wait until every machine is there and has its part. Raises NotWholeError."""
        until = CLOCK() + within
        while (missing := await self._cluster.whole()) is not None:
            if CLOCK() > until:
                raise NotWholeError(f"not whole after {within:.0f} s: {missing}")
            await asyncio.sleep(LOOK_EVERY)

    async def rescue(self) -> None:
        """Start anew what does not come back by itself. Raises NotWholeError where that is of no help."""
        for name in await self._cluster.away():
            await self._cluster.roles[name].kill()
            await self._cluster.roles[name].start()
        await self.whole()

    async def _hit(self, fault: Fault) -> tuple[str, ...]:
        machines = [self._cluster.roles[name] for name in await self._whom(fault)]
        begin, end = _ways(fault.how)
        began = CLOCK()
        await asyncio.gather(*(begin(machine) for machine in machines))
        try:
            await self._last(fault, began)
        finally:
            await asyncio.gather(*(end(machine) for machine in machines))
        return tuple(machine.name for machine in machines)

    async def _last(self, fault: Fault, began: float) -> None:
        if fault.lasts is not None:
            await asyncio.sleep(fault.lasts)
            return
        await asyncio.sleep(AT_LEAST)

        async def again() -> bool:
            return self._rises.times(began + AFTER_A_SECOND) >= COUNTED_AGAIN or CLOCK() > began + AT_MOST

        await eventually(again, "it lasts for ever")

    async def _whom(self, fault: Fault) -> list[str]:
        found: list[str] = []
        for one in fault.whom:
            found.append(self._random.choice([name for name in await self._all(one) if name not in found]))
        return found

    async def _all(self, whom: str) -> list[str]:
        """List the machines that are this at the moment."""
        leading: Mapping[str, tuple[str, Callable[[], Awaitable[str | None]]]] = {
            "nats-leader": ("nats", self._cluster.stream_leader),
            "primary": ("postgres", self._cluster.primary),
            "etcd-leader": ("etcd", self._cluster.etcd_leader),
            "in-force": ("projector", self._cluster.leading_projector),
        }
        others = {"nats-replica": "nats-leader", "standby": "primary", "ready": "in-force"}
        if whom == "api":
            return self._of_kind("api")
        kind, ask = leading[others.get(whom, whom)]
        first = await ask()
        if first is None:
            raise NotWholeError(f"{whom}: nobody leads")
        return [name for name in self._of_kind(kind) if name != first] if whom in others else [first]

    def _of_kind(self, kind: str) -> list[str]:
        return sorted(name for name in self._cluster.roles if name.startswith(f"{kind}-"))

    async def _roll(self, kind: str) -> tuple[str, ...]:
        """Restart one after the other, who leads last, each when the one before is back."""
        names = self._of_kind(kind)
        last = [] if kind == "api" else await self._all(_LEADERS[kind])
        names.sort(key=lambda name: name in last)
        for name in names:
            await self._cluster.roles[name].restart()
            await self.whole()
        return tuple(names)

    async def _fill(self, kind: str) -> tuple[str, ...]:
        """Fill the disk of a machine until it was seen that the others go on; then do as the operators' page says."""
        name = next(name for name in self._of_kind(kind) if name in self._cluster.disks)
        leads = name in await self._all(_LEADERS[kind])
        disk = self._cluster.disks[name]
        began = CLOCK()
        filling = asyncio.create_task(_keep_full(disk))
        try:
            await self._last(Fault("", "fill", ()), began)
            await asyncio.sleep(AT_LEAST)
        finally:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)
            disk.make_room()
        await self._cluster.roles[name].restart()
        return (f"{name} ({'leading' if leads else 'not leading'})",)


_LEADERS: Final = {"nats": "nats-leader", "etcd": "etcd-leader", "postgres": "primary", "projector": "in-force"}


def _ways(how: str) -> tuple[Callable[[Machine], Awaitable[None]], Callable[[Machine], Awaitable[None]]]:
    return {
        "kill": (Machine.kill, Machine.start),
        "stop": (Machine.stop, Machine.resume),
        "cut": (Machine.cut, Machine.mend),
    }[how]


async def _keep_full(disk: Disk) -> None:
    """Whatever a server frees is taken at once."""
    while True:
        await asyncio.to_thread(disk.fill)
        await asyncio.sleep(0.2)
