"""What a run has seen, as a table in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from tests.soak.reporting import circumstances, table

BEGIN: Final = "<!-- made: cluster -->"
END: Final = "<!-- end -->"
OUGHT_TO_BE_NONE: Final = ("lost", "doubled", "went back", "and said so", "wrong sums")


class Suffered(NamedTuple):
    """What a fault did: seconds without counting and without answers, and until all stood again, from its beginning.

    ``back``: answers older than the reader's last; ``told``: such ones that say themselves that they are behind.
    """

    fault: str
    machines: tuple[str, ...]
    counting: float
    answers: float
    whole: float
    lost: int
    doubled: int
    back: int
    told: int
    sums: int

    @property
    def wrong(self) -> bool:
        """Whether anything was wrong that must not be."""
        return bool(self.lost or self.doubled or self.back or self.sums)


class Course(NamedTuple):
    """A whole run. ``at_last``: what was held to the oracle in the end; ``failed``: what was not right."""

    command: str
    seconds: float
    suffered: list[Suffered]
    left_out: list[str]
    about: list[tuple[str, object]]
    at_last: list[tuple[str, object]]
    failed: list[str]


def line(one: Suffered) -> str:
    """Say in one line what a fault did."""
    return (
        f"{one.fault:28} {' '.join(one.machines) or '–':32} "
        f"counting {one.counting:5.1f} s  answers {one.answers:5.1f} s  "
        f"whole {one.whole:5.1f} s  lost {one.lost}  doubled {one.doubled}  back {one.back}+{one.told}  sums {one.sums}"
    )


def report(course: Course) -> str:
    """Write the table and what the run was."""
    rows = [
        (
            f"`{one.fault}`",
            ", ".join(one.machines) or "–",
            f"{one.counting:.1f}",
            f"{one.answers:.1f}",
            f"{one.whole:.0f}",
            one.lost,
            one.doubled,
            one.back,
            one.told,
            one.sums,
        )
        for one in course.suffered
    ]
    heads = ("fault", "machines", "no counting, s", "no answers, s", "whole after, s", *OUGHT_TO_BE_NONE)
    lines = [
        f"`{course.command}`",
        "",
        f"{circumstances()} It took {course.seconds / 60:.1f} minutes. "
        + ("Nothing was wrong." if not course.failed else f"**{len(course.failed)} wrong.**"),
        "",
        *table(heads, rows),
        "",
        *table(("", ""), [*course.about, *course.at_last]),
    ]
    if course.left_out:
        lines += ["", f"Not run: {', '.join(course.left_out)}."]
    if course.failed:
        lines += ["", *(f"- {' '.join(failed.split())[:600]}" for failed in course.failed)]
    return "\n".join(lines) + "\n"


def put(page: Path, text: str) -> None:
    """Put it between the marks of a page, or write a new one with nothing else."""
    made = f"{BEGIN}\n{text}{END}\n"
    if page.exists():
        before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2].removeprefix("\n")
        made = before + made + after
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(made, encoding="utf-8")
