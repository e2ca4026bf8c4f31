"""`python -m tests.bench.in_turn --before FOLDER`: what an event costs the projector of two checkouts, this the second.

Both in turn, round after round, on one database and one log: the machine's noise, and what grows, meets both. Printed
of each round: events a second, µs an event of the projector, of PostgreSQL by kind of process and of the bus, bytes of
WAL an event, and the share of the wall in which each was busy.
"""

import argparse
import asyncio
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import asyncpg
import psutil

from events.catalogue import MEASURES
from projections.store.generations import enter_the_one_in_force
from tests.bench.catching_up import Backlog, listening, publish, reading
from tests.bench.rig import BenchError, Rig, running
from tests.bench.usage import costliest_statements, forget_statements, peak_memory
from tests.bench.world import Facts, World, of_twenty_years, recent

_SEEN_AT_ALL: Final = 0.002
_HERE: Final = Path(__file__).parents[2]


async def _measure(asked: argparse.Namespace) -> None:
    checkouts = {"before": asked.before, "after": _HERE} if asked.before else {"after": _HERE}
    found: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in checkouts}
    with tempfile.TemporaryDirectory(prefix="tonghop-in-turn-") as folder:
        async with running(Path(folder)) as rig:
            world = World(asked.units, asked.seed)
            facts = Facts(world, asked.seed)
            await _project(rig, _HERE, await publish(rig, world.establishments()))
            if asked.history:
                await _project(rig, _HERE, await publish(rig, facts.make(asked.history, of_twenty_years)))
            connection = await rig.connect_database()
            await connection.execute("VACUUM (ANALYZE)")
            await connection.execute("CHECKPOINT")
            for number in range(asked.rounds):
                for name in list(checkouts)[:: 1 if number % 2 else -1]:
                    backlog = await publish(rig, facts.make(asked.events, of_twenty_years if asked.old else recent))
                    await forget_statements(connection)
                    await _set(connection, asked.setting, name == "after")
                    of_round = await _project(rig, checkouts[name], backlog, waiting=asked.waits)
                    for what, value in of_round.items():
                        found[name][what].append(value)
                    print(name, {what: float(f"{value:.4g}") for what, value in of_round.items()}, flush=True)
                    if asked.statements:
                        for statement in await costliest_statements(connection):
                            print(f"  {statement.milliseconds:8.0f} {statement.calls:5} {statement.query[:110]}")
            await connection.close()
            if await _total(rig) != facts.contributions:
                raise BenchError("what is counted is not what was published")
    _tell(checkouts, found)


async def _set(connection: asyncpg.Connection, settings: Sequence[str], wanted: bool) -> None:
    for setting in settings:
        what, _, value = setting.partition("=")
        await connection.execute(f"ALTER SYSTEM SET {what} = '{value}'" if wanted else f"ALTER SYSTEM RESET {what}")
    await connection.execute("SELECT pg_reload_conf()")


