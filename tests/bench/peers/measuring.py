"""A peer at work: told its task, started, watched in its database until all is counted, and held to every level."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import asyncpg
import msgspec

from events.catalogue import CATALOGUE, FACTS
from events.subjects import ALL_SUBJECTS
from services.embedded.postgres import SUPERUSER
from services.embedded.process import Process, Stages
from tests import servers
from tests.bench.bench import Bench
from tests.bench.peers.installing import TOP
from tests.bench.peers.task import Rule, Task
from tests.bench.usage import Usage, busy_seconds, cpu_seconds
from tests.bench.world import ROOT

LEVELS: Final = 5
"""From a cell to the root, both included: what counts at a cell counts as often in all."""
GLANCE: Final = 0.05
STILL: Final = 60.0
"""Seconds without a new figure after which a peer is given up; some take as long to fill their store."""
_STOP: Stages = ((signal.SIGTERM, 5.0),)

_COUNTER: Final = """
CREATE TABLE counter (
    unit text COLLATE "C", day {day}, measure text COLLATE "C", n bigint NOT NULL, PRIMARY KEY (unit, day, measure)
)
"""
_AT_ROOT: Final = "SELECT coalesce(sum(n), 0)::bigint FROM counter WHERE unit = $1"
_BY_MEASURE: Final = """
SELECT measure, coalesce(sum(n) FILTER (WHERE unit = $1), 0)::bigint, sum(n)::bigint FROM counter GROUP BY measure
"""

Command = Callable[[Path], tuple[list[str | Path], Path]]


class Peer(NamedTuple):
    """What does the work of the projector in its stead.

    `guarantee` says in words what holds over restarts, and `same` whether that is what the projector gives. `command`
    makes of the task's file the command and its working directory, and raises LeftOutError. `day` is the type of that
    column in its table of counters.
    """

    key: str
    name: str
    guarantee: str
    same: bool
    events: int
    command: Command
    day: str = "date"


class Work(NamedTuple):
    """The messages at the end of the stream that are to be counted, and what they count at each level, by measure."""

    first: int
    last: int
    counts: Mapping[str, int]

    @property
    def events(self) -> int:
        return self.last - self.first + 1

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class Result(NamedTuple):
    """How a peer did. `wrong` says what isn't as published; the rate is then not to be used, and None.

    `rate` is None, too, where one commit held everything.
    """

    wrong: str | None
    rate: float | None
    usage: Usage | None
    memory: int


async def work_of(bench: Bench, last: int, events: int) -> Work:
    """Take the last `events` messages up to a position, and what they count by the ledger's types and the catalogue."""
    first = last - events + 1
    connection = await bench.rig.connect_database()
    rows = await connection.fetch(
        "SELECT type, count(*) FROM ledger WHERE position BETWEEN $1 AND $2 GROUP BY type", first, last
    )
    await connection.close()
    counts: Counter[str] = Counter()
    for event_type, number in rows:
        counts.update({count.measure: number for count in CATALOGUE[event_type].counts})
    return Work(first, last, counts)


async def measure(bench: Bench, peer: Peer, work: Work, *, killed: bool = False) -> Result:
    """Let a peer count the work into a database of its own.

    With `killed`, it gets SIGKILL when half is counted, and is started again. Raises LeftOutError.
    """
    folder = bench.rig.folder / "peers" / f"{peer.key}-{'killed' if killed else 'whole'}"
    folder.mkdir(parents=True)
    task = _task(bench, folder, work)
    command, cwd = peer.command(_written(folder / "task.json", task))
    await servers.execute(bench.rig.postgres, f'CREATE DATABASE "{task.database}"')
    connection = await asyncpg.connect(bench.rig.postgres.database_url(task.database))
    await connection.execute(_COUNTER.format(day=peer.day))
    process = Process(peer.key, folder / "log")
    environ = {**os.environ, "PYTHONPATH": str(TOP)}
    try:
        process.start(command, cwd=cwd, environ=environ)
        if killed:
            await _progress(process, connection, work.total // 2)
            process.stop(())
            process.start(command, cwd=cwd, environ=environ)
        result = await _watch(bench, process, connection, work)
        process.stop(_STOP)
        wrong = filter(None, (await _wrong(connection, work), result.wrong))
        return result._replace(wrong=": ".join(wrong) or None)
    finally:
        process.stop(())
        await connection.close()
        await servers.execute(bench.rig.postgres, f'DROP DATABASE "{task.database}" WITH (FORCE)')


async def _watch(bench: Bench, process: Process, connection: asyncpg.Connection, work: Work) -> Result:
    """Wait for everything to be counted; time it from the first commit that is seen to the last, as for our own."""
    begun_with = await _progress(process, connection, 1)
    begun = _reading(bench, process)
    counted = await _progress(process, connection, work.total)
    memory = _peak_memory(process)
    if counted < work.total or begun is None:
        return Result(f"{process.exit}:\n{process.tail()}", None, None, memory)
    ended = _reading(bench, process)
    if ended is None or begun_with >= work.total:
        return Result(None, None, None, memory)
    usage = ended - begun
    return Result(None, work.events * (1 - begun_with / work.total) / usage.at, usage, memory)


async def _progress(process: Process, connection: asyncpg.Connection, enough: int) -> int:
    """Wait until at least `enough` is counted at the root, or the peer has ended or stands still; give what is."""
    seen, since = -1, time.monotonic()
    while True:
        alive = process.alive
        counted = int(await connection.fetchval(_AT_ROOT, ROOT))
        if counted != seen:
            seen, since = counted, time.monotonic()
        if counted >= enough or not alive or time.monotonic() - since > STILL:
            return counted
        await asyncio.sleep(GLANCE)


async def _wrong(connection: asyncpg.Connection, work: Work) -> str | None:
    """Say what differs from what was published, at the root and over all levels."""
    found = {row[0]: (row[1], row[2]) for row in await connection.fetch(_BY_MEASURE, ROOT)}
    published = {measure: (number, LEVELS * number) for measure, number in work.counts.items()}
    if found == published:
        return None
    return f"at the root and in all it counted {found}, published were {published}"


def _reading(bench: Bench, process: Process) -> Usage | None:
    """Read what each process has used; None where the peer has ended."""
    if not process.alive:
        return None
    cpu = {
        "peer": cpu_seconds(process.pid),
        "postgres": cpu_seconds(bench.rig.postgres.pid),
        "nats": cpu_seconds(bench.rig.nats.process.pid),
        "whole machine": busy_seconds(),
    }
    return Usage(time.perf_counter(), cpu, {})


def _peak_memory(process: Process) -> int:
    if not process.alive:
        return 0
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def _task(bench: Bench, folder: Path, work: Work) -> Task:
    name = f"peer-{folder.name}"
    parents = folder.parent / "parents.json"
    if not parents.exists():
        parents.write_bytes(msgspec.json.encode({unit.id: unit.parent for unit in bench.world.units}))
    return Task(
        name=name,
        nats=bench.rig.nats.url,
        stream=bench.rig.settings.stream,
        subjects=ALL_SUBJECTS,
        first=work.first,
        last=work.last,
        host=str(bench.rig.postgres.socket_dir),
        user=SUPERUSER,
        database=name,
        state=str(folder / "state"),
        parents=str(parents),
        rules={
            row.type: Rule(
                row.day[0], [(count.measure, None if count.unit == "subject" else count.unit) for count in row.counts]
            )
            for row in FACTS
        },
    )


def _written(path: Path, task: Task) -> Path:
    path.write_bytes(msgspec.json.encode(task))
    return path
