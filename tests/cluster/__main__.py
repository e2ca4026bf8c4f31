"""`python -m tests.cluster`: every fault on a cluster of loopback, and the table of what each of them cost."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from tests.cluster.course import Plan, course
from tests.cluster.plan import chosen
from tests.cluster.reporting import put, report

PAGE = Path("docs/cluster-faults.md")


def main() -> int:
    """Run the faults; 0 where nothing was wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1200.0, help="how long at most, with the end (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what is said and who is hit (%(default)s)")
    parser.add_argument("--only", default="", help="which faults: names or patterns, with commas between them")
    parser.add_argument("--report", type=Path, default=None, help=f"the page to write ({PAGE} where all are run)")
    parser.add_argument("--list", action="store_true", help="name the faults and run none")
    given = parser.parse_args()
    try:
        faults = chosen(given.only)
    except ValueError as error:
        parser.error(str(error))
    if given.list:
        print(*(fault.name for fault in faults), sep="\n")
        return 0
    only = f" --only '{given.only}'" if given.only else ""
    command = f"python -m tests.cluster --seconds {given.seconds:g} --seed {given.seed}{only}"
    found = asyncio.run(course(Plan(given.seed, faults, given.seconds, command), _say))
    text = report(found)
    page = given.report or (None if given.only else PAGE)
    if page is not None:
        put(page, text)
    print(text)
    return 1 if found.failed else 0


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