def _tell(checkouts: Iterable[str], found: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Print the means of all rounds."""
    print("\n| | " + " | ".join(checkouts) + " | ratio |\n|---|" + "---|" * (len(found) + 1))
    rounds = max(len(values) for of in found.values() for values in of.values())
    for what in dict.fromkeys(what for of in found.values() for what in of):
        means = [sum(of.get(what, ())) / rounds for of in found.values()]
        if max(means) > _SEEN_AT_ALL:
            ratio = f"{means[-1] / means[0]:.3f}" if means[0] else ""
            print(f"| {what} | " + " | ".join(f"{value:.4g}" for value in means) + f" | {ratio} |")


async def _project(rig: Rig, checkout: Path, backlog: Backlog, *, waiting: bool = False) -> dict[str, float]:
    """Let the projector of a checkout catch up; say what it took from the first commit that was heard to the last."""
    connection = await rig.connect_database()
    waits: Counter[str] = Counter()
    async with listening(rig) as commits:
        rig.start_projector(checkout=checkout)
        await commits.reach(backlog.first)
        looking = asyncio.create_task(_look(rig, waits) if waiting else asyncio.sleep(0))
        begun, before, wal = await reading(rig), _of_kinds(rig), await connection.fetchval(_WAL)
        first, since = commits.seen[-1]
        await commits.reach(backlog.last)
        looking.cancel()
        ended, kinds = await reading(rig), _of_kinds(rig)
        kinds.subtract(before)
        written = await connection.fetchval(_WAL) - wal
    await connection.close()
    memory = peak_memory(rig.projector.pid) / 2**20
    rig.stop_projector()
    usage, (last, until) = ended - begun, commits.seen[-1]
    if last == first:
        return {}
    a_millionth = 1e6 / (last - first)
    return {
        "events/s": (last - first) / (until - since),
        "Python µs": usage.cpu["projector"] * a_millionth,
        "PostgreSQL µs": usage.cpu["postgres"] * a_millionth,
        **{f"- {kind} µs": seconds * a_millionth for kind, seconds in sorted(kinds.items())},
        "bus µs": usage.cpu["nats"] * a_millionth,
        "WAL bytes": float(written) / (last - first),
        "whole machine busy": usage.cpu["whole machine"] / usage.at,
        **{f"stage {name}": seconds / usage.at for name, seconds in usage.stages.items()},
        **{f"{what}, share": n / waits.total() for what, n in sorted(waits.items())},
        "MB": memory,
    }


async def _look(rig: Rig, waits: Counter[str]) -> None:
    """Count what the session that writes was seen at, until it is cancelled: at work, or what it waited for."""
    connection = await rig.connect_database()
    try:
        while True:
            for (wait,) in await connection.fetch(_SEEN):
                waits[wait] += 1
            await asyncio.sleep(0.005)
    finally:
        connection.terminate()


_SEEN: Final = r"""
SELECT CASE WHEN state IN ('active', 'idle in transaction') THEN coalesce('waits for ' || wait_event, 'at work')
    ELSE 'no transaction' END || ': ' || left(btrim(query, E' \\n'), 24)
FROM pg_stat_activity
WHERE application_name LIKE 'tonghop projector%' AND (backend_xid IS NOT NULL OR query LIKE 'COMMIT%')
"""
_WAL: Final = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"


def _of_kinds(rig: Rig) -> Counter[str]:
    """Give the processor seconds of PostgreSQL's processes by their kind; nearly all are the projector's sessions."""
    found: Counter[str] = Counter()
    for process in psutil.Process(rig.postgres.pid).children():
        with suppress(psutil.NoSuchProcess):
            title = " ".join(process.cmdline()).removeprefix("postgres: ")
            kind = title.strip() if title.startswith(_KINDS) else "sessions"
            found[kind] += sum(process.cpu_times()[:2])  # type: ignore[assignment]
    return found


_KINDS: Final = ("checkpointer", "background writer", "walwriter", "autovacuum", "io worker", "logical replication")


async def _total(rig: Rig) -> Counter[str]:
    """Sum the facts that are counted, by measure."""
    connection = await rig.connect_database()
    await enter_the_one_in_force(connection)
    rows = await connection.fetch("SELECT measure, count(*) FROM fact GROUP BY 1")
    await connection.close()
    return Counter({MEASURES[measure - 1]: n for measure, n in rows})


def main() -> None:
    """Measure as asked."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--before", type=Path, help="the folder of another checkout; without it this one alone")
    asked.add_argument("--units", type=int, default=100_000)
    asked.add_argument("--history", type=int, default=100_000, help="facts over twenty years that are there before")
    asked.add_argument("--events", type=int, default=100_000, help="of each round")
    asked.add_argument("--rounds", type=int, default=3, help="of each checkout")
    asked.add_argument(
        "--setting", action="append", default=[], help="NAME=VALUE of PostgreSQL for this checkout alone"
    )
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--old", action="store_true", help="facts on the days of twenty years in place of recent ones")
    asked.add_argument("--waits", action="store_true", help="see what the writing session does, which costs some")
    asked.add_argument("--statements", action="store_true", help="list the costliest of each round")
    asyncio.run(_measure(asked.parse_args()))


if __name__ == "__main__":
    main()
