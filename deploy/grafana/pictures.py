"""`python -m deploy.grafana.pictures --prometheus URL`: draw the dashboards with data, to look at them.

Grafana itself draws them better; this shows without it whether a question has an answer, and whether that can be read.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter
from matplotlib.patches import Rectangle
from PIL import Image

from deploy.grafana.panels import BARS, BOARDS, LIST, STAT, STATES, Board, Panel

OUT: Final = Path(__file__).parent / "pictures"
COLUMNS: Final = 24
RATE: Final = "1m"
"""What stands for Grafana's `$__rate_interval`, unless told otherwise."""
COLOURS: Final = {"green": "#2e7d32", "red": "#c62828", "orange": "#ef6c00", "blue": "#1565c0"}
LONGEST: Final = 40
MOST_NAMED: Final = 8
"""Series for whose names there is room below a panel."""
WIDE, TALL, TITLE, HEADING, LEGEND = 16.0, 2.9, 0.6, 0.45, 0.85
"""Inches: the picture, a panel, the title, a row's heading, and what is below a panel's axes."""
SECONDS_SHOWN: Final = 5.0
"""Seconds between two points below which a time is told to the second."""
DIVISIONS: Final = {
    "bytes": ((2**30, "GB"), (2**20, "MB"), (2**10, "kB")),
    "short": ((1e6, "M"), (1e3, "k")),
    "s": ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms")),
}


class Prometheus:
    """Who is asked, and for which time."""

    def __init__(self, url: str, minutes: float, rate: str) -> None:
        self._url, self._rate = url.rstrip("/"), rate
        self.end = time.time()
        self.start = self.end - minutes * 60
        self.step = max(1.0, minutes * 60 / 240)

    def over(self, query: str) -> list[Any]:
        """Ask for the whole time."""
        return self._ask("query_range", query, start=self.start, end=self.end, step=self.step)

    def now(self, query: str) -> list[Any]:
        """Ask for its end."""
        return self._ask("query", query, time=self.end)

    def _ask(self, what: str, query: str, **more: float) -> list[Any]:
        asked = urllib.parse.urlencode({"query": query.replace("$__rate_interval", self._rate), **more})
        with urllib.request.urlopen(f"{self._url}/api/v1/{what}?{asked}", timeout=30) as answer:  # noqa: S310 - given
            return list(json.load(answer)["data"]["result"])


def drawn(board: Board, prometheus: Prometheus) -> tuple[Image.Image, list[str]]:
    """Draw a dashboard; also name its panels for which there is nothing."""
    lines = [_in_lines(row.panels) for row in board.rows]
    tall = TITLE + sum(HEADING + len(row) * TALL for row in lines)
    figure = plt.figure(figsize=(WIDE, tall))
    figure.text(0.01, 1 - 0.3 / tall, board.title, fontsize=15, fontweight="bold")
    empty, at = [], TITLE
    for row, panels in zip(board.rows, lines, strict=True):
        at += HEADING
        figure.text(0.01, 1 - (at - 0.1) / tall, row.title, fontsize=12, fontweight="bold", color="#37474f")
        for line in panels:
            column = 0
            for panel in line:
                inside = (column / COLUMNS + 0.04, 1 - (at + TALL - LEGEND) / tall)
                axes = figure.add_axes((*inside, panel.width / COLUMNS - 0.055, (TALL - LEGEND - 0.3) / tall))
                column += panel.width
                if not _draw(axes, panel, prometheus):
                    empty.append(panel.title)
                    axes.text(0.5, 0.5, "không có / none", ha="center", color="#90a4ae", transform=axes.transAxes)
                    axes.set_xticks([])
                    axes.set_yticks([])
            at += TALL
    written = io.BytesIO()
    figure.savefig(written, dpi=75)
    plt.close(figure)
    return Image.open(written).convert("RGB"), empty


def _in_lines(panels: tuple[Panel, ...]) -> list[list[Panel]]:
    found: list[list[Panel]] = [[]]
    for panel in panels:
        if sum(each.width for each in found[-1]) + panel.width > COLUMNS:
            found.append([])
        found[-1].append(panel)
    return found


def _draw(axes: Axes, panel: Panel, prometheus: Prometheus) -> bool:
    axes.set_title(panel.title, fontsize=9, loc="left")
    axes.tick_params(labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if panel.kind in {STAT, LIST}:
        rows = [
            (_called(row, query.legend), float(row["value"][1]))
            for query in panel.queries
            for row in prometheus.now(query.expr)
        ]
        if rows:
            (_numbers if panel.kind == STAT else _bars)(axes, panel, rows)
        return bool(rows)
    series = [
        (_called(row, query.legend), [(float(when), float(value)) for when, value in row["values"]])
        for query in panel.queries
        for row in prometheus.over(query.expr)
    ]
    if (
        len(series) > MOST_NAMED
    ):  # counters whose labels are known are there from the beginning: of many, those that count
        series = [each for each in series if any(value for _, value in each[1])] or series[:MOST_NAMED]
    if not series:
        return False
    axes.set_xlim(prometheus.start / 86_400, prometheus.end / 86_400)
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M" if prometheus.step > SECONDS_SHOWN else "%H:%M:%S"))
    if panel.kind == STATES:
        _states(axes, panel, series, prometheus.step)
        return True
    axes.yaxis.set_major_formatter(lambda value, _: _written(value, panel.unit))
    axes.grid(axis="y", color="#eceff1")
    axes.set_axisbelow(True)
    if panel.kind == BARS:
        times = sorted({when for _, points in series for when, _ in points})
        stacks = [[dict(points).get(when, 0.0) for when in times] for _, points in series]
        axes.stackplot([when / 86_400 for when in times], *stacks, labels=[name for name, _ in series], alpha=0.8)
    else:
        for name, points in series:
            axes.plot([when / 86_400 for when, _ in points], [value for _, value in points], label=name, linewidth=1.4)
    top = max((value for _, points in series for _, value in points if value == value), default=0.0)  # noqa: PLR0124 - NaN
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]) if panel.kind != BARS else 0, top=None if top else 1)
    if panel.bad is not None and top > panel.bad / 4:
        axes.axhline(panel.bad, color=COLOURS["red"], linestyle="--", linewidth=1)
    _legend(axes, 2, *axes.get_legend_handles_labels())
    return True


