"""The same events counted by others: written by hand, and with libraries as their documentation has it."""

from pathlib import Path
from typing import Final

from tests.bench.bench import Bench
from tests.bench.cases.rounds import LIVE
from tests.bench.figures import Aim, Figure, Floor
from tests.bench.parameters import FULL
from tests.bench.peers.installing import HERE, TOP, LeftOutError, node, node_folder, own_python, peers_python
from tests.bench.peers.measuring import Peer, Result, measure, work_of

AGAINST_BEST: Final = f"{LIVE}, against the best peer with the same guarantee"
AIM: Final = Aim(ratio_at_least=3)
FEWEST: Final = 50
SHARE_KILLED: Final = 0.25
"""The part of a peer's events that it has to count over a SIGKILL."""


def _by_hand(task: Path, module: str) -> tuple[list[str | Path], Path]:
    return [own_python(), "-m", f"tests.bench.peers.{module}", task], TOP


def _in_python(task: Path, module: str) -> tuple[list[str | Path], Path]:
    return [peers_python(), "-m", f"tests.bench.peers.{module}", task], TOP


def _in_node(task: Path, program: str) -> tuple[list[str | Path], Path]:
    return [node(), HERE / program, task], node_folder()


BY_HAND: Final = (
    Peer(
        "one",
        "by hand, one transaction an event",
        "exactly once in PostgreSQL: an event's key and its counters in one transaction",
        same=True,
        events=12_000,
        command=lambda task: _by_hand(task, "one_by_one"),
    ),
    Peer(
        "batch",
        "by hand, one transaction for 1,000 events",
        "exactly once in PostgreSQL: the events' keys and their counters in one transaction",
        same=True,
        events=100_000,
        command=lambda task: _by_hand(task, "by_batch"),
    ),
)
LIBRARIES: Final = (
    Peer(
        "eventsourcing",
        "eventsourcing, projection runner",
        "exactly once in PostgreSQL: the position and the counters in one transaction",
        same=True,
        events=8_000,
        command=lambda task: _in_python(task, "with_eventsourcing"),
    ),
    Peer(
        "pathway",
        "Pathway, grouped by the event's key",
        "at least once, made exact by state of its own on disk: the figures can't be gone on from without it",
        same=False,
        events=60_000,
        command=lambda task: _in_python(task, "with_pathway"),
        day="text",
    ),
    Peer(
        "emmett",
        "Emmett, asynchronous projector",
        "exactly once in PostgreSQL: the position and the counters of a batch in one transaction",
        same=True,
        events=15_000,
        command=lambda task: _in_node(task, "with_emmett.mjs"),
    ),
)
PEERS: Final = (*BY_HAND, *LIBRARIES)


async def peers(bench: Bench) -> None:
    """Peers: the newest of the same events, counted by others into databases of their own."""
    await compare(bench, PEERS)


async def compare(bench: Bench, compared: tuple[Peer, ...]) -> None:
    """Measure each peer, then again over a kill; hold our own live rate against the best that gives as much."""
    bench.rig.stop_projector()
    best: Floor | None = None
    for peer in compared:
        rate = await _found(bench, peer)
        if peer.same and rate is not None and (best is None or rate > best.value):
            best = Floor(_name(peer), rate)
    live = bench.floor(LIVE)
    bench.found(Figure(AGAINST_BEST, live.value if live and best else None, "events/s", best, AIM))


async def _found(bench: Bench, peer: Peer) -> float | None:
    """Keep what a peer came to, and give its rate; None where it isn't to be compared with."""
    backlog = bench.backlogs.get("quiet", bench.backlogs["history"])
    share = bench.parameters.events / FULL.events
    events = min(max(FEWEST, int(peer.events * share)), backlog.last - backlog.first + 1)
    few = max(FEWEST, int(events * SHARE_KILLED))
    try:
        result = await measure(bench, peer, await work_of(bench, backlog.last, events))
        killed = await measure(bench, peer, await work_of(bench, backlog.last, few), killed=True)
    except LeftOutError as reason:
        bench.remarks.append(f"{_name(peer)}: left out, {reason}")
        return None
    right = result.wrong is None and killed.wrong is None
    rate = result.rate if right else None
    bench.found(
        Figure(_name(peer), rate, "events/s", bench.floor(LIVE)),
        Figure(f"{_name(peer)}: peak resident memory", result.memory / 2**20, "MB"),
    )
    if result.usage:
        bench.shares[_name(peer)] = result.usage.shares()
    bench.remarks.append(f"{_name(peer)}, {events:,} events: {peer.guarantee}. {_verdict(result, killed)}")
    return rate


def _verdict(result: Result, killed: Result) -> str:
    if result.wrong:
        return f"It counted wrongly, its rate is struck: {result.wrong}"
    if killed.wrong:
        return f"Killed halfway and started again it counted wrongly, its rate is struck: {killed.wrong}"
    return "Every level as published, also when it was killed halfway and started again."


def _name(peer: Peer) -> str:
    return f"peer: {peer.name}"
