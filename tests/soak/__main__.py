"""`python -m tests.soak`: everything at once for so many minutes, then the reckoning and a report."""

import argparse
import asyncio
import sys
from pathlib import Path

from tests.soak.reporting import progress, report
from tests.soak.storm import Course, Plan, weather

TELL_EVERY = 30.0
CALM = 0.35
"""Of the time: load without kills, so that the memory of processes that live on can be seen."""


def main() -> int:
    """Run the soak; 0 where everything was right; what was wrong ends it with the logs and a traceback."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0, help="how long (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="what is said and who is killed (%(default)s)")
    parser.add_argument("--cells", type=int, default=1080, help="cells of the hierarchy (%(default)s)")
    parser.add_argument("--report", type=Path, default=Path("data/soak.md"), help="where (%(default)s)")
    given = parser.parse_args()
    seconds = given.minutes * 60
    plan = Plan(
        seed=given.seed,
        cells=given.cells,
        stormy=seconds * (1 - CALM),
        calm=seconds * CALM,
        between_kills=(0.3, 12.0),
        pause=0.5,
    )
    course = asyncio.run(weather(plan, _say, _tell))
    given.report.parent.mkdir(parents=True, exist_ok=True)
    text = report(course, f"python -m tests.soak --minutes {given.minutes:g} --seed {given.seed} --cells {given.cells}")
    given.report.write_text(text)
    print(text)
    return 0


async def _tell(course: Course) -> None:
    while True:
        await asyncio.sleep(TELL_EVERY)
        _say(progress(course))


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