def _states(axes: Axes, panel: Panel, series: list[tuple[str, list[tuple[float, float]]]], step: float) -> None:
    words = {float(value): (text, COLOURS[colour]) for value, text, colour in panel.words}
    for number, (_, points) in enumerate(series):
        for when, value in points:
            axes.add_patch(
                Rectangle((when / 86_400, number + 0.15), step / 86_400, 0.7, color=words[value][1], linewidth=0)
            )
    axes.set_ylim(len(series), 0)
    axes.set_yticks([])
    for number, (name, _) in enumerate(series):
        place = axes.get_yaxis_transform()
        axes.text(0.01, number + 0.5, name, fontsize=8, color="white", va="center", transform=place)
    shown = {value for _, points in series for _, value in points}
    handles = [Rectangle((0, 0), 1, 1, color=colour) for value, (_, colour) in words.items() if value in shown]
    texts = [text for value, (text, _) in words.items() if value in shown]
    _legend(axes, 3, handles, texts)


def _legend(axes: Axes, columns: int, handles: Sequence[Artist], texts: Sequence[str]) -> None:
    """Say below a panel what is what."""
    axes.legend(
        handles,
        texts,
        fontsize=6.5,
        ncols=columns,
        frameon=False,
        loc="upper left",
        bbox_to_anchor=(0, -0.12),
        borderaxespad=0,
        labelspacing=0.2,
        handlelength=1.2,
    )


def _numbers(axes: Axes, panel: Panel, rows: list[tuple[str, float]]) -> None:
    axes.axis("off")
    for number, (name, value) in enumerate(sorted(rows)):
        good = panel.bad is None or (value >= panel.bad if panel.good_above else value < panel.bad)
        colour = COLOURS["green" if good else "red"]
        if good and panel.warn is not None and value < panel.warn:
            colour = COLOURS["orange"]
        left = number / len(rows)
        axes.add_patch(
            Rectangle((left + 0.01, 0.05), 1 / len(rows) - 0.02, 0.85, color=colour, transform=axes.transAxes)
        )
        place = left + 0.5 / len(rows)
        axes.text(
            place, 0.5, _written(value, panel.unit), fontsize=14, color="white", ha="center", transform=axes.transAxes
        )
        axes.text(place, 0.2, name, fontsize=8, color="white", ha="center", transform=axes.transAxes)


def _bars(axes: Axes, panel: Panel, rows: list[tuple[str, float]]) -> None:
    rows = sorted(rows, key=lambda row: row[1])[-10:]
    names, values = [name for name, _ in rows], [value for _, value in rows]
    bad = panel.bad if panel.bad is not None else float("inf")
    colours = [COLOURS["red" if value >= bad else "blue"] for value in values]
    axes.barh(range(len(values)), values, color=colours, height=0.6)
    top = max([*values, 1e-9])
    axes.set_xlim(-1.8 * top, top * 1.4)
    axes.set_ylim(len(values) - max(len(values), 6) - 0.6, len(values) - 0.4)
    axes.axis("off")
    for number, (name, value) in enumerate(zip(names, values, strict=True)):
        axes.text(-1.8 * top, number, name, va="center", fontsize=8)
        axes.text(value, number, f" {_written(value, panel.unit)}", va="center", fontsize=8)


def _called(row: Any, legend: str) -> str:
    text = re.sub(r"\{\{(\w+)\}\}", lambda found: row["metric"].get(found[1], ""), legend)
    return text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"


def _written(value: float, unit: str) -> str:
    if unit == "percentunit":
        return f"{value * 100:,.0f} %" if abs(value) >= 1 else f"{value * 100:.3g} %"
    for size, name in DIVISIONS.get(unit, ()):
        if abs(value) >= size:
            return f"{value / size:.3g} {name}"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004
    return text + (" s" if unit == "s" and value else "")


def main() -> int:
    """Draw all dashboards; ends with 1 where a panel has nothing to show that is not named by `--may-be-empty`."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana.pictures", description=__doc__)
    parser.add_argument("--prometheus", required=True, metavar="URL")
    parser.add_argument("--minutes", type=float, default=180.0, help="how much of the past (%(default)g)")
    parser.add_argument("--rate", default=RATE, help="in the place of $__rate_interval (%(default)s)")
    parser.add_argument("--out", type=Path, default=OUT, help="where to (%(default)s)")
    parser.add_argument("--form", choices=("webp", "png"), default="webp")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    mpl.rcParams["font.family"] = "DejaVu Sans"
    prometheus = Prometheus(given.prometheus, given.minutes, given.rate)
    for board in BOARDS:
        picture, empty = drawn(board, prometheus)
        file = given.out / f"{board.uid}.{given.form}"
        picture.save(file, quality=80)
        sys.stdout.write(f"{file.name}: {picture.width} x {picture.height}, {file.stat().st_size >> 10} KB")
        sys.stdout.write(f"; nothing in: {', '.join(empty)}\n" if empty else "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
