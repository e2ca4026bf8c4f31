"""From a cluster that is brought up to the table: small disks, load, readers, faults, reckoning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from random import Random
from typing import Final, NamedTuple

from services.connecting.tls import trusting
from tests.cluster.breaking import Breaking, NotWholeError
from tests.cluster.load import loading
from tests.cluster.marks import CLOCK
from tests.cluster.people import People
from tests.cluster.plan import ON_SMALL_DISKS, Fault
from tests.cluster.reckoning import Reckoning
from tests.cluster.reporting import Course
from tests.cluster.running import Run, Watched
from tests.cluster.seam import PUBLISHES, READS, Cluster, running_cluster

RECKONING: Final = 150.0
"""Seconds of a run that are kept for its end: no fault is begun in them."""
Say = Callable[[str], None]


class Plan(NamedTuple):
    """What is run: from which seed, which faults, in how many seconds with the end."""

    seed: int
    faults: Sequence[Fault]
    seconds: float
    command: str


async def course(plan: Plan, say: Say) -> Course:
    """Bring up a cluster, go through everything, and take it down."""
    began = CLOCK()
    kinds = sorted({fault.whom[0] for fault in plan.faults if fault.how == "fill"})
    async with running_cluster({f"{kind}-3": ON_SMALL_DISKS[kind] for kind in kinds}) as cluster:
        say(f"the cluster stands ({CLOCK() - began:.0f} s)")
        faults = [fault for fault in plan.faults if fault.how != "fill" or f"{fault.whom[0]}-3" in cluster.disks]
        left_out = [f"{fault.name} ({cluster.no_more_disks})" for fault in plan.faults if fault not in faults]
        left = plan.seconds - (CLOCK() - began)
        found = await run(cluster, plan._replace(faults=faults, seconds=left), say)
    return found._replace(seconds=CLOCK() - began, left_out=found.left_out + left_out)


async def run(cluster: Cluster, plan: Plan, say: Say) -> Course:
    """Go through everything on a cluster that stands."""
    began = CLOCK()
    owner, gateway = (cluster.settings(user) for user in (READS, PUBLISHES))
    verify = True if owner.api_ca is None else trusting(owner.api_ca, "TONGHOP_API_CA")
    async with AsyncExitStack() as stack:
        people = People(stack, cluster.api_urls, cluster.admin_token, verify)
        apis = await people.machine()
        load = await stack.enter_async_context(loading(plan.seed, gateway, apis))
        watched = Watched()
        one = Run(owner, apis, load, watched, say)
        breaking = Breaking(cluster, watched.rises, Random(f"{plan.seed} faults"))
        await breaking.whole()
        units = await load.tell_tree()
        await one.settled()
        await one.sign_in(people, plan.seed)
        say(f"{units} units are told, {len(one.readers)} readers have signed in ({CLOCK() - began:.0f} s)")
        await one.go(breaking, plan.faults, began + plan.seconds - RECKONING)
        say("the oracle reads the log")
        reckoning = Reckoning(one)
        try:
            await breaking.whole()
            await reckoning.all(cluster.environ(READS), headers=people.token, verify=verify)
        except NotWholeError as error:
            one.failed.append(str(error))
        about = [
            ("seed", plan.seed),
            ("reorganisations", load.reorganisations),
            ("answers checked", f"{sum(reader.answers + reader.unchanged for reader in one.readers):,}"),
            ("not answered: nobody there; 404, 503", f"{_sum(one, 'unanswered')}; {_sum(one, 'refused')}"),
            ("machines that ended by themselves and were started again", _times(cluster.restarts)),
            ("sent again over HTTP; refused there", f"{load.http.sent_again:,}; {load.http.refused.total():,}"),
        ]
        left_out = one.left_out
        return Course(plan.command, CLOCK() - began, one.suffered, left_out, about, reckoning.rows, one.failed)


def _times(names: Sequence[str]) -> str:
    return ", ".join(f"{name} {n}×" if n > 1 else name for name, n in Counter(names).items()) or "–"


def _sum(one: Run, what: str) -> str:
    return f"{sum(getattr(reader, what) for reader in one.readers):,}"
