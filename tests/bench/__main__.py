"""`python -m tests.bench`: take the parameters, measure, print the table and write the JSON."""

import argparse
import asyncio
import dataclasses
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests import servers
from tests.bench.bench import Case, run
from tests.bench.cases import CASES, chosen
from tests.bench.figures import Aim, Figure
from tests.bench.parameters import FULL, QUICK, Parameters
from tests.bench.reporting import environment, in_words, write_json
from tests.bench.rig import BenchError, running

WHOLE: Final = Aim(at_most=900)
"""Seconds of a run of all cases."""


def main() -> int:
    """Run the bench; 0 where it came to its end, whether or not the aims are met, 1 where something was wrong."""
    arguments = _parser().parse_args()
    size = QUICK if arguments.quick else FULL
    given = {f.name: v for f in dataclasses.fields(Parameters) if (v := getattr(arguments, f.name)) is not None}
    try:
        asyncio.run(_measure(dataclasses.replace(size, **given), chosen(arguments.only), arguments.results))
    except BenchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _measure(parameters: Parameters, cases: Sequence[Case], results: Path) -> None:
    started, about = time.perf_counter(), environment()
    with servers.short_folder() as folder:
        async with running(folder) as rig:
            bench = await run(rig, parameters, cases)
    seconds = time.perf_counter() - started
    if set(cases) == set(chosen()):
        bench.found(Figure("this run as a whole", seconds, "s", aim=WHOLE))
    write_json(results, bench, about, seconds)
    print(f"\n{in_words(bench)}\n\n{seconds:.0f} s; everything that was found is in {results}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a reduced size, some two minutes; figures of a small world"
    )
    parser.add_argument("--only", type=_names, default=tuple(CASES), help=f"some cases alone, of {','.join(CASES)}")
    parser.add_argument("--units", type=int, help=f"units of the hierarchy, about ({FULL.units})")
    parser.add_argument("--events", type=int, help=f"facts of each round ({FULL.events})")
    parser.add_argument("--rate", type=int, help=f"facts a second while freshness is measured ({FULL.rate})")
    parser.add_argument("--seconds", type=int, help=f"seconds for which freshness is measured ({FULL.seconds})")
    parser.add_argument("--requests", type=int, help=f"requests of each kind of question ({FULL.requests})")
    parser.add_argument("--moved", type=int, help=f"facts in the subtree that is moved, at the most ({FULL.moved})")
    parser.add_argument("--subtree", type=int, help=f"units of the largest subtree that is moved ({FULL.subtree})")
    parser.add_argument("--declared", type=int, help=f"cells that declare a total ({FULL.declared})")
    parser.add_argument("--rebuild-events", type=int, help=f"facts of the ledger rebuilt ({FULL.rebuild_events})")
    parser.add_argument("--outage", type=int, help=f"facts that wait after an outage ({FULL.outage})")
    parser.add_argument("--seed", type=int, help=f"the same seed makes the same world and facts ({FULL.seed})")
    parser.add_argument("--results", type=Path, default=Path("data/bench.json"), help="the JSON file (%(default)s)")
    return parser


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(CASES):
        raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not among {', '.join(CASES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
