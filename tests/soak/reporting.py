"""What a soak has seen, in words: a line of progress while it goes on, and a report in Markdown at its end."""

from __future__ import annotations

import datetime as dt
import platform
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version

import psutil

from tests.fault.cluster import PARTS
from tests.soak.freezing import PATIENCE
from tests.soak.measuring import Sample
from tests.soak.storm import Course


def progress(course: Course) -> str:
    """Say in one line how far it has come."""
    position = max((asker.position for asker in course.askers), default=0)
    done = sum(n for (_, how), n in course.operated.items() if how == "done")
    return (
        f"{time.monotonic() - course.began:6.0f} s  position {position:,}  kills {sum(course.kills.values())}  "
        f"reorganisations {course.reorganisations}  commands {done} done, {sum(course.operated.values()) - done} not  "
        f"takeovers {len(course.takeovers)}  hostile {sum(course.hostile_sent.values()):,} sent, "
        f"{sum(course.hostile_asked.values()):,} asked  "
        f"answers {sum(asker.answers + asker.unchanged for asker in course.askers):,}"
    )


def report(course: Course, command: str) -> str:
    """Write the report; what it tells of was right, or it would not be written."""
    askers, load = course.askers, course.calm_at + course.plan.calm
    about = (
        ("Seed", course.plan.seed),
        ("Load", f"{load / 60:.1f} minutes, the last {course.plan.calm / 60:.1f} of them without kills"),
        ("With the reckoning", f"{course.seconds / 60:.1f} minutes"),
        ("Messages in the log", f"{course.messages:,} ({course.acknowledged:,} acknowledgements)"),
        ("Outcomes", ", ".join(f"{name} {n:,}" for name, n in sorted(course.outcomes.items()))),
        ("Units at the end", f"{course.units:,}"),
        ("Reorganisations", course.reorganisations),
        ("SIGKILLs", ", ".join(f"{part} {n}" for part, n in sorted(course.kills.items()))),
        ("Takeovers from a frozen leader", _takeovers(course.takeovers)),
        ("Generation at the end", course.generation),
        ("Answers checked", f"{sum(a.answers for a in askers):,}, and {sum(a.unchanged for a in askers):,} times 304"),
        (
            "Not answered",
            f"{sum(a.unanswered for a in askers):,} (nobody there), {sum(a.refused for a in askers):,} (404, 503)",
        ),
        ("Duplicates that were one's own", f"{course.own_duplicates:,}"),
        ("Duplicates that were not, or not surely: sent again", f"{course.claimed:,}"),
        ("Totals of the root held to the oracle at their position", f"{course.totals:,}"),
        ("Counters held to the oracle", f"{course.counters:,}"),
        ("Reports held to the oracle at the end", f"{course.reports:,}"),
    )
    lines = [
        f"`{command}`",
        "",
        circumstances(),
        "Nothing was lost, nothing counted twice, no answer was wrong.",
        "",
        *table(("", ""), about),
        "",
        *table(("command", "how it ended", "times"), ((*key, n) for key, n in sorted(course.operated.items()))),
        "",
        f"The hostile unit; {sum(course.hostile_fates.values()):,} of its messages are in the log, all under its name:",
        "",
        *table(("what it tried", "sent", "what the bus answered", "in the log"), _hostile(course)),
        "",
        "The hostile reader, from an address of its own; nothing was answered with 500:",
        "",
        *table(("what it tried", "how it was answered"), _asked(course.hostile_asked)),
        "",
        "Memory in MB of the process of each part that lived longest, with those that it started (PSS):",
        "",
        *table(
            ("part", "its life, minutes", "at its start", "after a tenth", "at its end", "most of any"),
            (_memory(course, part) for part in PARTS),
        ),
    ]
    return "\n".join(lines) + "\n"


def _takeovers(seconds: Sequence[float]) -> str:
    return f"{len(seconds)}, after {min(seconds):.1f} to {max(seconds):.1f} s (patience {PATIENCE} s)"


def _hostile(course: Course) -> Iterable[Sequence[object]]:
    for tried, n in sorted(course.hostile_sent.items()):
        told = Counter({answer: times for (of, answer), times in course.hostile_told.items() if of == tried})
        stands = Counter({fate.outcome: times for fate, times in course.hostile_fates.items() if fate.tried == tried})
        yield tried, f"{n:,}", _in_words(told), _in_words(stands)


def _asked(answers: Counter[tuple[str, str]]) -> Iterable[Sequence[object]]:
    for tried in sorted({tried for tried, _ in answers}):
        yield tried, _in_words(Counter({status: n for (of, status), n in answers.items() if of == tried}))


def _in_words(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items())) or "–"


def circumstances() -> str:
    """Say when, on which machine and with which versions this is run."""
    machine = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GB, {platform.system()}"
    versions = f"Python {platform.python_version()}, tonghop {version('tonghop')}"
    return f"{dt.datetime.now(dt.UTC):%Y-%m-%d}; {machine}, {versions}."


def _memory(course: Course, part: str) -> Sequence[object]:
    assert course.memory is not None
    life = course.memory.longest_life(part)
    most = max(sample.megabytes for sample in course.memory.samples if sample.part == part)
    minutes = (life[-1].seconds - life[0].seconds) / 60
    return part, f"{minutes:.1f}", *(f"{_at(life, share):.0f}" for share in (0.0, 0.1, 1.0)), f"{most:.0f}"


def _at(life: Sequence[Sample], share: float) -> float:
    """Give the megabytes at a share of the life, the middle one of three samples there."""
    at = min(max(1, int(share * len(life))), max(1, len(life) - 2))
    near = sorted(sample.megabytes for sample in life[at - 1 : at + 2])
    return near[len(near) // 2]


def table(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Write a table of Markdown."""
    lines = [f"| {' | '.join(heading)} |", f"|{'---|' * len(heading)}"]
    return lines + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
