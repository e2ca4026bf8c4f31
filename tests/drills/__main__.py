"""`python -m tests.drills [ALERT…] [--write]`: make the faults, and put what was seen into docs/runbooks/."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final

from tests.drills.clusters import CLUSTER_DRILLS, running_cluster
from tests.drills.disks import DISK_DRILLS, running_on_disks
from tests.drills.faults import DRILLS, INSTEAD, Drill
from tests.drills.leaves import LEAF_DRILLS, running_leaf
from tests.drills.service import Scene, running_service
from tests.drills.versions import VERSION_DRILLS, running_versions

Running = Callable[[dict[str, str]], AbstractAsyncContextManager[Any]]
PLACES: Final[Sequence[tuple[Running, Mapping[str, Drill]]]] = (
    (running_service, DRILLS),
    (running_versions, VERSION_DRILLS),
    (running_leaf, LEAF_DRILLS),
    (running_cluster, CLUSTER_DRILLS),
    (running_on_disks, DISK_DRILLS),
)
"""Where each fault is made."""
PAGES: Final = Path(__file__).parents[2] / "docs" / "runbooks"
LONGEST: Final = 150
_SEEN: Final = re.compile(r"(<!-- seen -->\n).*?(<!-- end -->)", re.DOTALL)


async def made(drill: Drill, service: Scene, say: bool = True) -> dict[str, str]:
    """Make one fault, see its alerts fire and end, mend it, and give what was seen, by alert."""
    await service.well()
    for name in (drill.alert, *drill.also):
        await service.prometheus.ends(name, _severity(name))
    service.said = []
    running = drill.fault(service)
    began = time.monotonic()
    await anext(running)
    try:
        service.said += await _fires(drill, service, began)
    except AssertionError:
        with contextlib.suppress(StopAsyncIteration):  # mended all the same: others come after it
            await anext(running)
        raise
    fired = time.monotonic()
    with contextlib.suppress(StopAsyncIteration):
        await anext(running)
    mended = time.monotonic()
    for name in (drill.alert, *drill.also):
        await service.prometheus.ends(name, _severity(name))
        service.said.append(f"# {time.monotonic() - mended:.0f} s later it is over: {name} fires no more")
    if say:
        print("\n".join(service.said), f"\n({time.monotonic() - fired:.0f} s)\n", flush=True)
    return dict.fromkeys((drill.alert, *drill.also), "\n".join(service.said))


def _severity(alert: str) -> str | None:
    """Of promises those that somebody is woken for: the other ones last for days."""
    return "critical" if alert.endswith("Budget") else None


async def _fires(drill: Drill, service: Scene, began: float) -> list[str]:
    """Wait until the alerts of a fault fire, and say when each did."""
    marks: list[str] = []
    for name in (drill.alert, *drill.also):
        alert = await service.prometheus.fires(name, _severity(name))
        marks.append(f"# after {time.monotonic() - began:.0f} s {name} fires: {alert['annotations']['summary']}")
        assert alert["annotations"]["runbook_url"].endswith(f"/runbooks/{name}.md")
    return marks


def write(alert: str, seen: str) -> None:
    """Put what was seen into an alert's page."""
    page = PAGES / f"{alert}.md"
    text = page.read_text(encoding="utf-8")
    seen = "\n".join(line if len(line) < LONGEST else f"{line[: LONGEST - 1]}…" for line in seen.splitlines())
    assert _SEEN.search(text), page
    page.write_text(_SEEN.sub(lambda found: f"{found[1]}```\n{seen}\n```\n{found[2]}", text), encoding="utf-8")


async def _all(names: Sequence[str], *, writing: bool) -> int:
    failed = []
    for running, drills in PLACES:
        named = {name: drills[name] for name in names if name in drills}
        failed += await _at(running, named, writing=writing)
    print("failed:", failed)
    return 1 if failed else 0


async def _at(running: Running, drills: Mapping[str, Drill], *, writing: bool) -> list[str]:
    """Make faults where they are made, one after the other; give those that were not seen as they should be."""
    if not drills:
        return []
    failed = []
    async with running(dict(INSTEAD)) as scene:
        for name, drill in drills.items():
            print(f"== {name}", flush=True)
            try:
                seen = await made(drill, scene)
            except (AssertionError, OSError, TimeoutError):
                traceback.print_exc()
                print("\n".join(scene.said), flush=True)
                failed.append(name)
                continue
            if writing:
                for alert, text in seen.items():
                    write(alert, text)
    return failed


def main() -> int:
    """Run the drills that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.drills", description=__doc__)
    parser.add_argument(
        "alerts", nargs="*", metavar="ALERT", help=f"of {', '.join(name for _, drills in PLACES for name in drills)}"
    )
    parser.add_argument("--write", action="store_true", help="into the pages of docs/runbooks/")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # all that was started is ended
    return asyncio.run(_all(given.alerts or [*DRILLS, *LEAF_DRILLS], writing=given.write))


if __name__ == "__main__":
    sys.exit(main())
